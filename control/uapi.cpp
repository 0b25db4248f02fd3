#include "control/uapi.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include "crypto/x25519.h"
#include "protocol/limits.h"

namespace wgns {

namespace {

// The digits alone: no sign, no blank, no 0x.
template <class T>
bool parse_number(std::string_view text, T& out) {
    const char* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, out);
    return failure == std::errc{} && stop == end;
}

template <class T>
int set_number(std::optional<T>& field, std::string_view value) {
    T number{};
    if (!parse_number(value, number)) return EINVAL;
    field = number;
    return 0;
}

// Flags can be raised only.
int set_flag(bool& field, std::string_view value) {
    if (value != "true") return EINVAL;
    field = true;
    return 0;
}

int set_private_key(DeviceChange& change, std::string_view value) {
    PrivateKey key;
    const auto bytes = key.mutable_bytes();
    if (!parse_hex_key(value, bytes)) return EINVAL;
    if (!key.is_zero()) {  // RFC 7748 section 5
        bytes[0] &= 248;
        bytes[31] = static_cast<std::uint8_t>((bytes[31] & 127) | 64);
    }
    change.private_key = std::move(key);
    return 0;
}

int set_preshared_key(PeerChange& peer, std::string_view value) {
    PresharedKey key;
    if (!parse_hex_key(value, key.mutable_bytes())) return EINVAL;
    peer.preshared_key = std::move(key);
    return 0;
}

int set_endpoint(PeerChange& peer, std::string_view value) {
    const auto endpoint = Endpoint::parse(value);
    if (!endpoint) return EINVAL;
    peer.endpoint = *endpoint;
    return 0;
}

int set_replace_allowed_ips(PeerChange& peer, std::string_view value) {
    const int errno_value = set_flag(peer.replace_allowed_ips, value);
    if (errno_value == 0) peer.allowed_ips.clear();
    return errno_value;
}

int add_allowed_ip(PeerChange& peer, std::string_view value) {
    const bool remove = value.starts_with('-');
    if (remove) value.remove_prefix(1);
    const auto prefix = IpPrefix::parse(value);
    if (!prefix || value.find('/') == std::string_view::npos) return EINVAL;
    peer.allowed_ips.push_back({prefix->masked(), remove});
    return 0;
}

template <class Target>
struct Row {
    std::string_view key;
    int (*set)(Target&, std::string_view value);  // returns an errno value or 0
};

constexpr std::array<Row<DeviceChange>, 4> device_rows{{
    {"private_key", set_private_key},
    {"listen_port", [](auto& device, auto value) { return set_number(device.listen_port, value); }},
    {"fwmark", [](auto& device, auto value) { return set_number(device.fwmark, value); }},
    {"replace_peers",
     [](auto& device, auto value) { return set_flag(device.replace_peers, value); }},
}};

constexpr std::array<Row<PeerChange>, 8> peer_rows{{
    {"remove", [](auto& peer, auto value) { return set_flag(peer.remove, value); }},
    {"update_only", [](auto& peer, auto value) { return set_flag(peer.update_only, value); }},
    {"preshared_key", set_preshared_key},
    {"endpoint", set_endpoint},
    {"persistent_keepalive_interval",
     [](auto& peer, auto value) { return set_number(peer.persistent_keepalive_seconds, value); }},
    {"replace_allowed_ips", set_replace_allowed_ips},
    {"allowed_ip", add_allowed_ip},
    {"protocol_version", [](auto&, auto value) { return value == "1" ? 0 : EINVAL; }},
}};

template <class Rows, class Target>
int apply_row(const Rows& rows, Target& target, std::string_view key, std::string_view value) {
    for (const auto& row : rows)
        if (row.key == key) return row.set(target, value);
    return EINVAL;
}

int start_peer(DeviceChange& change, std::string_view value) {
    PeerChange peer;
    if (change.peers.size() == limits::peers_max || !parse_hex_key(value, peer.public_key.bytes))
        return EINVAL;
    change.peers.push_back(std::move(peer));
    return 0;
}

std::string_view without_cr(std::string_view line) {
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

// Lines of KEY=VALUE in a text that is made large enough at once: a text that grows leaves copies
// of its keys behind.
class Writer {
public:
    explicit Writer(std::size_t max_bytes) { text_.reserve(max_bytes); }

    void line(std::string_view key, std::string_view value) {
        WG_ASSERT(text_.size() + key.size() + value.size() + 2 <= text_.capacity());
        text_.append(key).append("=").append(value).append("\n");
    }
    template <class Number>
    requires std::is_integral_v<Number>
    void line(std::string_view key, Number value) { line(key, std::to_string(value)); }
    void key_line(std::string_view key, std::span<const std::uint8_t, 32> value) {
        std::string hex = key_to_hex(value);
        line(key, hex);
        wipe_key_text(hex);
    }
    void flag_line(std::string_view key, bool is_raised) {
        if (is_raised) line(key, "true");
    }
    std::string finish() && { return std::move(text_.append("\n")); }

private:
    std::string text_;
};

// All lines of a device, of a peer and of an allowed IP are shorter than these.
constexpr std::size_t device_bytes_max = 256;
constexpr std::size_t peer_bytes_max = 640;
constexpr std::size_t allowed_ip_bytes_max = 64;

template <class Device>
std::size_t printed_bytes_max(const Device& device) {
    std::size_t bytes = device_bytes_max;
    for (const auto& peer : device.peers)
        bytes += peer_bytes_max + peer.allowed_ips.size() * allowed_ip_bytes_max;
    return bytes;
}

void print_peer(const PeerSnapshot& peer, Writer& out) {
    out.key_line("public_key", peer.public_key.bytes);
    out.key_line("preshared_key", peer.preshared_key.bytes());
    out.line("protocol_version", 1);
    if (peer.endpoint.is_set()) out.line("endpoint", peer.endpoint.to_string());
    out.line("last_handshake_time_sec", peer.last_handshake.seconds);
    out.line("last_handshake_time_nsec", peer.last_handshake.nanoseconds);
    out.line("tx_bytes", peer.sent_bytes);
    out.line("rx_bytes", peer.received_bytes);
    out.line("persistent_keepalive_interval", peer.persistent_keepalive_seconds);
    for (const IpPrefix& prefix : peer.allowed_ips)
        out.line("allowed_ip", prefix.to_string());
}

void print_peer_change(const PeerChange& peer, Writer& out) {
    out.key_line("public_key", peer.public_key.bytes);
    out.flag_line("remove", peer.remove);
    out.flag_line("update_only", peer.update_only);
    if (peer.preshared_key) out.key_line("preshared_key", peer.preshared_key->bytes());
    if (peer.endpoint) out.line("endpoint", peer.endpoint->to_string());
    if (peer.persistent_keepalive_seconds)
        out.line("persistent_keepalive_interval", *peer.persistent_keepalive_seconds);
    out.flag_line("replace_allowed_ips", peer.replace_allowed_ips);
    for (const auto& [prefix, remove] : peer.allowed_ips)
        out.line("allowed_ip", (remove ? "-" : "") + prefix.to_string());
}

}  // namespace

UapiReader::UapiReader() {
    line_.reserve(max_line_bytes);
}

UapiReader::~UapiReader() {
    wipe_key_text(line_);
}

std::optional<UapiRequest> UapiReader::next(std::string_view& bytes) {
    while (!bytes.empty()) {
        if (state_ == State::get) {
            // Anything but the blank line is an error that does not wait for its line end.
            const bool is_end = bytes.front() == '\n';
            state_ = is_end ? State::operation : State::skipping;
            if (!is_end) return UapiError{EINVAL};
            bytes.remove_prefix(1);
            return UapiGet{};
        }
        const bool has_ended = take_line(bytes);
        std::optional<UapiRequest> request;
        if (too_long_ && (state_ == State::operation || state_ == State::set))
            request = refuse_long_line();
        else if (has_ended)
            request = handle_line();
        if (has_ended) forget_line();
        if (request) return request;
    }
    return std::nullopt;
}

std::optional<UapiRequest> UapiReader::finish() {
    std::optional<UapiRequest> request;
    if (state_ == State::set) {
        if (!line_.empty()) request = handle_line();
        if (!request) request = end_set(State::closed, 0);
    }
    state_ = State::closed;
    forget_line();
    return request;
}

// Whether the line is complete.
bool UapiReader::take_line(std::string_view& bytes) {
    const std::size_t end = bytes.find('\n');
    const bool has_ended = end != std::string_view::npos;
    const std::string_view part = bytes.substr(0, end);
    bytes.remove_prefix(has_ended ? end + 1 : bytes.size());
    too_long_ = too_long_ || line_.size() + part.size() >= max_line_bytes;
    if (!too_long_) line_.append(part);
    return has_ended;
}

void UapiReader::forget_line() {
    wipe({reinterpret_cast<std::uint8_t*>(line_.data()), line_.size()});
    line_.clear();
    too_long_ = false;
}

std::optional<UapiRequest> UapiReader::handle_line() {
    switch (state_) {
        case State::operation:
            return start(line_);
        case State::set:
            return handle_set_line(without_cr(line_));
        case State::skipping:
            if (!too_long_ && without_cr(line_).empty()) state_ = State::operation;
            return std::nullopt;
        case State::get:
        case State::closed:
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<UapiRequest> UapiReader::start(std::string_view operation) {
    if (operation == "get=1") {
        state_ = State::get;
        return std::nullopt;
    }
    if (operation == "set=1") {
        state_ = State::set;
        return std::nullopt;
    }
    state_ = State::closed;
    return UapiHangUp{};
}

std::optional<UapiRequest> UapiReader::handle_set_line(std::string_view line) {
    if (line.empty()) return end_set(State::operation, 0);
    const int errno_value = apply_line(line);
    if (errno_value == 0) return std::nullopt;
    return end_set(State::skipping, errno_value);
}

UapiRequest UapiReader::end_set(State next, int errno_value) {
    state_ = next;
    allowed_ips_ = 0;
    return UapiSet{std::exchange(change_, {}), errno_value};
}

UapiRequest UapiReader::refuse_long_line() {
    if (state_ == State::set) return end_set(State::skipping, EIO);
    state_ = State::closed;
    return UapiHangUp{};
}

int UapiReader::apply_line(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return EPROTO;
    const std::string_view key = line.substr(0, equals);
    const std::string_view value = line.substr(equals + 1);
    if (key == "public_key") return start_peer(change_, value);
    if (change_.peers.empty()) return apply_row(device_rows, change_, key, value);
    if (key == "allowed_ip" && ++allowed_ips_ > max_allowed_ips) return EINVAL;
    return apply_row(peer_rows, change_.peers.back(), key, value);
}

std::string print_get(const DeviceSnapshot& device) {
    Writer out(printed_bytes_max(device));
    if (!device.private_key.is_zero()) out.key_line("private_key", device.private_key.bytes());
    if (device.listen_port != 0) out.line("listen_port", device.listen_port);
    if (device.fwmark != 0) out.line("fwmark", device.fwmark);
    for (const PeerSnapshot& peer : device.peers)
        print_peer(peer, out);
    out.line("errno", 0);
    return std::move(out).finish();
}

std::string print_set_reply(int errno_value) {
    WG_ASSERT(errno_value >= 0);
    return "errno=" + std::to_string(-errno_value) + "\n\n";
}

std::string print_set(const DeviceChange& change) {
    Writer out(printed_bytes_max(change));
    out.line("set", 1);
    if (change.private_key) out.key_line("private_key", change.private_key->bytes());
    if (change.listen_port) out.line("listen_port", *change.listen_port);
    if (change.fwmark) out.line("fwmark", *change.fwmark);
    out.flag_line("replace_peers", change.replace_peers);
    for (const PeerChange& peer : change.peers)
        print_peer_change(peer, out);
    return std::move(out).finish();
}

void wipe_key_text(std::string& text) noexcept {
    text.resize(text.capacity());
    wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    text.clear();
}

}  // namespace wgns
