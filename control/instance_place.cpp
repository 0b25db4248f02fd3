#include "control/instance_place.h"

#include <cerrno>
#include <variant>

#include "control/network.h"
#include "netns/dns_files.h"
#include "netns/journal.h"

namespace wgns {

Result<Place> place_in(const StateDir& state) {
    const auto netns = state.read(StateDir::namespace_name);
    if (!netns) return Error{ENOENT, "enter", state.name(), "it is not up"};
    const auto made = read_journal(state.journal().string());
    if (!made) return made.error();
    Place place{
        namespace_path(*netns), state.name(), {std::string(netns_files_folder) + "/" + *netns, {}}};
    for (const Made& each : *made)
        if (const auto* file = std::get_if<MadeFile>(&each))
            place.view.required.push_back(file->path);
    return place;
}

}  // namespace wgns
