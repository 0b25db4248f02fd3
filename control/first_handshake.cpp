#include "control/first_handshake.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "control/control_server.h"
#include "control/daemon.h"
#include "control/held_signals.h"

namespace wgns {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds answer_patience{5};
constexpr std::chrono::milliseconds status_pause{50};

bool has_handshake(const StateDir& state) {
    const auto answer =
        ask_control(state.control_socket().string(), control_word::status, answer_patience);
    const auto status = answer ? nlohmann::json::parse(*answer, nullptr, false) : nlohmann::json();
    if (!status.is_object()) return false;
    const auto& peers = status.value("peers", nlohmann::json::array());
    return std::any_of(peers.begin(), peers.end(), [](const nlohmann::json& peer) {
        return peer.value("latest_handshake", std::int64_t{0}) != 0;
    });
}

}  // namespace

Result<Done, Failure> wait_first_handshake(const StateDir& state, std::chrono::seconds patience) {
    const auto deadline = steady_clock::now() + patience;
    const auto begun =
        ask_control(state.control_socket().string(), control_word::handshake, answer_patience);
    if (!begun) return step_failed("handshake", begun.error());
    while (!has_handshake(state)) {
        if (is_told_to_end())
            return Failure{exit_status::failed, "up " + state.name() + ": interrupted"};
        if (steady_clock::now() >= deadline)
            return Failure{exit_status::failed,
                           fmt::format("up {}: no handshake within {} s; look at Endpoint, at the "
                                       "peer's PublicKey, and whether it knows ours",
                                       state.name(), patience.count())};
        std::this_thread::sleep_for(status_pause);
    }
    return Done{};
}

}  // namespace wgns
