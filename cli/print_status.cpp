#include "cli/print_status.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <string_view>

namespace wgns {

using nlohmann::json;

namespace {

constexpr std::size_t label_width = 18;

std::string text_in(const json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

std::int64_t number_in(const json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

// A configured name could hold anything; none of it may steer the terminal.
std::string harmless(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
    return text;
}

void add_line(std::string& out, std::string_view label, const std::string& value) {
    if (value.empty()) return;
    fmt::format_to(std::back_inserter(out), "  {:<{}}{}\n", fmt::format("{}:", label), label_width,
                   harmless(value));
}

std::string print_endpoint(const json& peer) {
    const std::string current = text_in(peer, "endpoint");
    const std::string configured = text_in(peer, "endpoint_configured");
    if (configured.empty() || configured == current) return current;
    if (current.empty()) return fmt::format("none yet (configured: {})", configured);
    return fmt::format("{} (configured: {})", current, configured);
}

std::string print_allowed_ips(const json& peer) {
    std::string all;
    const auto at = peer.find("allowed_ips");
    if (at == peer.end() || !at->is_array()) return "(none)";
    for (const json& network : *at)
        if (network.is_string()) all += (all.empty() ? "" : ", ") + network.get<std::string>();
    return all.empty() ? "(none)" : all;
}

void add_peer(std::string& out, const json& peer, std::int64_t now) {
    const std::string name = text_in(peer, "name");
    const std::string key = text_in(peer, "public_key");
    out += name.empty() ? fmt::format("\npeer {}\n", key)
                        : fmt::format("\npeer {} ({})\n", key, harmless(name));
    add_line(out, "endpoint", print_endpoint(peer));
    add_line(out, "allowed ips", print_allowed_ips(peer));
    const std::int64_t handshake = number_in(peer, "latest_handshake");
    add_line(out, "latest handshake", handshake == 0 ? "never" : print_age(now - handshake));
    const auto size_of = [&](const char* field) {
        return print_size(static_cast<std::uint64_t>(number_in(peer, field)));
    };
    add_line(out, "transfer",
             fmt::format("{} received, {} sent", size_of("rx_bytes"), size_of("tx_bytes")));
    const std::int64_t keepalive = number_in(peer, "persistent_keepalive");
    if (keepalive != 0) add_line(out, "keepalive", fmt::format("every {} seconds", keepalive));
}

std::string print_drops(const json& status) {
    std::string all;
    const auto drops = status.find("drops");
    if (drops == status.end() || !drops->is_object()) return all;
    for (const auto& [reason, count] : drops->items())
        all += fmt::format("{}{} {}", all.empty() ? "" : ", ", reason, count.dump());
    return all;
}

std::string print_queues(const json& status) {
    const auto queues = status.find("queues");
    if (queues == status.end() || !queues->is_object()) return {};
    std::int64_t staged = 0;
    const auto peers = status.find("peers");
    if (peers != status.end() && peers->is_array())
        for (const json& peer : *peers)
            staged += number_in(peer, "staged_packets");
    return fmt::format("{} packets staged, {} handshake messages, longest turn {} µs", staged,
                       number_in(*queues, "handshake_messages"),
                       number_in(*queues, "longest_turn_us"));
}

std::string with_reason(const std::string& choice, const std::string& reason) {
    return reason.empty() ? choice : fmt::format("{} ({})", choice, reason);
}

}  // namespace

std::string print_size(std::uint64_t bytes) {
    constexpr std::array<const char*, 6> units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    constexpr double step = 1024;
    if (bytes < 1024) return fmt::format("{} B", bytes);
    double value = static_cast<double>(bytes) / step;
    std::size_t unit = 0;
    while (value >= step && unit + 1 < units.size()) {
        value /= step;
        ++unit;
    }
    return fmt::format("{:.2f} {}", value, units[unit]);
}

std::string print_age(std::int64_t seconds) {
    struct Unit {
        std::int64_t seconds;
        const char* name;
    };
    constexpr std::array<Unit, 4> units{
        {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}}};
    if (seconds <= 0) return "now";
    std::string text;
    int parts = 0;
    for (const Unit& unit : units) {
        const std::int64_t count = seconds / unit.seconds;
        if (count == 0 || parts == 2) continue;
        seconds -= count * unit.seconds;
        text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", count, unit.name,
                            count == 1 ? "" : "s");
        ++parts;
    }
    return text + " ago";
}

std::string print_status(const json& status, std::int64_t now) {
    std::string out = fmt::format("instance {}\n", text_in(status, "instance"));
    add_line(out, "namespace", text_in(status, "namespace"));
    add_line(out, "interface", text_in(status, "interface"));
    add_line(out, "public key", text_in(status, "public_key"));
    add_line(out, "listen port", std::to_string(number_in(status, "listen_port")));
    add_line(out, "mtu", std::to_string(number_in(status, "mtu")));
    add_line(out, "io", with_reason(text_in(status, "io"), text_in(status, "io_reason")));
    add_line(out, "aead", with_reason(text_in(status, "aead"), text_in(status, "aead_reason")));
    add_line(out, "offloads", text_in(status, "offloads"));
    add_line(out, "workers", std::to_string(number_in(status, "workers")));
    add_line(out, "queues", print_queues(status));
    add_line(out, "drops", print_drops(status));
    const auto peers = status.find("peers");
    if (peers != status.end() && peers->is_array())
        for (const json& peer : *peers)
            add_peer(out, peer, now);
    return out;
}

}  // namespace wgns
