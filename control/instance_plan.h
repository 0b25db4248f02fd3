// What a configuration means for an instance: values, before anything is made.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "control/config.h"
#include "control/daemon_setup.h"
#include "control/failure.h"
#include "netns/addressing.h"
#include "netns/dns_files.h"
#include "netns/firewall_rules.h"
#include "netns/user_rules.h"

namespace wgns {

// The file that `up`'s argument means: a path when it holds a '/' or ends in ".conf", otherwise the
// name of an instance in /etc/wgns-user.
[[nodiscard]] std::filesystem::path config_path(const std::string& argument);

// As load_config; a Failure of bad configuration where it cannot.
[[nodiscard]] Result<Config, Failure> read_config(const std::filesystem::path& file,
                                                  const std::string& instance = "",
                                                  MissingKey missing = MissingKey::is_an_error);

// Everything the daemon needs to know, keys included.
[[nodiscard]] DaemonSetup daemon_setup(const Config& config, std::uint32_t mtu,
                                       const DataPlaneWords& data_plane);

// The destinations that lead into the tunnel: allowed IPs, masked, sorted, each once. Empty where
// the configuration wants none.
[[nodiscard]] std::vector<IpPrefix> tunnel_routes(const Config& config);

// The same as the tunnel's interface gets them: in their table, and none of IPv6 where that is off.
[[nodiscard]] std::vector<Route> interface_routes(const Config& config);

// On a host without IPv6, addresses of IPv6 are left out; a line for people says so. Nothing where
// there are none.
[[nodiscard]] std::optional<std::string> leave_out_ipv6(Config& config);
// Whether this host has it at all.
[[nodiscard]] bool host_has_ipv6() noexcept;

// Whether the instance has an address of IPv6.
[[nodiscard]] bool has_ipv6(const Config& config);

// A file below /proc/sys, and what it is made to say inside.
struct KernelSetting {
    std::string name;
    std::string value;
    bool is_needed = false;  // else the instance does its work without
};
// Before any link is up. Everybody inside may ping, and IPv6 stays off unless it is asked for, so
// that programs do not try it in vain.
// `groups`: who may ping; all of them, unless the caller's user namespace knows fewer.
inline constexpr const char* all_groups = "0 2147483647";
[[nodiscard]] std::vector<KernelSetting> kernel_settings(const Config& config,
                                                         const std::string& groups = all_groups);
// Those of them that switch IPv6.
[[nodiscard]] std::vector<KernelSetting> ipv6_settings(bool is_on);

// The firewall that is asked for, our rules and the user's; and the files for names.
[[nodiscard]] FirewallPlan firewall_plan(const Config& config);
[[nodiscard]] UserRules user_rules(const Config& config);
[[nodiscard]] DnsFiles dns_files(const Config& config);

// A line for people about whom programs inside ask for names when the configuration does not say
// it. `own_files` is where the user may have put a resolv.conf for the namespace.
[[nodiscard]] std::optional<std::string> dns_warning(
    const Config& config, const std::filesystem::path& own_files = netns_files_folder);

// What is left of the smallest MTU on the way to the peers, behind the outer headers; without one,
// what wg-quick(8) takes. Never less than IPv6 needs (RFC 8200, section 5).
[[nodiscard]] std::uint32_t tunnel_mtu(const std::vector<std::uint32_t>& route_mtus) noexcept;

// The MTU that is configured, or the one that the routes to the peers' addresses leave. Asks the
// kernel, in the calling thread's network namespace.
[[nodiscard]] std::uint32_t interface_mtu(const Config& config);

// Everything that `up` says of the configuration before it begins, a line for people each.
[[nodiscard]] std::vector<std::string> warnings_of(const Config& config);

// Logs them, and leaves out what this host cannot do.
void tell_warnings(Config& config);

// Tells two configurations apart without keeping either: a hash of the texts of its files, of which
// an empty path is none, of the keys and of the MTU.
[[nodiscard]] std::string fingerprint(const std::vector<std::filesystem::path>& files,
                                      const DaemonSetup& setup);

}  // namespace wgns
