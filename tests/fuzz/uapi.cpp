// Any bytes as what a UAPI client sends: however they are cut into pieces the same requests come
// of them, and a change that is printed is read as itself.
#include "control/uapi.h"

#include <string>
#include <vector>

#include "base/assert.h"
#include "tests/control/uapi_pieces.h"

namespace {

using wgns::read_all;
using wgns::UapiRequest;

std::string shown(const UapiRequest& request) {
    const std::string kind = std::to_string(request.index());
    if (const auto* const error = std::get_if<wgns::UapiError>(&request))
        return kind + wgns::print_set_reply(error->errno_value);
    const auto* const set = std::get_if<wgns::UapiSet>(&request);
    return set ? kind + wgns::print_set(set->change) + wgns::print_set_reply(set->errno_value)
               : kind;
}

std::vector<std::string> shown(const std::vector<UapiRequest>& requests) {
    std::vector<std::string> all;
    for (const UapiRequest& request : requests)
        all.push_back(shown(request));
    return all;
}

void check_printed(const UapiRequest& request) {
    const auto* const set = std::get_if<wgns::UapiSet>(&request);
    if (!set) return;
    const std::string printed = wgns::print_set(set->change);
    const auto again = read_all(printed);
    WG_ASSERT(again.size() == 1);
    const auto* const same = std::get_if<wgns::UapiSet>(&again[0]);
    WG_ASSERT(same && same->errno_value == 0);
    WG_ASSERT(wgns::print_set(same->change) == printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string text(data + 1, data + size);
    const auto whole = read_all(text);
    WG_ASSERT(shown(whole) == shown(read_all(text, data[0] % 64u + 1u)));
    for (const UapiRequest& request : whole)
        check_printed(request);
    return 0;
}
