#include "cli/bench/udp_load.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "base/assert.h"

namespace wgns::bench {

using nlohmann::json;
using std::chrono::steady_clock;

namespace {

constexpr int udp_segment = 103;  // linux/udp.h, which netinet/udp.h forbids to include
constexpr int udp_gro = 104;

constexpr std::size_t messages_max = 64;
// Those that are trains: half a megabyte a call.
constexpr std::size_t trains_max = 8;
constexpr std::size_t segments_max = 64;  // what every kernel with UDP_SEGMENT takes
constexpr std::size_t payload_max = 65'507;
constexpr std::size_t receive_size = 65'536;
// Room for what comes while the sink has not the processor.
constexpr int receive_buffer_size = 8 << 20;
// Datagrams still under way when the source has ended come in less; on a machine so busy that none
// came at all, the first may take longer.
constexpr int quiet_ms = 50;
constexpr int first_within_ms = 3000;

struct Control {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> bytes{};
};

// Messages that all send the same bytes.
class Outgoing {
public:
    explicit Outgoing(const UdpPlan& plan)
        : payload_(size_of_message(plan), 'w'),
          messages_(plan.has_trains ? trains_max : messages_max) {
        piece_ = {payload_.data(), payload_.size()};
        for (mmsghdr& each : messages_) {
            each.msg_hdr.msg_iov = &piece_;
            each.msg_hdr.msg_iovlen = 1;
            if (plan.has_trains) {
                each.msg_hdr.msg_control = control_.bytes.data();
                each.msg_hdr.msg_controllen = CMSG_SPACE(sizeof(std::uint16_t));
            }
        }
        if (plan.has_trains) set_segment_size(static_cast<std::uint16_t>(plan.datagram_size));
    }
    // Its messages point into it.
    Outgoing(const Outgoing&) = delete;
    Outgoing& operator=(const Outgoing&) = delete;

    // Bytes that the kernel took; negative where it took none.
    ssize_t send(int fd) noexcept {
        const int sent =
            ::sendmmsg(fd, messages_.data(), static_cast<unsigned>(messages_.size()), 0);
        return sent < 0 ? -1 : static_cast<ssize_t>(payload_.size()) * sent;
    }

private:
    static std::size_t size_of_message(const UdpPlan& plan) {
        const std::size_t fitting = std::min(segments_max, payload_max / plan.datagram_size);
        return plan.datagram_size * (plan.has_trains ? fitting : 1);
    }
    void set_segment_size(std::uint16_t bytes) noexcept {
        cmsghdr* const header = CMSG_FIRSTHDR(&messages_.front().msg_hdr);
        header->cmsg_level = IPPROTO_UDP;
        header->cmsg_type = udp_segment;
        header->cmsg_len = CMSG_LEN(sizeof bytes);
        std::memcpy(CMSG_DATA(header), &bytes, sizeof bytes);
    }

    std::vector<char> payload_;
    iovec piece_{};
    Control control_;
    std::vector<mmsghdr> messages_;
};

// What one call brought.
struct Received {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
};

class Incoming {
public:
    Incoming() : bytes_(messages_max * receive_size) {
        for (std::size_t i = 0; i < messages_max; ++i) {
            pieces_[i] = {bytes_.data() + i * receive_size, receive_size};
            messages_[i].msg_hdr.msg_iov = &pieces_[i];
            messages_[i].msg_hdr.msg_iovlen = 1;
            messages_[i].msg_hdr.msg_control = controls_[i].bytes.data();
        }
    }
    // Does not wait.
    Received receive(int fd) noexcept {
        for (mmsghdr& each : messages_)
            each.msg_hdr.msg_controllen = sizeof(Control);
        const int count = ::recvmmsg(fd, messages_.data(), messages_max, MSG_DONTWAIT, nullptr);
        Received received;
        for (int i = 0; i < count; ++i) {
            const mmsghdr& one = messages_[static_cast<std::size_t>(i)];
            const std::size_t segment = std::max<std::size_t>(segment_size(one.msg_hdr), 1);
            received.bytes += one.msg_len;
            received.packets += segment == 1 ? 1 : (one.msg_len + segment - 1) / segment;
        }
        return received;
    }

private:
    // Of a received train; zero for a datagram that came alone.
    static std::size_t segment_size(const msghdr& message) noexcept {
        const cmsghdr* const header = CMSG_FIRSTHDR(&message);
        if (header == nullptr || header->cmsg_level != IPPROTO_UDP || header->cmsg_type != udp_gro)
            return 0;
        int size = 0;
        std::memcpy(&size, CMSG_DATA(header), sizeof size);
        return static_cast<std::size_t>(std::max(size, 0));
    }

    std::vector<char> bytes_;
    std::array<iovec, messages_max> pieces_{};
    std::array<Control, messages_max> controls_{};
    std::array<mmsghdr, messages_max> messages_{};
};

// Adds up what comes, all of it and that of the counted phase.
class Tally {
public:
    explicit Tally(const Phases& phases) : phases_(phases) {}

    void add(const Received& received) {
        const auto now = steady_clock::now();
        if (all_.bytes == 0) begin_ = now + phases_.warm_up;
        all_.bytes += received.bytes;
        all_.packets += received.packets;
        if (now < begin_ || now >= begin_ + phases_.counted) return;
        counted_.bytes += received.bytes;
        counted_.packets += received.packets;
    }
    [[nodiscard]] bool is_empty() const { return all_.bytes == 0; }
    // Where so little comes through that none of it falls into the counted phase, all of it counts.
    [[nodiscard]] json value() const {
        const bool has_counted = counted_.bytes > 0;
        const Received& counted = has_counted ? counted_ : all_;
        const std::chrono::duration<double> seconds =
            has_counted ? phases_.counted : phases_.sending();
        return {{"bytes", all_.bytes},
                {"counted_bytes", counted.bytes},
                {"counted_packets", counted.packets},
                {"counted_seconds", seconds.count()}};
    }

private:
    Phases phases_;
    steady_clock::time_point begin_;
    Received all_;
    Received counted_;
};

}  // namespace

Result<json> sink_udp(Channel& channel, const Endpoint& at, const UdpPlan& plan) {
    const auto socket = bound_socket(SOCK_DGRAM, at);
    if (!socket) return socket.error();
    const int on = 1;
    // Without either it is slower, and right all the same.
    ::setsockopt(socket->get(), IPPROTO_UDP, udp_gro, &on, sizeof on);
    ::setsockopt(socket->get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer_size,
                 sizeof receive_buffer_size);
    if (!channel.send({{"port", port_of(*socket)}})) return Error{EPIPE, "send", "port", ""};
    Incoming incoming;
    Tally tally(plan.phases);
    bool is_told_to_stop = false;
    const auto how_long = [&] {
        if (!is_told_to_stop) return -1;
        return tally.is_empty() ? first_within_ms : quiet_ms;
    };
    for (;;) {
        std::array<pollfd, 2> both{pollfd{socket->get(), POLLIN, 0},
                                   pollfd{is_told_to_stop ? -1 : channel.fd(), POLLIN, 0}};
        const int ready = ::poll(both.data(), both.size(), how_long());
        if (ready == 0) return tally.value();
        if (both[1].revents != 0) {
            static_cast<void>(channel.receive());
            is_told_to_stop = true;
        }
        if (both[0].revents == 0) continue;
        const Received received = incoming.receive(socket->get());
        if (received.bytes > 0) tally.add(received);
    }
}

Result<json> send_udp(const Endpoint& to, const UdpPlan& plan) {
    WG_ASSERT(plan.datagram_size > 1);
    const auto socket = connected_socket(SOCK_DGRAM, to);
    if (!socket) return socket.error();
    auto outgoing = std::make_unique<Outgoing>(plan);
    std::uint64_t sent = 0;
    const auto end = steady_clock::now() + plan.phases.sending();
    while (steady_clock::now() < end) {
        const ssize_t bytes = outgoing->send(socket->get());
        if (bytes >= 0) {
            sent += static_cast<std::uint64_t>(bytes);
        } else if (errno == EIO && plan.has_trains) {
            // Before Linux 6.11 an interface without checksum offload takes no trains; a program
            // that meets that goes on without.
            outgoing = std::make_unique<Outgoing>(UdpPlan{plan.datagram_size, false, plan.phases});
        } else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED) {
            // Those are no end: the queue is full, or what an earlier datagram met is told now.
            return Error{errno, "sendmmsg", to.to_string(), ""};
        }
    }
    return json{{"sent", sent}};
}

}  // namespace wgns::bench
