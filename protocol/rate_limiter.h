// How often one source may ask for a handshake while the device is under load (whitepaper 5.3):
// a token bucket for each IPv4 address and each IPv6 /64.
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
// is free 250 ms after the last grant at the latest, and nothing needs to be collected. One thread.
class RateLimiter {
public:
    explicit RateLimiter(Entropy& entropy) noexcept;

    // Takes a token. False: the source has none left, or all its places are others'. Allocates at
    // the first call only.
    [[nodiscard]] bool allow(const IpAddress& source, TimePoint now);

private:
    static constexpr std::size_t set_size = 16;
    static constexpr std::size_t set_count = limits::limiter_entries_max / set_size;

    struct Bucket {
        std::uint64_t name = 0;  // of the source, by the keyed hash
        TimePoint full_at;       // when the last token is back
    };

    Secret<32, struct RateLimiterSecretTag> secret_;
    std::unique_ptr<Bucket[]> buckets_;  // set_count sets; made when first needed
};

}  // namespace wgns
