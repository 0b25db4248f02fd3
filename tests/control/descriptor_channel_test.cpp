#include "control/descriptor_channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace wgns {
namespace {

struct Ends {
    DescriptorChannel left;
    DescriptorChannel right;
};

Ends make_ends() {
    auto pair = DescriptorChannel::create_pair();
    WG_ASSERT(pair.has_value());
    return {std::move(pair->first), std::move(pair->second)};
}

TEST(DescriptorChannel, CarriesTextAndDescriptors) {
    Ends ends = make_ends();
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(::pipe2(pipe_ends.data(), O_CLOEXEC), 0);
    const UniqueFd reader(pipe_ends[0]);
    UniqueFd writer(pipe_ends[1]);
    ASSERT_TRUE(ends.left.send({{"answer", 42}}, {{"writer", writer.get()}}));
    writer.reset();

    auto received = ends.right.receive();
    ASSERT_TRUE(received);
    ASSERT_TRUE(received->has_value());
    EXPECT_EQ((**received).body["answer"], 42);
    const UniqueFd& passed = (**received).descriptors.at("writer");
    EXPECT_EQ(::fcntl(passed.get(), F_GETFD), FD_CLOEXEC);
    ASSERT_EQ(::write(passed.get(), "x", 1), 1);
    char got = 0;
    EXPECT_EQ(::read(reader.get(), &got, 1), 1);
    EXPECT_EQ(got, 'x');
}

TEST(DescriptorChannel, KeepsMessagesApart) {
    Ends ends = make_ends();
    ASSERT_TRUE(ends.left.send(1));
    ASSERT_TRUE(ends.left.send(2));
    for (const int wanted : {1, 2}) {
        auto received = ends.right.receive();
        ASSERT_TRUE(received && received->has_value());
        EXPECT_EQ((**received).body, wanted);
    }
}

TEST(DescriptorChannel, TellsTheEnd) {
    Ends ends = make_ends();
    { const DescriptorChannel closed = std::move(ends.left); }
    const auto received = ends.right.receive();
    ASSERT_TRUE(received);
    EXPECT_FALSE(received->has_value());
    const auto sent = ends.right.send(1);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, EPIPE);
}

TEST(DescriptorChannel, RefusesWhatIsTooLarge) {
    Ends ends = make_ends();
    const auto text = ends.left.send(std::string(DescriptorChannel::max_text_bytes, 'x'));
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, EMSGSIZE);
    std::map<std::string, int> many;
    for (std::size_t i = 0; i <= DescriptorChannel::max_descriptors; ++i)
        many[std::to_string(i)] = 0;
    EXPECT_FALSE(ends.left.send(1, many));
}

TEST(DescriptorChannel, RefusesMessagesOfAnotherShape) {
    const std::string texts[] = {
        /* 0 */ "",
        /* 1 */ "{",
        /* 2 */ "[]",
        /* 3 */ R"({"body":1})",
        /* 4 */ R"({"body":1,"descriptors":["tun"]})",
        /* 5 */ R"({"body":1,"descriptors":7})",
        /* 6 */ std::string(DescriptorChannel::max_text_bytes + 1, ' '),
    };
    // An empty message cannot be told from the end; it is the first case only to say so.
    for (std::size_t i = 1; i < std::size(texts); ++i) {
        Ends ends = make_ends();
        ASSERT_EQ(::send(ends.left.fd(), texts[i].data(), texts[i].size(), 0),
                  static_cast<ssize_t>(texts[i].size()));
        EXPECT_FALSE(ends.right.receive()) << i;
    }
}

}  // namespace
}  // namespace wgns
