#include "protocol/allowed_ips.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "allowed_ips_model.h"

namespace wgns {
namespace {

// Peers are only names to the table, so addresses with nothing behind them do.
Peer* peer(std::size_t number) {
    static std::array<std::uint64_t, 1024> names;
    return reinterpret_cast<Peer*>(&names.at(number));
}

IpPrefix prefix(std::string_view text) {
    return IpPrefix::parse(text).value();
}

IpAddress address(std::string_view text) {
    return IpAddress::parse(text).value();
}

std::vector<std::string> listed(const AllowedIps& table, const Peer* owner) {
    std::vector<std::string> texts;
    table.for_each(owner, [&](const IpPrefix& p) { texts.push_back(p.to_string()); });
    return texts;
}

using Texts = std::vector<std::string>;

TEST(AllowedIps, EmptyHoldsNothing) {
    AllowedIps table;
    EXPECT_EQ(table.find(address("10.0.0.1")), nullptr);
    EXPECT_EQ(table.find(address("::")), nullptr);
    EXPECT_FALSE(table.remove(prefix("0.0.0.0/0"), peer(1)));
    table.remove_all(peer(1));
    EXPECT_EQ(listed(table, peer(1)), Texts{});
}

TEST(AllowedIps, LongestPrefixWins) {
    AllowedIps table;
    table.insert(prefix("192.168.4.0/24"), peer(1));
    table.insert(prefix("192.168.4.4/32"), peer(2));
    table.insert(prefix("192.168.0.0/16"), peer(3));
    table.insert(prefix("192.95.5.64/27"), peer(4));
    table.insert(prefix("192.95.5.65/27"), peer(5));  // the same, with a host bit
    table.insert(prefix("0.0.0.0/0"), peer(6));
    table.insert(prefix("::/0"), peer(7));
    table.insert(prefix("2001:db8::/32"), peer(8));
    table.insert(prefix("2001:db8:0:0:8000::/65"), peer(9));
    table.insert(prefix("2001:db8::1/128"), peer(10));
    table.insert(prefix("64.0.0.0/2"), peer(11));
    const std::vector<std::pair<std::string_view, std::size_t>> cases = {
        /*  1 */ {"192.168.4.20", 1},
        /*  2 */ {"192.168.4.4", 2},
        /*  3 */ {"192.168.4.5", 1},
        /*  4 */ {"192.168.200.182", 3},
        /*  5 */ {"192.95.5.68", 5},
        /*  6 */ {"192.95.5.96", 6},
        /*  7 */ {"255.255.255.255", 6},
        /*  8 */ {"0.0.0.0", 6},
        /*  9 */ {"::1", 7},
        /* 10 */ {"2001:db8::2", 8},
        /* 11 */ {"2001:db8::8000:0:0:2", 9},
        /* 12 */ {"2001:db8::1", 10},
        /* 13 */ {"2001:db9::1", 7},
        /* 14 */ {"127.0.0.1", 11},
        /* 15 */ {"128.0.0.1", 6},
        /* 16 */ {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 7},
    };
    for (std::size_t i = 0; i < cases.size(); ++i)
        EXPECT_EQ(table.find(address(cases[i].first)), peer(cases[i].second)) << "case " << i + 1;
    EXPECT_EQ(listed(table, peer(4)), Texts{});
    EXPECT_EQ(listed(table, peer(5)), Texts{"192.95.5.64/27"});
}

TEST(AllowedIps, FamiliesDoNotMix) {
    AllowedIps table;
    table.insert(prefix("0.0.0.0/0"), peer(1));
    EXPECT_EQ(table.find(address("::")), nullptr);
    table.insert(prefix("::/0"), peer(2));
    EXPECT_EQ(table.find(address("1.2.3.4")), peer(1));
    EXPECT_TRUE(table.remove(prefix("0.0.0.0/0"), peer(1)));
    EXPECT_EQ(table.find(address("1.2.3.4")), nullptr);
    EXPECT_EQ(table.find(address("102:304::")), peer(2));
}

TEST(AllowedIps, APrefixMovesToWhoeverClaimsItLast) {
    AllowedIps table;
    table.insert(prefix("10.0.0.0/8"), peer(1));
    table.insert(prefix("10.1.0.0/16"), peer(1));
    table.insert(prefix("10.0.0.99/8"), peer(2));
    EXPECT_EQ(table.find(address("10.2.0.1")), peer(2));
    EXPECT_EQ(table.find(address("10.1.0.1")), peer(1));
    EXPECT_EQ(listed(table, peer(1)), Texts{"10.1.0.0/16"});
    EXPECT_EQ(listed(table, peer(2)), Texts{"10.0.0.0/8"});
    table.insert(prefix("10.0.0.0/8"), peer(2));
    EXPECT_EQ(listed(table, peer(2)), Texts{"10.0.0.0/8"});
}

TEST(AllowedIps, OnlyTheOwnerRemoves) {
    AllowedIps table;
    table.insert(prefix("10.0.0.0/8"), peer(1));
    EXPECT_FALSE(table.remove(prefix("10.0.0.0/8"), peer(2)));
    EXPECT_FALSE(table.remove(prefix("10.0.0.0/9"), peer(1)));
    EXPECT_FALSE(table.remove(prefix("10.0.0.0/7"), peer(1)));
    EXPECT_TRUE(table.remove(prefix("10.9.9.9/8"), peer(1)));
    EXPECT_FALSE(table.remove(prefix("10.0.0.0/8"), peer(1)));
    EXPECT_EQ(table.find(address("10.0.0.1")), nullptr);
}

TEST(AllowedIps, ForksAreNobodys) {
    AllowedIps table;
    table.insert(prefix("10.0.0.0/24"), peer(1));
    table.insert(prefix("10.0.1.0/24"), peer(1));  // a fork at 10.0.0.0/23
    EXPECT_FALSE(table.remove(prefix("10.0.0.0/23"), peer(1)));
    EXPECT_EQ(table.find(address("10.0.2.1")), nullptr);
    table.insert(prefix("10.0.0.0/23"), peer(2));  // the fork gets an owner, and loses it again
    EXPECT_TRUE(table.remove(prefix("10.0.0.0/23"), peer(2)));
    EXPECT_EQ(table.find(address("10.0.0.1")), peer(1));
    EXPECT_EQ(table.find(address("10.0.1.1")), peer(1));
    EXPECT_TRUE(table.remove(prefix("10.0.0.0/24"), peer(1)));
    EXPECT_EQ(table.find(address("10.0.0.1")), nullptr);
    EXPECT_EQ(table.find(address("10.0.1.1")), peer(1));
}

TEST(AllowedIps, ChurnDoesNotGrowTheTable) {
    AllowedIps table;
    const std::size_t empty = table.node_count();
    for (std::uint8_t i = 0; i < 200; ++i) {
        const IpPrefix left{IpAddress::v4(std::array<std::uint8_t, 4>{10, i, 0, 0}), 24};
        const IpPrefix right{IpAddress::v4(std::array<std::uint8_t, 4>{10, i, 1, 0}), 24};
        table.insert(left, peer(1));
        table.insert(right, peer(1));
        EXPECT_TRUE(table.remove(left, peer(1)));
        table.insert(left, peer(2));
        table.remove_all(peer(1));
        table.remove_all(peer(2));
    }
    EXPECT_LE(table.node_count(), empty + 3);  // two prefixes and their fork
}

TEST(AllowedIps, ListKeepsTheOrder) {
    AllowedIps table;
    for (const auto* text : {"10.9.0.0/16", "fd00::/8", "0.0.0.0/0", "10.0.0.1/32"})
        table.insert(prefix(text), peer(1));
    EXPECT_EQ(listed(table, peer(1)),
              (Texts{"10.9.0.0/16", "fd00::/8", "0.0.0.0/0", "10.0.0.1/32"}));
    table.insert(prefix("fd00::/8"), peer(2));
    table.insert(prefix("fd00::/8"), peer(1));
    EXPECT_EQ(listed(table, peer(1)),
              (Texts{"10.9.0.0/16", "0.0.0.0/0", "10.0.0.1/32", "fd00::/8"}));
    table.remove_all(peer(1));
    EXPECT_EQ(listed(table, peer(1)), Texts{});
    EXPECT_EQ(table.find(address("10.0.0.1")), nullptr);
}

// A chain as deep as an address has bits.
TEST(AllowedIps, EveryLengthOfOneAddress) {
    AllowedIps table;
    const IpAddress deep = address("2001:db8:aaaa:5555:1234:5678:9abc:def1");
    for (unsigned length = 0; length <= 128; ++length)
        table.insert({deep, static_cast<std::uint8_t>(length)}, peer(length));
    for (unsigned length = 128; length > 0; --length) {
        EXPECT_EQ(table.find(deep), peer(length));
        EXPECT_TRUE(table.remove({deep, static_cast<std::uint8_t>(length)}, peer(length)));
    }
    EXPECT_EQ(table.find(deep), peer(0));
}

// Few distinct bits, so that prefixes nest, and meet again at removal.
IpAddress random_address(std::mt19937& random, bool v4) {
    std::array<std::uint8_t, 16> raw{};
    const std::size_t used = v4 ? 4 : 16;
    for (std::size_t i = 0; i < used; ++i)
        raw[i] = static_cast<std::uint8_t>(random() % 8 == 0 ? random() : (random() % 2) * 0x81);
    return v4 ? IpAddress::v4(std::span(raw).first<4>()) : IpAddress::v6(raw);
}

void compare(const AllowedIps& table, const AllowedIpsModel& model, std::mt19937& random, bool v4) {
    for (int i = 0; i < 20; ++i) {
        const IpAddress a = random_address(random, v4);
        ASSERT_EQ(table.find(a), model.find(a)) << a.to_string();
    }
    const std::size_t owner = random() % 8;
    std::set<IpPrefix> listed;
    std::size_t count = 0;
    table.for_each(peer(owner), [&](const IpPrefix& p) {
        listed.insert(p);
        ++count;
    });
    ASSERT_EQ(listed, model.owned_by(peer(owner)));
    ASSERT_EQ(count, listed.size());
}

void compare_with_model(bool v4) {
    std::mt19937 random(v4 ? 4 : 6);
    AllowedIps table;
    AllowedIpsModel model;
    for (int step = 0; step < 6000; ++step) {
        const IpAddress base = random_address(random, v4);
        const IpPrefix p{base, static_cast<std::uint8_t>(random() % (base.bits() + 1))};
        Peer* const owner = peer(random() % 8);
        const unsigned kind = static_cast<unsigned>(random() % 100);
        if (kind < 60) {
            table.insert(p, owner);
            model.insert(p, owner);
        } else if (kind < 99) {
            ASSERT_EQ(table.remove(p, owner), model.remove(p, owner)) << p.to_string();
            const auto owned = model.owned_by(owner);
            if (owned.empty()) continue;
            const IpPrefix hit =
                *std::next(owned.begin(), static_cast<std::ptrdiff_t>(random() % owned.size()));
            ASSERT_TRUE(table.remove(hit, owner)) << hit.to_string();
            ASSERT_TRUE(model.remove(hit, owner));
        } else {
            table.remove_all(owner);
            model.remove_all(owner);
        }
        if (step % 5 != 0) continue;
        ASSERT_NO_FATAL_FAILURE(compare(table, model, random, v4)) << step;
    }
    EXPECT_GT(model.size(), 0u);
}

TEST(AllowedIps, AgreesWithAModelIpv4) {
    compare_with_model(true);
}

TEST(AllowedIps, AgreesWithAModelIpv6) {
    compare_with_model(false);
}

// As many as wireguard's own large test loads. Below a second by far in a release build; the
// deadline leaves room for sanitizers.
TEST(AllowedIps, ManyEntriesLoadAndListQuickly) {
    constexpr std::size_t entries = 130'560;
    const auto start = std::chrono::steady_clock::now();
    AllowedIps table;
    std::array<std::uint8_t, 16> raw{0xfd};
    for (std::size_t i = 0; i < entries; ++i) {
        store_be(std::span(raw).subspan(4), static_cast<std::uint32_t>(i));
        const bool v4 = i % 2 == 0;
        const IpAddress a =
            v4 ? IpAddress::v4(std::span(raw).subspan(4).first<4>()) : IpAddress::v6(raw);
        table.insert({a, static_cast<std::uint8_t>(v4 ? 32 : 64)}, peer(i / 256));
    }
    std::size_t listed = 0;
    for (std::size_t owner = 0; owner <= entries / 256; ++owner)
        table.for_each(peer(owner), [&](const IpPrefix& p) {
            EXPECT_EQ(table.find(p.address), peer(owner));
            ++listed;
        });
    EXPECT_EQ(listed, entries);
    for (std::size_t owner = 0; owner <= entries / 256; ++owner)
        table.remove_all(peer(owner));
    EXPECT_EQ(table.find(address("0.0.0.0")), nullptr);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace wgns
