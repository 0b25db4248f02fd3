// One address type for both families (IPv4 mapped into 16 bytes, RFC 4291 2.5.5.2), prefixes and
// endpoints.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

struct sockaddr_storage;

namespace wgns {

class IpAddress {
public:
    // The zero value is IPv6's unspecified address "::".
    constexpr IpAddress() noexcept = default;
    [[nodiscard]] static IpAddress v4(std::span<const std::uint8_t, 4> network_order) noexcept;
    [[nodiscard]] static IpAddress v6(std::span<const std::uint8_t, 16> network_order) noexcept;
    // Dotted quad or RFC 4291 text, without zone, port, prefix or brackets.
    [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

    // A mapped address (::ffff:0:0/96) counts as IPv4.
    [[nodiscard]] bool is_v4() const noexcept;
    [[nodiscard]] bool is_link_local_v6() const noexcept;
    // 4 or 16 bytes in network order; lives as long as the address.
    [[nodiscard]] Bytes bytes() const noexcept;
    [[nodiscard]] unsigned bits() const noexcept { return is_v4() ? 32 : 128; }
    [[nodiscard]] const std::array<std::uint8_t, 16>& mapped() const noexcept { return bytes_; }
    [[nodiscard]] std::string to_string() const;

    friend auto operator<=>(const IpAddress&, const IpAddress&) noexcept = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
};
static_assert(sizeof(IpAddress) == 16 && alignof(IpAddress) == 1);

// An address and the number of its leading bits that count. Bits behind them may be set:
// "10.0.0.2/24".
struct IpPrefix {
    IpAddress address;
    std::uint8_t length = 0;  // ≤ address.bits()

    // "ADDRESS/LENGTH"; a missing length means all bits.
    [[nodiscard]] static std::optional<IpPrefix> parse(std::string_view text);
    [[nodiscard]] IpPrefix masked() const noexcept;
    [[nodiscard]] bool contains(const IpAddress& other) const noexcept;
    [[nodiscard]] std::string to_string() const;

    friend auto operator<=>(const IpPrefix&, const IpPrefix&) noexcept = default;
};

// Where a peer is, and the local address its datagrams came to, so that answers leave from there.
struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;      // host order; 0: no endpoint known
    std::uint32_t scope_id = 0;  // interface index, for link-local IPv6
    IpAddress local;             // unspecified: the kernel chooses
    std::uint32_t local_interface = 0;

    // "1.2.3.4:51820", "[2001:db8::1]:51820", "[fe80::1%2]:51820"; no names.
    [[nodiscard]] static std::optional<Endpoint> parse(std::string_view text);
    [[nodiscard]] bool is_set() const noexcept { return port != 0; }
    // The same remote, whatever the local side.
    [[nodiscard]] bool same_remote(const Endpoint& other) const noexcept {
        return address == other.address && port == other.port && scope_id == other.scope_id;
    }
    void forget_local() noexcept {
        local = {};
        local_interface = 0;
    }
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const Endpoint&, const Endpoint&) noexcept = default;
};

// For the socket calls. `family` is the socket's: AF_INET6 sockets take IPv4 never (they are
// V6ONLY).
unsigned to_sockaddr(const Endpoint& endpoint,
                     sockaddr_storage& out) noexcept;  // returns the length
[[nodiscard]] Endpoint from_sockaddr(const sockaddr_storage& address) noexcept;

}  // namespace wgns
