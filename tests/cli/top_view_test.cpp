#include "cli/top_view.h"

#include <gtest/gtest.h>

#include <clocale>

namespace wgns {
namespace {

std::vector<std::string> texts_of(const std::vector<TopLine>& lines) {
    std::vector<std::string> all;
    for (const TopLine& line : lines) {
        std::string text;
        for (const TopPart& part : line)
            text += part.text;
        all.push_back(text.substr(0, text.find_last_not_of(' ') + 1));
    }
    return all;
}

TopInstance home_instance() {
    TopInstance home;
    home.name = "home";
    home.listen_port = 51820;
    home.io = "uring";
    home.aead = "wide";
    home.handshake_messages = 2;
    home.longest_turn_us = 250;
    home.drops["bad_tag"] = {7, {1.5}};
    TopPeer peer;
    peer.name = "office";
    peer.endpoint = "192.0.2.1:7";
    peer.latest_handshake = 995;
    peer.received = {4096, {0, 1024, 2048}};
    peer.sent = {0, {0, 0, 0}};
    home.peers.push_back(peer);
    return home;
}

struct TopView : testing::Test {
    TopView() { std::setlocale(LC_CTYPE, "C.UTF-8"); }
    ~TopView() override { std::setlocale(LC_CTYPE, "C"); }
};

TEST_F(TopView, AFrame) {
    const auto lines = texts_of(top_lines({home_instance()}, {61, true, 1000}));
    const std::vector<std::string> expected{
        "home  port 51820, uring, wide",
        "  0 packets staged, 2 handshake messages, longest turn 250 us",
        "  dropped bad_tag: 1.5/s, 7 in all",
        "  office                       in     2.00 KiB/s           ▄█",
        "    192.0.2.1:7                out         0 B/s",
        "    handshake 5 seconds ago",
    };
    EXPECT_EQ(lines, expected);
}

TEST_F(TopView, WhatIsNotKnown) {
    TopInstance home = home_instance();
    home.drops.clear();
    home.peers[0] = {"office", "", 0, 3, {}, {}};
    const auto lines = texts_of(top_lines({home}, {80, true, 1000}));
    ASSERT_EQ(lines.size(), 5U);
    EXPECT_EQ(lines[1], "  3 packets staged, 2 handshake messages, longest turn 250 us");
    EXPECT_TRUE(lines[2].ends_with(" -")) << lines[2];
    EXPECT_TRUE(lines[3].starts_with("    no endpoint "));
    EXPECT_EQ(lines[4], "    handshake never, 3 packets wait for it");
}

TEST_F(TopView, SeveralInstancesAndTrouble) {
    TopInstance other;
    other.name = "other";
    other.trouble = "other: not running";
    const auto lines = texts_of(top_lines({home_instance(), other}, {80, true, 1000}));
    ASSERT_EQ(lines.size(), 9U);
    EXPECT_EQ(lines[6], "");
    EXPECT_EQ(lines[7], "other");
    EXPECT_EQ(lines[8], "  other: not running");
    EXPECT_EQ(texts_of(top_lines({}, {80, true, 1000})),
              std::vector<std::string>{"no instance is there"});
}

TEST_F(TopView, NoLineIsWiderThanTheTerminal) {
    TopInstance home = home_instance();
    home.peers[0].name = std::string(200, 'x') + "\x1b[2J";
    home.peers[0].received.rates.assign(60, 1e12);
    for (std::size_t columns = 0; columns < 130; ++columns) {
        for (const std::string& text : texts_of(top_lines({home}, {columns, true, 1000}))) {
            EXPECT_LE(width_in_columns(text), columns) << text;
            EXPECT_EQ(text.find('\x1b'), std::string::npos);
        }
    }
}

TEST_F(TopView, Graph) {
    EXPECT_EQ(top_graph({0, 1, 8, 4}, 8, 6, true), "   ▁█▄");
    EXPECT_EQ(top_graph({0, 1, 8, 4}, 8, 6, false), "   .@=");
    EXPECT_EQ(top_graph({0, 1, 8, 4}, 8, 2, true), "█▄");
    EXPECT_EQ(top_graph({0.001, 0}, 1e9, 2, true), "▁ ");
    EXPECT_EQ(top_graph({}, 0, 3, true), "   ");
    EXPECT_EQ(top_graph({0, 0}, 0, 0, true), "");
}

TEST_F(TopView, ClipsByColumns) {
    struct Case {
        const char* text;
        std::size_t columns;
        const char* clipped;
    };
    const Case cases[] = {
        /* 0 */ {"office", 6, "office"},
        /* 1 */ {"office", 3, "off"},
        /* 2 */ {"Büro", 2, "Bü"},
        /* 3 */ {"東京", 3, "東"},
        /* 4 */ {"東京", 4, "東京"},
        /* 5 */ {"e\xcc\x81x", 1, "e\xcc\x81"},
        /* 6 */ {"a\tb\x7f\xc2\x9b", 9, "a?b??"},
        /* 7 */ {"\xff\xc0\x80\xe6\x9d", 9, "?????"},
        /* 8 */ {"x", 0, ""},
    };
    for (const Case& each : cases)
        EXPECT_EQ(clipped(each.text, each.columns), each.clipped) << each.text;
    std::setlocale(LC_CTYPE, "C");
    EXPECT_EQ(clipped("Büro", 9), "B??ro");
}

}  // namespace
}  // namespace wgns
