#include "cli/top_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cwchar>
#include <optional>
#include <utility>

#include "cli/print_status.h"

namespace wgns {

namespace {

constexpr std::size_t label_columns = 30;
constexpr std::size_t rate_columns = 13;

struct Character {
    std::size_t bytes = 1;
    std::size_t columns = 1;
    bool is_shown = false;  // else it is no text: '?' stands for it
};

// `text` is not empty.
Character first_character(std::string_view text) {
    wchar_t code = 0;
    std::mbstate_t state{};
    const std::size_t bytes = std::mbrtowc(&code, text.data(), text.size(), &state);
    // Failures are the greatest numbers, and a NUL is none.
    if (bytes == 0 || bytes > text.size()) return {};
    const int columns = ::wcwidth(code);
    if (columns < 0) return {bytes, 1, false};
    return {bytes, static_cast<std::size_t>(columns), true};
}

std::string padded(std::string_view text, std::size_t columns) {
    std::string out = clipped(text, columns);
    out.append(columns - width_in_columns(out), ' ');
    return out;
}

std::string print_rate(const std::optional<double>& rate) {
    if (!rate) return "-";
    return print_size(static_cast<std::uint64_t>(std::llround(*rate))) + "/s";
}

double highest_rate(const TopPeer& peer) {
    double highest = 0;
    for (const TopCounter* counter : {&peer.received, &peer.sent})
        for (const double rate : counter->rates)
            highest = std::max(highest, rate);
    return highest;
}

class Frame {
public:
    explicit Frame(const TopLayout& layout) : layout_(layout) {}

    void add(const TopInstance& instance) {
        if (!lines_.empty()) lines_.emplace_back();
        if (!instance.trouble.empty()) {
            add_line({{TopStyle::title, instance.name}});
            add_line({{TopStyle::trouble, "  " + instance.trouble}});
            return;
        }
        add_line({{TopStyle::title, instance.name},
                  {TopStyle::plain, fmt::format("  port {}, {}, {}", instance.listen_port,
                                                instance.io, instance.aead)}});
        std::uint64_t staged = 0;
        for (const TopPeer& peer : instance.peers)
            staged += peer.staged_packets;
        add_line({{TopStyle::plain,
                   fmt::format("  {} packets staged, {} handshake messages, longest turn {} us",
                               staged, instance.handshake_messages, instance.longest_turn_us)}});
        for (const auto& [reason, counter] : instance.drops)
            add_drops(reason, counter);
        for (const TopPeer& peer : instance.peers)
            add_peer(peer);
    }
    [[nodiscard]] std::vector<TopLine> take() { return std::move(lines_); }

private:
    void add_drops(const std::string& reason, const TopCounter& counter) {
        const double rate = counter.rate().value_or(0);
        add_line({{rate > 0 ? TopStyle::trouble : TopStyle::quiet,
                   fmt::format("  dropped {}: {:.1f}/s, {} in all", reason, rate, counter.total)}});
    }
    void add_peer(const TopPeer& peer) {
        const double highest = highest_rate(peer);
        const std::string endpoint = peer.endpoint.empty() ? "no endpoint" : peer.endpoint;
        add_traffic("  " + peer.name, " in  ", peer.received, highest);
        add_traffic("    " + endpoint, " out ", peer.sent, highest);
        const bool is_met = peer.latest_handshake != 0;
        std::string handshake = "never";
        if (is_met) handshake = print_age(layout_.now - peer.latest_handshake);
        if (peer.staged_packets != 0)
            handshake += fmt::format(", {} packets wait for it", peer.staged_packets);
        add_line({{is_met ? TopStyle::quiet : TopStyle::trouble, "    handshake " + handshake}});
    }
    void add_traffic(const std::string& label, std::string_view direction,
                     const TopCounter& counter, double highest) {
        const std::string rate = fmt::format("{:>{}}  ", print_rate(counter.rate()), rate_columns);
        const std::size_t taken = label_columns + direction.size() + rate.size();
        const std::size_t left = layout_.columns > taken ? layout_.columns - taken : 0;
        const std::size_t graph = std::min(left, TopModel::history_max);
        add_line({{TopStyle::plain, padded(label, label_columns)},
                  {TopStyle::quiet, std::string(direction)},
                  {TopStyle::plain, rate},
                  {TopStyle::graph, top_graph(counter.rates, highest, graph, layout_.is_utf8)}});
    }
    void add_line(TopLine parts) {
        std::size_t left = layout_.columns;
        for (TopPart& part : parts) {
            part.text = clipped(part.text, left);
            left -= width_in_columns(part.text);
        }
        lines_.push_back(std::move(parts));
    }

    TopLayout layout_;
    std::vector<TopLine> lines_;
};

}  // namespace

std::vector<TopLine> top_lines(const std::vector<TopInstance>& instances, const TopLayout& layout) {
    if (instances.empty())
        return {{{TopStyle::quiet, clipped("no instance is there", layout.columns)}}};
    Frame frame(layout);
    for (const TopInstance& instance : instances)
        frame.add(instance);
    return frame.take();
}

std::string top_graph(const std::vector<double>& rates, double highest, std::size_t columns,
                      bool is_utf8) {
    constexpr std::array<const char*, 9> blocks{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    constexpr std::array<const char*, 9> ascii{" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    const std::size_t count = std::min(rates.size(), columns);
    std::string out(columns - count, ' ');
    for (std::size_t i = rates.size() - count; i < rates.size(); ++i) {
        std::size_t height = 0;
        // Whatever is more than nothing is seen.
        if (rates[i] > 0 && highest > 0)
            height =
                static_cast<std::size_t>(std::clamp(std::lround(rates[i] / highest * 8), 1L, 8L));
        out += is_utf8 ? blocks[height] : ascii[height];
    }
    return out;
}

std::size_t width_in_columns(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const Character next = first_character(text);
        columns += next.columns;
        text.remove_prefix(next.bytes);
    }
    return columns;
}

std::string clipped(std::string_view text, std::size_t columns) {
    std::string out;
    while (!text.empty()) {
        const Character next = first_character(text);
        if (next.columns > columns) break;
        columns -= next.columns;
        out += next.is_shown ? text.substr(0, next.bytes) : "?";
        text.remove_prefix(next.bytes);
    }
    return out;
}

}  // namespace wgns
