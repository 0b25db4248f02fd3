// What `top` knows: readings of `status` (control/status.h) go in, rates with a minute of history
// come out. No clock, no terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace wgns {

// Something that only grows, and how fast: per second, a rate for each span between two readings,
// the oldest first; at most TopModel::history_max.
struct TopCounter {
    std::uint64_t total = 0;
    std::vector<double> rates;

    // Nothing until there were two readings.
    [[nodiscard]] std::optional<double> rate() const;
};

struct TopPeer {
    std::string name;                   // its public key if it has none
    std::string endpoint;               // empty: none known
    std::int64_t latest_handshake = 0;  // seconds since 1970, 0: never
    std::uint64_t staged_packets = 0;
    TopCounter received;
    TopCounter sent;
};

struct TopInstance {
    std::string name;
    std::string trouble;  // why there is no status, and nothing but the name; else empty
    std::uint64_t listen_port = 0;
    std::string io;
    std::string aead;
    std::uint64_t handshake_messages = 0;
    std::uint64_t longest_turn_us = 0;
    std::vector<TopPeer> peers;               // in the order of the status
    std::map<std::string, TopCounter> drops;  // by reason
};

// An instance's status, or why there is none.
struct TopReading {
    std::string instance;
    nlohmann::json status;
    std::string trouble;  // empty: there is a status
};

class TopModel {
public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::size_t history_max = 60;

    // Replaces what there was by what was read at `now`. Instances and peers that are not in it are
    // forgotten, and so is the history of an instance in trouble. A counter that is smaller than
    // before began again at 0. Members that are missing or of another kind count as 0 or empty.
    void read(const std::vector<TopReading>& readings, Time now);

    [[nodiscard]] const std::vector<TopInstance>& instances() const noexcept { return instances_; }

private:
    // What the next reading is compared with.
    struct Last {
        Time time;
        std::map<std::string, TopCounter> drops;
        std::map<std::string, TopPeer> peers;  // by public key
    };

    [[nodiscard]] TopInstance read_one(const TopReading& reading, Time now);

    std::vector<TopInstance> instances_;
    std::map<std::string, Last> last_;  // by instance
};

}  // namespace wgns
