// What a TUN device takes and gives beyond single packets (TUNSETOFFLOAD, linux/if_tun.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wgns {

struct Offloads {
    bool tcp = false;  // superpackets of TCP, both families
    bool udp = false;  // superpackets of UDP, both families (USO; Linux 6.2)

    friend bool operator==(const Offloads&, const Offloads&) noexcept = default;
};

// "all", "none", or the names "tcp" and "udp" with commas between, as --offloads takes them.
[[nodiscard]] std::optional<Offloads> parse_offloads(std::string_view text);
// "tcp udp", "tcp", "udp" or "none".
[[nodiscard]] std::string describe(Offloads offloads);

// Turns on what of `wanted` the kernel has, and the rest off; returns what is on. `tun` has
// virtio-net headers. Each offload is asked for by itself, because kernels before 6.2 refuse all
// where they do not know one.
[[nodiscard]] Offloads accept_offloads(int tun, Offloads wanted) noexcept;

// The gso_max_size of a link of this MTU (IFLA_GSO_MAX_SIZE) with which a superpacket of TCP in
// full segments is one train of at most `train_segments` datagrams. At most 65,536.
[[nodiscard]] std::uint32_t gso_max_size(std::uint32_t mtu, std::uint32_t train_segments) noexcept;

}  // namespace wgns
