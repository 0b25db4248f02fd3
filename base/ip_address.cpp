#include "base/ip_address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

namespace wgns {

namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// Decimal digits only, no sign, no blank, no leading zero beside "0" itself.
std::optional<unsigned> parse_decimal(std::string_view text, unsigned max) {
    unsigned value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, value);
    if (failure != std::errc{} || stop != end || value > max) return std::nullopt;
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    return value;
}

// A zone is an interface index or name (RFC 4007 11.2).
std::optional<std::uint32_t> parse_zone(const std::string& zone) {
    if (const auto index = parse_decimal(zone, 0x7fffffff)) return *index;
    if (const unsigned index = ::if_nametoindex(zone.c_str())) return index;
    return std::nullopt;
}

}  // namespace

IpAddress IpAddress::v4(std::span<const std::uint8_t, 4> network_order) noexcept {
    IpAddress address;
    std::copy(mapped_prefix.begin(), mapped_prefix.end(), address.bytes_.begin());
    std::copy(network_order.begin(), network_order.end(), address.bytes_.begin() + 12);
    return address;
}

IpAddress IpAddress::v6(std::span<const std::uint8_t, 16> network_order) noexcept {
    IpAddress address;
    std::copy(network_order.begin(), network_order.end(), address.bytes_.begin());
    return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    const std::string terminated(text);
    if (terminated.size() != text.size() || terminated.find('\0') != std::string::npos)
        return std::nullopt;
    std::array<std::uint8_t, 16> raw;
    if (::inet_pton(AF_INET, terminated.c_str(), raw.data()) == 1)
        return v4(std::span(raw).first<4>());
    if (::inet_pton(AF_INET6, terminated.c_str(), raw.data()) == 1) return v6(raw);
    return std::nullopt;
}

bool IpAddress::is_v4() const noexcept {
    return std::memcmp(bytes_.data(), mapped_prefix.data(), mapped_prefix.size()) == 0;
}

bool IpAddress::is_link_local_v6() const noexcept {
    return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

Bytes IpAddress::bytes() const noexcept {
    const Bytes all = bytes_;
    return is_v4() ? all.subspan(12) : all;
}

std::string IpAddress::to_string() const {
    char text[INET6_ADDRSTRLEN];
    ::inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes().data(), text, sizeof text);
    return text;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    IpPrefix prefix{*address, static_cast<std::uint8_t>(address->bits())};
    if (slash == std::string_view::npos) return prefix;
    const auto length = parse_decimal(text.substr(slash + 1), address->bits());
    if (!length) return std::nullopt;
    prefix.length = static_cast<std::uint8_t>(*length);
    return prefix;
}

IpPrefix IpPrefix::masked() const noexcept {
    std::array<std::uint8_t, 16> raw = address.mapped();
    const std::size_t first_free = (address.is_v4() ? 96u : 0u) + length;
    for (std::size_t bit = first_free; bit < 128; ++bit)
        raw[bit / 8] &= static_cast<std::uint8_t>(~(0x80u >> (bit % 8)));
    return {IpAddress::v6(raw), length};
}

bool IpPrefix::contains(const IpAddress& other) const noexcept {
    if (address.is_v4() != other.is_v4()) return false;
    return IpPrefix{other, length}.masked().address == masked().address;
}

std::string IpPrefix::to_string() const {
    return address.to_string() + "/" + std::to_string(length);
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = parse_decimal(text.substr(colon + 1), 65535);
    std::string_view host = text.substr(0, colon);
    if (!port || host.empty()) return std::nullopt;
    Endpoint endpoint;
    endpoint.port = static_cast<std::uint16_t>(*port);
    const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
    if (bracketed) {
        host = host.substr(1, host.size() - 2);
        if (const std::size_t percent = host.find('%'); percent != std::string_view::npos) {
            const auto zone = parse_zone(std::string(host.substr(percent + 1)));
            if (!zone) return std::nullopt;
            endpoint.scope_id = *zone;
            host = host.substr(0, percent);
        }
    }
    const auto address = IpAddress::parse(host);
    // Brackets are for IPv6 alone, and IPv6 has them always: else its last group reads as a port.
    if (!address || bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
    endpoint.address = *address;
    return endpoint;
}

std::string Endpoint::to_string() const {
    const std::string suffix = ":" + std::to_string(port);
    if (address.is_v4()) return address.to_string() + suffix;
    const std::string zone = scope_id != 0 ? "%" + std::to_string(scope_id) : "";
    return "[" + address.to_string() + zone + "]" + suffix;
}

unsigned to_sockaddr(const Endpoint& endpoint, sockaddr_storage& out) noexcept {
    std::memset(&out, 0, sizeof(sockaddr_in6));
    if (endpoint.address.is_v4()) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(out);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port);
        std::memcpy(&v4.sin_addr, endpoint.address.bytes().data(), 4);
        return sizeof v4;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    v6.sin6_scope_id = endpoint.scope_id;
    std::memcpy(&v6.sin6_addr, endpoint.address.mapped().data(), 16);
    return sizeof v6;
}

Endpoint from_sockaddr(const sockaddr_storage& address) noexcept {
    Endpoint endpoint;
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        std::array<std::uint8_t, 4> raw;
        std::memcpy(raw.data(), &v4.sin_addr, 4);
        endpoint.address = IpAddress::v4(raw);
        endpoint.port = ntohs(v4.sin_port);
    } else if (address.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
        std::array<std::uint8_t, 16> raw;
        std::memcpy(raw.data(), &v6.sin6_addr, 16);
        endpoint.address = IpAddress::v6(raw);
        endpoint.port = ntohs(v6.sin6_port);
        endpoint.scope_id = endpoint.address.is_link_local_v6() ? v6.sin6_scope_id : 0;
    }
    return endpoint;
}

}  // namespace wgns
