#include "protocol/rate_limiter.h"

#include <algorithm>
#include <span>

#include "crypto/hash.h"

namespace wgns {

namespace {

// What counts as one source: hosts choose the lower half of an IPv6 address themselves.
Bytes source_network(const IpAddress& source) noexcept {
    return source.is_v4() ? source.bytes() : source.bytes().first(8);
}

}  // namespace

RateLimiter::RateLimiter(Entropy& entropy, Rate rate, Source source) noexcept
    : rate_(rate), source_(source) {
    entropy.fill(secret_.mutable_bytes());
}

bool RateLimiter::allow(const Endpoint& from, TimePoint now) {
    if (!buckets_) buckets_ = std::make_unique<Bucket[]>(limits::limiter_entries_max);

    std::array<std::uint8_t, 2> port{};
    if (source_ == Source::host_and_port) store_be(port, from.port);
    const Mac hash = blake2s_mac(secret_.bytes(), {source_network(from.address), port});
    const auto name = load_le<std::uint64_t>(hash);
    const std::size_t first = load_le<std::uint64_t>(Bytes(hash).subspan(8)) % set_count * set_size;
    const std::span set(&buckets_[first], set_size);

    auto bucket =
        std::find_if(set.begin(), set.end(), [&](const Bucket& b) { return b.name == name; });
    if (bucket == set.end())
        bucket =
            std::find_if(set.begin(), set.end(), [&](const Bucket& b) { return b.full_at <= now; });
    if (bucket == set.end()) return false;

    const TimePoint full_at = std::max(bucket->full_at, now) + rate_.token_time;
    if (full_at - now > rate_.token_time * rate_.burst) return false;
    *bucket = {name, full_at};
    return true;
}

}  // namespace wgns
