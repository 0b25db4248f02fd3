// Any bytes as a configuration file: it is refused in one line, or what it says is within bounds.
#include "control/config.h"

#include <set>
#include <string>

#include "base/assert.h"

namespace {

using wgns::Config;
using wgns::IpPrefix;

void check_line(const std::string& line) {
    WG_ASSERT(!line.empty() && line.find('\n') == std::string::npos);
}

void check(const Config& config) {
    std::set<wgns::PublicKey> keys;
    for (const wgns::PeerConfig& peer : config.peers) {
        WG_ASSERT(keys.insert(peer.public_key).second);
        WG_ASSERT(!peer.endpoint || (peer.endpoint->port != 0 && !peer.endpoint->host.empty()));
        for (const IpPrefix& prefix : peer.allowed_ips)
            WG_ASSERT(prefix.length <= prefix.address.bits());
    }
    for (const IpPrefix& prefix : config.addresses)
        WG_ASSERT(prefix.length <= prefix.address.bits());
    WG_ASSERT(!config.mtu || (*config.mtu >= 576 && *config.mtu <= 65'535));
    WG_ASSERT(config.interface_name.size() <= 15);
    for (const wgns::PortRange& range : config.allow_from_tunnel)
        WG_ASSERT(range.first <= range.last);
    for (const std::string& warning : config.warnings)
        check_line(warning);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    const auto config = wgns::parse_config(text, "/etc/wgns-user/home.conf");
    if (config)
        check(*config);
    else
        check_line(describe(config.error()));
    return 0;
}
