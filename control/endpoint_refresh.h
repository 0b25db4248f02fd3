// When a peer's name is looked up again, and what its answers mean for the peer's endpoint. Without
// clock, resolver and device: facts come in, decisions go out, and the caller carries them out.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "control/back_off.h"
#include "crypto/random.h"

namespace wgns {

// A peer as the device has it.
struct PeerFacts {
    Endpoint endpoint;                      // not set: none known
    std::optional<Duration> handshake_age;  // none: there never was one
    Duration unanswered_for{0};             // since the first initiation without an answer
};

class EndpointRefresh {
public:
    // A peer whose last handshake is older does not answer, or is not spoken to: a session in use
    // is renewed after 120 s, and a lost initiation or two are repeated by then.
    static constexpr Duration stale_age = std::chrono::seconds(135);
    // How long a peer may leave initiations unanswered, which is three of them; how often that is
    // looked at, and how long one candidate is tried.
    static constexpr Duration watch_time = std::chrono::seconds(15);
    // After a change of the network, which seldom comes alone; and between two lookups because of
    // changes.
    static constexpr Duration settle_time = std::chrono::seconds(1);
    static constexpr Duration wake_pause = std::chrono::seconds(10);
    static constexpr BackOff::Milliseconds retry_limit{60'000};

    struct Times {
        BackOff::Milliseconds period{0};          // 0: at first, and when the peer is silent
        BackOff::Milliseconds first_retry{1000};  // doubles up to the period or retry_limit
    };
    // The first check is due at once. `entropy` outlives this.
    EndpointRefresh(Times times, Entropy& entropy, TimePoint now);

    // When the next check is due.
    [[nodiscard]] TimePoint next_check() const noexcept { return check_at_; }
    // Whether the name is to be looked up now. True is followed by answered() or failed().
    [[nodiscard]] bool check(const PeerFacts& facts, TimePoint now);
    // `answers`: at least one. The endpoint that the peer is to have, if another than now.
    [[nodiscard]] std::optional<Endpoint> answered(const std::vector<Endpoint>& answers,
                                                   const PeerFacts& facts, TimePoint now);
    // The peer has been given what answered() said.
    void written(const Endpoint& endpoint, TimePoint now);
    // No answer came, or it could not be written.
    void failed(TimePoint now);
    // Routes or addresses of the host are others.
    void network_changed(TimePoint now);

private:
    [[nodiscard]] std::optional<Endpoint> decide(const std::vector<Endpoint>& answers,
                                                 const PeerFacts& facts, TimePoint now) const;
    void look_up_at(TimePoint when, TimePoint now);
    [[nodiscard]] Duration sooner(Duration time);

    Times times_;
    Entropy& entropy_;
    BackOff back_off_;
    std::optional<Endpoint> configured_;  // what was written last
    TimePoint written_at_;
    TimePoint looked_up_at_;
    TimePoint lookup_at_;  // "never": not unless the peer falls silent
    TimePoint check_at_;
    bool was_silent_ = false;  // at the last look
};

}  // namespace wgns
