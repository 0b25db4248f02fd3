#include "protocol/rate_limiter.h"

#include <algorithm>
#include <span>

#include "crypto/hash.h"

namespace wgns {

namespace {

constexpr Duration token_time =
    Duration(std::chrono::seconds(1)) / limits::limiter_handshakes_per_second;
constexpr Duration burst_time = token_time * limits::limiter_burst;

// What counts as one source: hosts choose the lower half of an IPv6 address themselves.
Bytes source_network(const IpAddress& source) noexcept {
    return source.is_v4() ? source.bytes() : source.bytes().first(8);
}

}  // namespace

RateLimiter::RateLimiter(Entropy& entropy) noexcept {
    entropy.fill(secret_.mutable_bytes());
}

bool RateLimiter::allow(const IpAddress& source, TimePoint now) {
    if (!buckets_) buckets_ = std::make_unique<Bucket[]>(limits::limiter_entries_max);

    const Mac hash = blake2s_mac(secret_.bytes(), {source_network(source)});
    const auto name = load_le<std::uint64_t>(hash);
    const std::size_t first = load_le<std::uint64_t>(Bytes(hash).subspan(8)) % set_count * set_size;
    const std::span set(&buckets_[first], set_size);

    auto bucket =
        std::find_if(set.begin(), set.end(), [&](const Bucket& b) { return b.name == name; });
    if (bucket == set.end())
        bucket =
            std::find_if(set.begin(), set.end(), [&](const Bucket& b) { return b.full_at <= now; });
    if (bucket == set.end()) return false;

    const TimePoint full_at = std::max(bucket->full_at, now) + token_time;
    if (full_at - now > burst_time) return false;
    *bucket = {name, full_at};
    return true;
}

}  // namespace wgns
