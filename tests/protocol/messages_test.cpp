#include "protocol/messages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace wgns {
namespace {

// Bytes that count up, so that each says where it stands; the first four are the type.
std::vector<std::uint8_t> counting(std::uint32_t type, std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    if (size >= 4) store_le(MutableBytes(bytes), type);
    return bytes;
}

bool is_run(Bytes bytes, std::size_t first, std::size_t size) {
    std::vector<std::uint8_t> expected(size);
    std::iota(expected.begin(), expected.end(), static_cast<std::uint8_t>(first));
    return std::equal(bytes.begin(), bytes.end(), expected.begin(), expected.end());
}

TEST(Messages, AreToldApartByTypeAndSize) {
    struct Case {
        std::uint32_t type;
        std::size_t size;
        std::optional<MessageType> expected;
    };
    const Case cases[] = {
        /* 1 */ {1, 148, MessageType::initiation},
        /* 2 */ {1, 147, std::nullopt},
        /* 3 */ {1, 149, std::nullopt},
        /* 4 */ {2, 92, MessageType::response},
        /* 5 */ {2, 91, std::nullopt},
        /* 6 */ {2, 93, std::nullopt},
        /* 7 */ {3, 64, MessageType::cookie_reply},
        /* 8 */ {3, 63, std::nullopt},
        /* 9 */ {3, 65, std::nullopt},
        /* 10 */ {4, 31, std::nullopt},
        /* 11 */ {4, 32, MessageType::data},
        /* 12 */ {4, 33, MessageType::data},  // a length that is no multiple of 16
        /* 13 */ {4, 65'507, MessageType::data},
        /* 14 */ {0, 148, std::nullopt},
        /* 15 */ {5, 148, std::nullopt},
        /* 16 */ {0x101, 148, std::nullopt},  // the reserved bytes are zero
        /* 17 */ {0x1'0004, 32, std::nullopt},
        /* 18 */ {0x100'0002, 92, std::nullopt},
        /* 19 */ {0x1000'0000, 148, std::nullopt},  // type 1 in the other byte order
        /* 20 */ {1, 92, std::nullopt},
        /* 21 */ {4, 4, std::nullopt},
        /* 22 */ {4, 3, std::nullopt},
        /* 23 */ {4, 0, std::nullopt},
    };
    int number = 0;
    for (const Case& test : cases) {
        const auto bytes = counting(test.type, test.size);
        ++number;
        EXPECT_EQ(classify_message(bytes), test.expected) << "case " << number;
        EXPECT_EQ(InitiationView::parse(bytes).has_value(),
                  test.expected == MessageType::initiation);
        EXPECT_EQ(ResponseView::parse(bytes).has_value(), test.expected == MessageType::response);
        EXPECT_EQ(CookieReplyView::parse(bytes).has_value(),
                  test.expected == MessageType::cookie_reply);
        EXPECT_EQ(DataView::parse(bytes).has_value(), test.expected == MessageType::data);
    }
}

TEST(InitiationView, FindsEachField) {
    const auto bytes = counting(1, initiation_size);
    const auto view = InitiationView::parse(bytes);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->sender(), 0x07060504u);
    EXPECT_TRUE(is_run(view->ephemeral().bytes, 8, 32));
    EXPECT_TRUE(is_run(view->sealed_static(), 40, 48));
    EXPECT_TRUE(is_run(view->sealed_timestamp(), 88, 28));
    EXPECT_TRUE(is_run(mac1_of(bytes), 116, 16));
    EXPECT_TRUE(is_run(mac2_of(bytes), 132, 16));
    EXPECT_EQ(before_mac1(bytes).size(), 116u);
    EXPECT_EQ(before_mac2(bytes).size(), 132u);
    EXPECT_EQ(InitiationView::mac1_at, 116u);
}

TEST(ResponseView, FindsEachField) {
    const auto bytes = counting(2, response_size);
    const auto view = ResponseView::parse(bytes);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->sender(), 0x07060504u);
    EXPECT_EQ(view->receiver(), 0x0b0a0908u);
    EXPECT_TRUE(is_run(view->ephemeral().bytes, 12, 32));
    EXPECT_TRUE(is_run(view->sealed_nothing(), 44, 16));
    EXPECT_TRUE(is_run(mac1_of(bytes), 60, 16));
    EXPECT_TRUE(is_run(mac2_of(bytes), 76, 16));
    EXPECT_EQ(ResponseView::mac1_at, 60u);
}

TEST(CookieReplyView, FindsEachField) {
    const auto bytes = counting(3, cookie_reply_size);
    const auto view = CookieReplyView::parse(bytes);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->receiver(), 0x07060504u);
    EXPECT_TRUE(is_run(view->nonce(), 8, 24));
    EXPECT_TRUE(is_run(view->sealed_cookie(), 32, 32));
}

TEST(DataView, ReadsWhatTheHeaderWriterWrote) {
    std::vector<std::uint8_t> bytes(data_overhead + 16, 0xee);
    write_data_header(bytes, 0x11223344, 0x0102030405060708);
    const std::uint8_t expected[data_header_size] = {4, 0, 0, 0, 0x44, 0x33, 0x22, 0x11,
                                                     8, 7, 6, 5, 4,    3,    2,    1};
    EXPECT_TRUE(std::equal(std::begin(expected), std::end(expected), bytes.begin()));
    const auto view = DataView::parse(bytes);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->receiver(), 0x11223344u);
    EXPECT_EQ(view->counter(), 0x0102030405060708u);
    EXPECT_EQ(view->sealed().size(), 32u);
    EXPECT_EQ(view->sealed().data(), bytes.data() + data_header_size);
}

// The counter is 64 bits wide on every machine.
TEST(DataView, CountsBeyondThirtyTwoBits) {
    std::vector<std::uint8_t> bytes(data_overhead);
    for (const std::uint64_t counter : {0xffffffffull, 0x100000000ull, 0xffffffffffffffffull}) {
        write_data_header(bytes, 1, counter);
        EXPECT_EQ(DataView::parse(bytes)->counter(), counter);
    }
}

}  // namespace
}  // namespace wgns
