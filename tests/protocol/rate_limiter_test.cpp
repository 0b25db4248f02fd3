#include "protocol/rate_limiter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "tests/crypto/seeded_entropy.h"

namespace wgns {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""ns;
using std::chrono_literals::operator""s;

constexpr TimePoint begun(1000s);

Endpoint host(const IpAddress& address) {
    Endpoint endpoint;
    endpoint.address = address;
    return endpoint;
}

Endpoint address(std::string_view text) {
    return host(IpAddress::parse(text).value());
}

Endpoint numbered(std::uint32_t number) {
    std::array<std::uint8_t, 4> raw;
    store_be(raw, number);
    return host(IpAddress::v4(raw));
}

class RateLimiterTest : public ::testing::Test {
protected:
    SeededEntropy entropy_;
    RateLimiter limiter_{entropy_, {50ms, limits::limiter_burst}, RateLimiter::Source::host};

    unsigned granted(std::string_view source, TimePoint now, unsigned asked) {
        unsigned count = 0;
        for (unsigned i = 0; i < asked; ++i)
            count += limiter_.allow(address(source), now) ? 1u : 0u;
        return count;
    }
};

TEST_F(RateLimiterTest, BurstThenRate) {
    struct Step {
        Duration at;
        bool allowed;
    };
    const Step steps[] = {
        /*  1 */ {0ms, true},
        /*  2 */ {0ms, true},
        /*  3 */ {0ms, true},
        /*  4 */ {0ms, true},
        /*  5 */ {0ms, true},
        /*  6 */ {0ms, false},
        /*  7 */ {50ms - 1ns, false},
        /*  8 */ {50ms, true},
        /*  9 */ {50ms, false},
        /* 10 */ {150ms, true},
        /* 11 */ {150ms, true},
        /* 12 */ {150ms, false},
        /* 13 */ {10s, true},  // idle does not save up more than a burst
        /* 14 */ {10s, true},
        /* 15 */ {10s, true},
        /* 16 */ {10s, true},
        /* 17 */ {10s, true},
        /* 18 */ {10s, false},
        /* 19 */ {9s, false},  // a clock that goes back grants nothing
        /* 20 */ {10s + 50ms, true},
    };
    int number = 0;
    for (const Step& step : steps) {
        ++number;
        EXPECT_EQ(limiter_.allow(address("192.0.2.1"), begun + step.at), step.allowed)
            << "step " << number;
    }
}

TEST_F(RateLimiterTest, TwentyASecondWhateverIsAsked) {
    unsigned count = 0;
    for (int i = 0; i < 10'000; ++i)
        count += granted("192.0.2.1", begun + i * 1ms, 3);
    EXPECT_EQ(count, 5u + 199u);  // the burst, then one every 50 ms for less than 10 s
}

TEST_F(RateLimiterTest, SourcesAreIpv4AddressesAndIpv6Networks) {
    EXPECT_EQ(granted("192.0.2.1", begun, 9), 5u);
    EXPECT_EQ(granted("192.0.2.2", begun, 9), 5u);
    EXPECT_EQ(granted("2001:db8:0:1::1", begun, 9), 5u);
    EXPECT_EQ(granted("2001:db8:0:1:ffff:ffff:ffff:ffff", begun, 9), 0u);
    EXPECT_EQ(granted("2001:db8:0:2::1", begun, 9), 5u);
    EXPECT_EQ(granted("c000:201::", begun, 9), 5u);  // begins with the bytes of 192.0.2.1
}

TEST_F(RateLimiterTest, PortsAreSourcesOfTheirOwnIfWanted) {
    RateLimiter of_ports(entropy_, {1s, 1}, RateLimiter::Source::host_and_port);
    const Endpoint first = *Endpoint::parse("192.0.2.1:1"),
                   second = *Endpoint::parse("192.0.2.1:2");
    EXPECT_TRUE(of_ports.allow(first, begun));
    EXPECT_FALSE(of_ports.allow(first, begun + 1s - 1ns));
    EXPECT_TRUE(of_ports.allow(second, begun + 1s - 1ns));
    EXPECT_TRUE(of_ports.allow(first, begun + 1s));
    for (unsigned n = 0; n < limits::limiter_burst; ++n)
        EXPECT_TRUE(limiter_.allow(n % 2 == 0 ? first : second, begun));
    EXPECT_FALSE(limiter_.allow(first, begun));
}

TEST_F(RateLimiterTest, IsBoundedAndRecovers) {
    constexpr std::uint32_t offered = 4 * limits::limiter_entries_max;
    std::size_t granted_once = 0;
    for (std::uint32_t i = 0; i < offered; ++i)
        granted_once += limiter_.allow(numbered(i), begun) ? 1u : 0u;
    EXPECT_LE(granted_once, limits::limiter_entries_max);
    EXPECT_GE(granted_once, limits::limiter_entries_max * 99 / 100);

    // Full is full for newcomers; those inside still have their tokens.
    EXPECT_TRUE(limiter_.allow(numbered(0), begun));
    std::size_t newcomers = 0;
    for (std::uint32_t i = 0; i < 10'000; ++i)
        newcomers += limiter_.allow(numbered(offered + i), begun) ? 1u : 0u;
    EXPECT_LE(newcomers, 100u);

    // Once the tokens are back, the places are free, and nobody is remembered.
    const TimePoint later = begun + 50ms;
    for (std::uint32_t i = 0; i < 10'000; ++i)
        EXPECT_TRUE(limiter_.allow(numbered(offered + i), later));
}

// Well below the bound nobody is turned away for another's sake.
TEST_F(RateLimiterTest, ManySourcesDoNotDisturbEachOther) {
    std::size_t refused = 0;
    for (std::uint32_t i = 0; i < limits::limiter_entries_max / 4; ++i)
        for (unsigned n = 0; n < limits::limiter_burst; ++n)
            refused += limiter_.allow(numbered(i), begun) ? 0u : 1u;
    EXPECT_EQ(refused, 0u);
}

}  // namespace
}  // namespace wgns
