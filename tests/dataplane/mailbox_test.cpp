#include "dataplane/mailbox.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

namespace wgns {
namespace {

TEST(Mailbox, GivesCommandsInOrderAndOnce) {
    Mailbox mailbox = *Mailbox::create();
    EXPECT_TRUE(mailbox.post(SetMtu{1}));
    EXPECT_TRUE(mailbox.post(SetMtu{2}));
    EXPECT_TRUE(mailbox.post(Stop{}));
    const auto taken = mailbox.take();
    ASSERT_EQ(taken.size(), 3u);
    EXPECT_EQ(std::get<SetMtu>(taken[0]).mtu, 1u);
    EXPECT_EQ(std::get<SetMtu>(taken[1]).mtu, 2u);
    EXPECT_TRUE(std::holds_alternative<Stop>(taken[2]));
    EXPECT_TRUE(mailbox.take().empty());
}

TEST(Mailbox, WakesItsReader) {
    Mailbox mailbox = *Mailbox::create();
    pollfd waiting{.fd = mailbox.event_fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&waiting, 1, 0), 0);
    EXPECT_TRUE(mailbox.post(Stop{}));
    EXPECT_EQ(::poll(&waiting, 1, 1000), 1);
}

TEST(Mailbox, IsBounded) {
    Mailbox mailbox = *Mailbox::create();
    for (std::size_t i = 0; i < Mailbox::capacity; ++i)
        EXPECT_TRUE(mailbox.post(SetMtu{}));
    EXPECT_FALSE(mailbox.post(SetMtu{}));
    EXPECT_EQ(mailbox.take().size(), Mailbox::capacity);
    EXPECT_TRUE(mailbox.post(SetMtu{}));
}

TEST(Mailbox, HasRoomForStopWhateverWaits) {
    Mailbox mailbox = *Mailbox::create();
    while (mailbox.post(SetMtu{})) {
    }
    EXPECT_TRUE(mailbox.post(Stop{}));
    EXPECT_EQ(mailbox.take().size(), Mailbox::capacity + 1);
}

TEST(Mailbox, KeepsNothingThatItSaysWasDropped) {
    Mailbox mailbox = *Mailbox::create();
    const std::uint64_t all = UINT64_MAX - 1;  // more are refused: eventfd(2)
    ASSERT_EQ(::write(mailbox.event_fd(), &all, sizeof all), ssize_t{sizeof all});
    EXPECT_FALSE(mailbox.post(SetMtu{}));
    EXPECT_TRUE(mailbox.take().empty());
    EXPECT_TRUE(mailbox.post(Stop{}));
    EXPECT_EQ(mailbox.take().size(), 1u);
}

}  // namespace
}  // namespace wgns
