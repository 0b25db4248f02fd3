#include "dataplane/buffer_ring.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>

#include "base/unique_fd.h"

namespace wgns {
namespace {

class BufferRingTest : public testing::Test {
protected:
    void SetUp() override {
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
        near = UniqueFd(ends[0]);
        far = UniqueFd(ends[1]);
        constexpr int operations[] = {IORING_OP_RECV};
        auto made = Uring::create(operations);
        ASSERT_TRUE(made) << describe(made.error());
        ring = *std::move(made);
        auto some = BufferRing::create(*ring, 1, {.count = 2, .size = 64, .prefix = 10});
        ASSERT_TRUE(some) << describe(some.error());
        buffers = *std::move(some);
    }
    void TearDown() override { ring.reset(); }

    // Receives one datagram; the completion's result, and the buffer if one was picked.
    int receive(std::uint16_t* id = nullptr) {
        buffers->serve(ring->prepare(
            1, [this](io_uring_sqe* sqe) { io_uring_prep_recv(sqe, near.get(), nullptr, 0, 0); }));
        ring->wait(std::chrono::seconds(5));
        int result = 0;
        ring->for_each_completion([&](const io_uring_cqe& cqe) {
            result = cqe.res;
            if (id) *id = BufferRing::picked(cqe);
        });
        return result;
    }
    void send(const std::string& text) const {
        ASSERT_EQ(::send(far.get(), text.data(), text.size(), 0), std::ssize(text));
    }

    UniqueFd near, far;
    std::unique_ptr<Uring> ring;
    std::unique_ptr<BufferRing> buffers;
};

TEST_F(BufferRingTest, IsFilledBehindAPrefixThatStaysZero) {
    send("text");
    std::uint16_t id = 9;
    ASSERT_EQ(receive(&id), 4);
    ASSERT_LT(id, 2);
    const MutableBytes bytes = buffers->bytes(id, 4);
    EXPECT_EQ(bytes.data(), buffers->at(id));
    EXPECT_EQ(std::string(bytes.begin(), bytes.end()), std::string(10, '\0') + "text");
}

TEST_F(BufferRingTest, IsNotFilledBeyondItsSize) {
    send(std::string(100, 'x'));
    EXPECT_EQ(receive(), 64 - 10);
}

TEST_F(BufferRingTest, HasNoBufferUntilOneIsBack) {
    std::uint16_t first = 9, second = 9, third = 9;
    for (int i = 0; i < 3; ++i)
        send("text");
    ASSERT_EQ(receive(&first), 4);
    ASSERT_EQ(receive(&second), 4);
    EXPECT_NE(first, second);
    EXPECT_EQ(receive(), -ENOBUFS);
    buffers->give_back(second);
    ASSERT_EQ(receive(&third), 4);
    EXPECT_EQ(third, second);
}

TEST_F(BufferRingTest, OneGroupIsThereOnce) {
    const auto again = BufferRing::create(*ring, 1, {.count = 2, .size = 64, .prefix = 0});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, EEXIST);
}

}  // namespace
}  // namespace wgns
