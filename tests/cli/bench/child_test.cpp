#include "cli/bench/child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

namespace wgns::bench {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using namespace std::chrono_literals;

SteadyTime soon() {
    return std::chrono::steady_clock::now() + 20s;
}

TEST(BenchChild, SaysWhatCameOfIt) {
    const Interrupt interrupt;
    auto child = Child::start([](Channel& channel) {
        const auto order = channel.receive();
        static_cast<void>(channel.send(order->get<int>() + 1));
    });
    ASSERT_TRUE(child);
    EXPECT_TRUE(child->channel().send(41));
    const auto value = child->hear(interrupt, soon());
    ASSERT_TRUE(value);
    EXPECT_EQ(*value, 42);
}

TEST(BenchChild, AnErrorAnExceptionAndAnEarlyEndAreFailures) {
    const Interrupt interrupt;
    const struct {
        std::function<void(Channel&)> work;
        const char* line;
    } rows[] = {
        {[](Channel& channel) { static_cast<void>(channel.send(error_json("no route"))); },
         "bench: no route"},
        {[](Channel&) { throw std::runtime_error("thrown"); }, "bench: thrown"},
        {[](Channel&) {}, "bench: a process of its own ended early"},
    };
    for (const auto& row : rows) {
        auto child = Child::start(row.work);
        ASSERT_TRUE(child);
        const auto value = child->hear(interrupt, soon());
        ASSERT_FALSE(value);
        EXPECT_EQ(value.error().line, row.line);
        EXPECT_EQ(value.error().status, exit_status::failed);
    }
}

TEST(BenchChild, OneAtAnotherHostIsCalledByItsName) {
    const Interrupt interrupt;
    auto [near, far] = *Channel::make();
    Child child = Child::at("10.0.0.1:7", std::move(near));
    EXPECT_TRUE(far.send(error_json("no room")));
    EXPECT_EQ(child.hear(interrupt, soon()).error().line, "bench: 10.0.0.1:7: no room");
    EXPECT_THAT(child.hear(interrupt, std::chrono::steady_clock::now() + 10ms).error().line,
                HasSubstr("10.0.0.1:7 does not answer"));
    far.close();
    EXPECT_THAT(child.hear(interrupt, soon()).error().line,
                HasSubstr("lost the connection to 10.0.0.1:7"));
}

TEST(BenchChild, WhoSaysNothingIsNotWaitedForAndGoneAfterwards) {
    const Interrupt interrupt;
    pid_t pid = 0;
    {
        auto child = Child::start([](Channel& channel) {
            static_cast<void>(channel.send(::getpid()));
            for (;;)
                ::pause();
        });
        ASSERT_TRUE(child);
        pid = child->hear(interrupt, soon())->get<pid_t>();
        const auto value = child->hear(interrupt, std::chrono::steady_clock::now() + 10ms);
        ASSERT_FALSE(value);
        EXPECT_THAT(value.error().line, HasSubstr("in time"));
    }
    EXPECT_EQ(::kill(pid, 0), -1);
    EXPECT_EQ(errno, ESRCH);
}

TEST(BenchChild, OneThatIsDismissedEndsByItself) {
    auto child = Child::start([](Channel& channel) { static_cast<void>(channel.receive()); });
    ASSERT_TRUE(child);
    child->dismiss();
}

}  // namespace
}  // namespace wgns::bench
