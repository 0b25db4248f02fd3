// Descriptors on their way to a daemon, each under a name.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace wgns {

namespace descriptor_name {
inline constexpr const char* tun = "tun";    // of each worker
inline constexpr const char* udp4 = "udp4";  // of each worker; may be missing
inline constexpr const char* udp6 = "udp6";  // of each worker; may be missing
// Listeners; of an instance that nobody finds by a name they are missing.
inline constexpr const char* control = "control";
inline constexpr const char* uapi = "uapi";
inline constexpr const char* metrics = "metrics";
inline constexpr const char* setup = "setup";
inline constexpr const char* netns = "netns";                // the namespace that the TUN is in
inline constexpr const char* publish = "publish";            // a listener; see publish_descriptor
inline constexpr const char* metrics_port = "metrics_port";  // a listener; may be missing
// The network namespace of the UDP sockets, if it is another than the daemon's; may be missing.
inline constexpr const char* socket_namespace = "socket_namespace";
}  // namespace descriptor_name
// "tun.0": what worker 0 has of this name.
[[nodiscard]] std::string numbered_descriptor(const char* name, std::size_t number);
// "publish 127.0.0.1:8080": the listener at this endpoint of the host.
[[nodiscard]] std::string publish_descriptor(const std::string& host);

// What has this name, and no longer has it afterwards; invalid where nothing has.
[[nodiscard]] UniqueFd take_descriptor(std::map<std::string, UniqueFd>& descriptors,
                                       const std::string& name);
// That it was to be there, and is not.
[[nodiscard]] Error missing_descriptor(const char* name);

}  // namespace wgns
