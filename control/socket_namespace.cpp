#include "control/socket_namespace.h"

#include <cerrno>
#include <string>

#include "control/instance_plan.h"

namespace wgns {

namespace {

Result<SocketNamespace> named_or(const Config& config, Result<Namespace> otherwise) {
    if (config.socket_namespace.empty()) {
        if (!otherwise) return otherwise.error();
        return SocketNamespace{*std::move(otherwise), true};
    }
    auto ns = Namespace::named(config.socket_namespace);
    if (!ns && ns.error().code == ENOENT)
        ns.error().hint = "make it first, or take SocketNamespace out";
    if (!ns) return ns.error();
    return SocketNamespace{*std::move(ns), false};
}

}  // namespace

Result<SocketNamespace> socket_namespace(const Config& config) {
    return named_or(config, Namespace::current());
}

Result<SocketNamespace> socket_namespace(const Config& config, const ProcessId& supervisor) {
    return named_or(config, Namespace::open("/proc/" + std::to_string(supervisor.pid) + "/ns/net"));
}

std::uint32_t mtu_seen_from(const Namespace& ns, const Config& config) {
    const auto mtu = ns.run([&] { return Result<std::uint32_t>(interface_mtu(config)); });
    return mtu ? *mtu : tunnel_mtu({});
}

}  // namespace wgns
