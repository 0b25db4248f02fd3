// `wgns-user IFACE`: a WireGuard interface here, to be configured over UAPI, as wireguard-go makes
// one. One process: a control thread (the main one, Boost.Asio) and a worker thread.
#pragma once

#include <string>

#include "control/data_plane.h"
#include "control/failure.h"

namespace wgns {

struct InterfaceRequest {
    std::string interface;
    bool foreground = false;
    DataPlaneWords data_plane;
    // What wireguard-go takes from the environment; empty when absent.
    std::string log_level;        // LOG_LEVEL: verbose or debug, error, silent
    std::string tun_descriptor;   // WG_TUN_FD: a TUN that is there already
    std::string uapi_descriptor;  // WG_UAPI_FD: a listening socket that is there already
};

// Makes the interface and serves it until SIGINT or SIGTERM, or until the interface or the UAPI
// socket is taken away. In the foreground that is when it returns; else once the interface is
// ready. A failure leaves nothing behind. Call it from a program of one thread.
[[nodiscard]] Result<Done, Failure> serve_interface(const InterfaceRequest& request);

}  // namespace wgns
