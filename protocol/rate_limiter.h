// How often one source may ask for a handshake, or for a cookie, while the device is under load
// (whitepaper 5.3): a token bucket for each IPv4 address and each IPv6 /64, or for each of their
// ports.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/ip_address.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "protocol/limits.h"

namespace wgns {

// Memory is bounded, and so is the work: a source has one small set of places, chosen by a keyed
// hash that a stranger cannot steer. A bucket that is full again is the same as none, so its place
// is free once they are all back, and nothing needs to be collected. One thread.
class RateLimiter {
public:
    enum class Source { host, host_and_port };

    // A source has `burst` tokens at first, and one more every `token_time`.
    struct Rate {
        Duration token_time;
        unsigned burst;
    };
    RateLimiter(Entropy& entropy, Rate rate, Source source) noexcept;

    // Takes a token. False: the source has none left, or all its places are others'. Allocates at
    // the first call only.
    [[nodiscard]] bool allow(const Endpoint& from, TimePoint now);

private:
    static constexpr std::size_t set_size = 16;
    static constexpr std::size_t set_count = limits::limiter_entries_max / set_size;

    struct Bucket {
        std::uint64_t name = 0;  // of the source, by the keyed hash
        TimePoint full_at;       // when the last token is back
    };

    Rate rate_;
    Source source_;
    Secret<32, struct RateLimiterSecretTag> secret_;
    std::unique_ptr<Bucket[]> buckets_;  // set_count sets; made when first needed
};

}  // namespace wgns
