#include "dataplane/offloads.h"

#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "protocol/inner_packet.h"
#include "protocol/limits.h"
#include "protocol/messages.h"
#include "protocol/train.h"

namespace wgns {

namespace {

// Debian 12's headers are older than the flags (linux/if_tun.h, TUN_F_USO4 and TUN_F_USO6).
constexpr unsigned uso = 0x20 | 0x40;
constexpr unsigned tso = TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;

bool set_mask(int tun, unsigned mask) noexcept {
    return ::ioctl(tun, TUNSETOFFLOAD, static_cast<unsigned long>(mask)) == 0;
}

}  // namespace

std::optional<Offloads> parse_offloads(std::string_view text) {
    if (text == "all") return Offloads{true, true};
    if (text == "none") return Offloads{};
    Offloads chosen;
    while (true) {
        const std::size_t end = text.find(',');
        const std::string_view name = text.substr(0, end);
        if (name == "tcp")
            chosen.tcp = true;
        else if (name == "udp")
            chosen.udp = true;
        else
            return std::nullopt;
        if (end == std::string_view::npos) return chosen;
        text.remove_prefix(end + 1);
    }
}

std::string describe(Offloads offloads) {
    if (offloads.tcp) return offloads.udp ? "tcp udp" : "tcp";
    return offloads.udp ? "udp" : "none";
}

Offloads accept_offloads(int tun, Offloads wanted) noexcept {
    Offloads on;
    unsigned mask = 0;
    // Superpackets come with partial checksums only (drivers/net/tun.c, set_offload).
    const auto try_on = [&](bool is_wanted, bool& is_on, unsigned more) {
        if (is_wanted && set_mask(tun, mask | TUN_F_CSUM | more)) {
            is_on = true;
            mask |= TUN_F_CSUM | more;
        }
    };
    try_on(wanted.tcp, on.tcp, tso);
    try_on(wanted.udp, on.udp, uso);
    // A refused request leaves no trace, but an earlier user of the device may have left his.
    set_mask(tun, mask);
    return on;
}

std::uint32_t gso_max_size(std::uint32_t mtu, std::uint32_t train_segments) noexcept {
    // What TCP keeps free for headers (net/core/sock.c, sk_dst_gso_max_size); smaller where the
    // kernel knows no tunnels, and then a superpacket may be a segment too large.
    constexpr std::uint32_t reserve = 321;
    // IPv6 and TCP with timestamps: the largest headers that are common, hence the most segments.
    constexpr std::uint32_t headers = 72;
    constexpr std::uint32_t largest = 65'536;
    const auto datagram = static_cast<std::uint32_t>(data_overhead + padded_size(mtu, mtu));
    const std::uint32_t segments = std::clamp(
        static_cast<std::uint32_t>(Train::bytes_max) / datagram, std::uint32_t{1}, train_segments);
    const std::uint32_t payload = std::max(mtu, headers + 1) - headers;
    return std::min(largest, (segments + 1) * payload - 1 + reserve);
}

}  // namespace wgns
