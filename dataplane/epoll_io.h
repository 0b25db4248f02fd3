// Packets in and out by epoll, read, recvmmsg, sendmsg and writev: what every kernel has.
#pragma once

#include <sys/socket.h>

#include <array>
#include <vector>

#include "dataplane/io.h"
#include "dataplane/turn.h"
#include "dataplane/udp_socket.h"

namespace wgns {

class EpollIo final : public Io {
public:
    static Result<std::unique_ptr<Io>> create(Ports ports);

    [[nodiscard]] std::string_view name() const noexcept override { return "epoll"; }
    [[nodiscard]] Offloads offloads() const noexcept override { return ports_.offloads; }
    [[nodiscard]] std::uint32_t segments_max() const noexcept override {
        return ports_.segments_max;
    }
    void wait(Duration longest) override;
    [[nodiscard]] bool collect(Turn& turn) override;
    void submit(Turn& turn) override;
    void end() override {}
    void set_udp(UniqueFd v4, UniqueFd v6, std::function<void(int error)> done) override;

private:
    // A superpacket with its virtio-net header; rounded up, so that buffers begin on cache lines.
    static constexpr std::size_t buffer_size = 65'536 + 64;

    struct Receive {
        sockaddr_storage from{};
        iovec piece{};
        alignas(cmsghdr) std::array<std::uint8_t, receive_control_size> control{};
    };

    EpollIo(Ports ports, UniqueFd epoll);
    [[nodiscard]] bool read_tun(Turn& turn);
    void receive(int udp, Turn& turn);
    void send(Turn& turn, const Train& train);

    // What a call came to that will be made again.
    void note(ssize_t result) noexcept;

    Ports ports_;
    bool has_failed_ = false;  // what will be tried again
    UniqueFd epoll_;
    std::unique_ptr<std::uint8_t[]> tun_memory_;  // a buffer a frame; touched only where used
    std::unique_ptr<std::uint8_t[]> udp_memory_;  // a buffer a train
    std::vector<Receive> receives_;
    std::vector<mmsghdr> messages_;
};

}  // namespace wgns
