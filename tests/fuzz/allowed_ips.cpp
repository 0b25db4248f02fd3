// Any bytes as changes of a table of allowed IPs and questions to it: the answers are those of a
// list that is searched from end to end.
#include "protocol/allowed_ips.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/assert.h"
#include "reader.h"
#include "tests/protocol/allowed_ips_model.h"

namespace {

using wgns::AllowedIps;
using wgns::AllowedIpsModel;
using wgns::IpAddress;
using wgns::IpPrefix;
using wgns::Peer;

// Peers are names to the table, which never looks into them.
alignas(std::max_align_t) std::array<std::uint8_t, 8> names;
Peer* peer_of(std::uint8_t number) {
    return reinterpret_cast<Peer*>(&names[number % names.size()]);
}

// Few bits differ, so that prefixes lie in each other.
IpAddress address(wgns::fuzz::Reader& reader, bool v6) {
    std::array<std::uint8_t, 16> bytes{0x20, 0x01};
    if (!v6) bytes = {10};
    const std::uint8_t shape = reader.byte();
    if (shape == 255) {
        const auto raw = reader.take(v6 ? 16 : 4);
        std::copy(raw.begin(), raw.end(), bytes.begin());
    } else {
        bytes[shape % (v6 ? 16u : 4u)] ^= reader.byte();
        bytes[v6 ? 15u : 3u] ^= reader.byte();
    }
    const std::span<const std::uint8_t, 16> all = bytes;
    return v6 ? IpAddress::v6(all) : IpAddress::v4(all.first<4>());
}

IpPrefix prefix(wgns::fuzz::Reader& reader, bool v6) {
    IpPrefix made{address(reader, v6), 0};
    made.length = static_cast<std::uint8_t>(reader.byte() % (made.address.bits() + 1));
    return made;
}

void check_lists(const AllowedIps& table, const AllowedIpsModel& model) {
    for (std::uint8_t number = 0; number < names.size(); ++number) {
        std::set<IpPrefix> listed;
        table.for_each(peer_of(number), [&](const IpPrefix& one) { listed.insert(one); });
        WG_ASSERT(listed == model.owned_by(peer_of(number)));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wgns::fuzz::Reader reader({data, std::min(size, std::size_t{2048})});
    AllowedIps table;
    AllowedIpsModel model;
    while (!reader.done()) {
        const std::uint8_t verb = reader.byte();
        const bool v6 = (verb & 1) != 0;
        Peer* const peer = peer_of(static_cast<std::uint8_t>(verb >> 1));
        switch (verb >> 4) {
            case 0:
                table.remove_all(peer);
                model.remove_all(peer);
                break;
            case 1:
            case 2:
            case 3: {
                const IpPrefix taken = prefix(reader, v6);
                WG_ASSERT(table.remove(taken, peer) == model.remove(taken, peer));
                break;
            }
            case 4:
            case 5:
            case 6:
            case 7: {
                const IpAddress asked = address(reader, v6);
                WG_ASSERT(table.find(asked) == model.find(asked));
                break;
            }
            default: {
                const IpPrefix given = prefix(reader, v6);
                table.insert(given, peer);
                model.insert(given, peer);
                WG_ASSERT(table.find(given.address) == model.find(given.address));
                break;
            }
        }
    }
    check_lists(table, model);
    return 0;
}
