#include "control/config_values.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <numeric>
#include <utility>

namespace wgns {

namespace {

constexpr std::size_t host_name_bytes_max = 253;  // RFC 1035 2.3.4, in text form
constexpr std::string_view digits_and_dot = "0123456789.";
constexpr std::string_view host_name_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool contains(std::string_view text, char c) {
    return text.find(c) != std::string_view::npos;
}

// "ADDRESS" or "ADDRESS%ZONE", as it stands in brackets.
bool is_v6_with_zone(std::string_view host) {
    const std::size_t percent = host.find('%');
    return contains(host, ':') && IpAddress::parse(host.substr(0, percent)) &&
           percent + 1 != host.size();
}

bool is_v4(std::string_view host) {
    return !contains(host, ':') && IpAddress::parse(host);
}

}  // namespace

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool equal_without_case(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (lower(a[i]) == lower(b[j]) ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

std::optional<std::uint32_t> parse_number(std::string_view text, int base) {
    std::uint32_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, number, base);
    if (failure != std::errc{} || stop != end) return std::nullopt;
    return number;
}

std::optional<std::uint32_t> parse_number_or_hex(std::string_view text) {
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    return is_hex ? parse_number(text.substr(2), 16) : parse_number(text);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto number = parse_number(text);
    if (!number || *number == 0 || *number > UINT16_MAX) return std::nullopt;
    return static_cast<std::uint16_t>(*number);
}

bool is_host_name(std::string_view text) {
    return !text.empty() && text.size() <= host_name_bytes_max && text.front() != '-' &&
           text.front() != '.' &&
           text.find_first_not_of(host_name_characters) == std::string_view::npos &&
           text.find_first_not_of(digits_and_dot) != std::string_view::npos;
}

std::optional<HostPort> parse_host_port(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = parse_port(text.substr(colon + 1));
    std::string_view host = text.substr(0, colon);
    const bool has_brackets = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
    if (has_brackets) host = host.substr(1, host.size() - 2);
    const bool is_host = has_brackets ? is_v6_with_zone(host) : is_v4(host) || is_host_name(host);
    if (!port || !is_host) return std::nullopt;
    return HostPort{std::string(host), *port};
}

std::optional<PortRange> parse_port_range(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view protocol = text.substr(0, slash);
    const std::string_view ports = text.substr(slash + 1);
    const std::size_t dash = ports.find('-');
    const auto first = parse_port(ports.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_port(ports.substr(dash + 1));
    const bool is_tcp = equal_without_case(protocol, "tcp");
    if (!is_tcp && !equal_without_case(protocol, "udp")) return std::nullopt;
    if (!first || !last || *first > *last) return std::nullopt;
    return PortRange{is_tcp ? TransportProtocol::tcp : TransportProtocol::udp, *first, *last};
}

bool is_loopback(const IpAddress& address) noexcept {
    if (address.is_v4()) return address.bytes().front() == 127;
    const auto bytes = address.bytes();
    return bytes.back() == 1 &&
           std::all_of(bytes.begin(), std::prev(bytes.end()), [](auto byte) { return byte == 0; });
}

std::optional<PublishedPort> parse_published_port(std::string_view text) {
    const std::size_t arrow = text.find("->");
    if (arrow == std::string_view::npos) return std::nullopt;
    const auto host = Endpoint::parse(trimmed(text.substr(0, arrow)));
    const auto inside = parse_port(trimmed(text.substr(arrow + 2)));
    if (!host || !host->is_set() || !inside) return std::nullopt;
    return PublishedPort{*host, *inside};
}

}  // namespace wgns
