// The running device as UAPI means it: what the worker holds, and the port and mark of the sockets,
// of which the protocol knows nothing. Control thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "control/data_plane.h"
#include "control/udp_sockets.h"
#include "protocol/device_change.h"
#include "protocol/device_snapshot.h"

namespace wgns {

// What may take a privilege that the process does not have.
struct SocketCalls {
    std::function<Result<UdpGroup>(unsigned count, std::uint16_t port, std::uint32_t fwmark)> open =
        open_udp_group;
    std::function<Status(const UdpGroup& group, std::uint32_t fwmark)> mark = set_mark;
};

class LiveDevice {
public:
    // Later, on the control thread; nothing: the worker is too busy.
    using GetDone = std::function<void(std::optional<DeviceSnapshot>)>;
    using SetDone = std::function<void(int error)>;  // errno, 0: applied

    struct Sockets {
        UdpGroup copies;  // of those that the worker works with
        std::uint32_t fwmark = 0;
        bool port_was_asked_for = false;  // else it is one of the kernel's choice
    };
    // The context and the worker outlive the device, and the context runs no more once the device
    // is gone.
    LiveDevice(boost::asio::io_context& context, DataPlane& data_plane, Sockets sockets,
               SocketCalls calls = {});

    void get(GetDone done);
    // One change after the other, in the order of the calls. The mark and the port go first, and
    // when they fail (EADDRINUSE, whatever the cause, as wireguard-go has it) nothing else of the
    // change is applied. Port 0 is one of the kernel's choice, and it stays if it is one already.
    void set(DeviceChange change, SetDone done);

    [[nodiscard]] std::uint16_t listen_port() const noexcept { return listen_port_; }
    [[nodiscard]] const UdpGroup& sockets() const noexcept { return sockets_; }
    [[nodiscard]] DataPlane& data_plane() noexcept { return data_plane_; }

private:
    struct Pending {
        DeviceChange change;
        SetDone done;
    };

    void start();
    [[nodiscard]] bool needs_other_port(const DeviceChange& change) const noexcept;
    void replace_sockets(std::uint16_t port, std::uint32_t fwmark);
    void mark_sockets(std::uint32_t fwmark);
    void apply_rest();
    void finish(int error);
    // A callback for the worker that calls `then` on the control thread.
    [[nodiscard]] std::function<void(int)> back_here(std::function<void(int)> then);

    boost::asio::io_context& context_;
    DataPlane& data_plane_;
    UdpGroup sockets_;
    SocketCalls calls_;
    std::uint16_t listen_port_;
    bool port_was_asked_for_;
    std::uint32_t fwmark_;
    std::deque<Pending> pending_;  // the first one is under way
};

}  // namespace wgns
