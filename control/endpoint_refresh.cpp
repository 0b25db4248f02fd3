#include "control/endpoint_refresh.h"

#include <algorithm>

#include "base/assert.h"

namespace wgns {

namespace {

bool is_stale(const PeerFacts& facts) {
    return !facts.handshake_age || *facts.handshake_age > EndpointRefresh::stale_age;
}

// More than an old handshake, which a peer that is not spoken to has too: to look for that one
// elsewhere would lose it.
bool is_silent(const PeerFacts& facts) {
    return is_stale(facts) && facts.unanswered_for >= EndpointRefresh::watch_time;
}

auto position_of(const std::vector<Endpoint>& answers, const Endpoint& endpoint) {
    return std::find_if(answers.begin(), answers.end(),
                        [&](const Endpoint& each) { return each.same_remote(endpoint); });
}

// Retries are never rarer than what is asked for anyway.
BackOff back_off_of(const EndpointRefresh::Times& times) {
    const auto zero = BackOff::Milliseconds::zero();
    auto limit = EndpointRefresh::retry_limit;
    if (times.period != zero) limit = std::min(limit, times.period);
    return {times.first_retry, std::max(limit, times.first_retry)};
}

}  // namespace

EndpointRefresh::EndpointRefresh(Times times, Entropy& entropy, TimePoint now)
    : times_(times),
      entropy_(entropy),
      back_off_(back_off_of(times)),
      lookup_at_(now),
      check_at_(now) {}

bool EndpointRefresh::check(const PeerFacts& facts, TimePoint now) {
    if (is_silent(facts) && !was_silent_) lookup_at_ = now;
    was_silent_ = is_silent(facts);
    const bool is_due = !lookup_at_.is_never() && now >= lookup_at_;
    if (is_due)
        looked_up_at_ = now;
    else
        look_up_at(lookup_at_, now);
    return is_due;
}

std::optional<Endpoint> EndpointRefresh::answered(const std::vector<Endpoint>& answers,
                                                  const PeerFacts& facts, TimePoint now) {
    WG_ASSERT(!answers.empty());
    const auto decision = decide(answers, facts, now);
    const bool is_periodic = times_.period != BackOff::Milliseconds::zero();
    TimePoint next;
    if (is_periodic) next = now + sooner(times_.period);
    was_silent_ = is_silent(facts);
    if (was_silent_) {
        // The answer may be about to change, or the next candidate's turn to come.
        const TimePoint again = now + std::max<Duration>(back_off_.next(), watch_time);
        next = is_periodic ? std::min(next, again) : again;
    } else {
        back_off_.reset();
    }
    look_up_at(next, now);
    return decision;
}

std::optional<Endpoint> EndpointRefresh::decide(const std::vector<Endpoint>& answers,
                                                const PeerFacts& facts, TimePoint now) const {
    const bool is_known = facts.endpoint.is_set();
    const bool is_ours = is_known && configured_ && facts.endpoint.same_remote(*configured_);
    // It came from there by authentic packets, and answers.
    if (is_known && !is_ours && !is_stale(facts)) return std::nullopt;
    if (!is_known || !configured_) return answers.front();
    const auto at = position_of(answers, *configured_);
    if (at == answers.end()) return answers.front();
    if (!is_silent(facts)) return std::nullopt;
    // Where it went it is no more; perhaps it is back.
    if (!is_ours) return *at;
    if (answers.size() == 1 || now - written_at_ < watch_time) return std::nullopt;
    return std::next(at) == answers.end() ? answers.front() : *std::next(at);
}

void EndpointRefresh::written(const Endpoint& endpoint, TimePoint now) {
    configured_ = endpoint;
    written_at_ = now;
}

void EndpointRefresh::failed(TimePoint now) {
    look_up_at(now + sooner(back_off_.next()), now);
}

void EndpointRefresh::network_changed(TimePoint now) {
    // A peer that answers, or is not spoken to, is none of a period of 0.
    if (lookup_at_.is_never()) return;
    back_off_.reset();
    TimePoint soon = now + settle_time;
    if (!looked_up_at_.is_never()) soon = std::max(soon, looked_up_at_ + wake_pause);
    look_up_at(std::min(lookup_at_, soon), now);
}

void EndpointRefresh::look_up_at(TimePoint when, TimePoint now) {
    lookup_at_ = when;
    check_at_ = now + watch_time;
    if (!when.is_never()) check_at_ = std::min(check_at_, when);
}

// By up to a tenth, so that many peers do not ask in step.
Duration EndpointRefresh::sooner(Duration time) {
    const Duration range = time / 10;
    return time - range / 65'536 * (entropy_.next_u32() >> 16);
}

}  // namespace wgns
