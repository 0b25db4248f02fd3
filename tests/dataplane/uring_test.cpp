#include "dataplane/uring.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <functional>
#include <vector>

#include "base/unique_fd.h"

namespace wgns {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(UringOfThisKernel, HasWhatItNeeds) {
    const Status usable = Uring::probe();
    EXPECT_TRUE(usable) << describe(usable.error());
}

class UringTest : public testing::Test {
protected:
    void SetUp() override {
        auto made = Uring::create(operations);
        ASSERT_TRUE(made) << describe(made.error());
        ring = *std::move(made);
    }
    void prepare_nothing(std::uint64_t token) {
        ring->prepare(token, [](io_uring_sqe* sqe) { io_uring_prep_nop(sqe); });
    }
    void prepare_read(std::uint64_t token) {
        ring->prepare(token, [this](io_uring_sqe* sqe) {
            io_uring_prep_read(sqe, event.get(), &posted, sizeof posted, 0);
        });
    }
    struct Completion {
        std::uint64_t token;
        int result;
        bool operator==(const Completion&) const = default;
    };
    std::vector<Completion> completions() {
        std::vector<Completion> found;
        ring->for_each_completion([&](const io_uring_cqe& cqe) {
            found.push_back({cqe.user_data, cqe.res});
        });
        return found;
    }
    static Duration time_of(const std::function<void()>& run) {
        const auto begin = std::chrono::steady_clock::now();
        run();
        return std::chrono::steady_clock::now() - begin;
    }

    static constexpr int operations[] = {IORING_OP_NOP, IORING_OP_READ};
    std::unique_ptr<Uring> ring;
    UniqueFd event{::eventfd(0, EFD_CLOEXEC)};
    std::uint64_t posted = 0;
};

TEST_F(UringTest, TellsOfWhatWasPreparedByItsToken) {
    prepare_nothing(7);
    prepare_nothing(~std::uint64_t{0});
    EXPECT_GE(ring->wait(seconds(5)), 0);
    EXPECT_EQ(completions(), (std::vector<Completion>{{7, 0}, {~std::uint64_t{0}, 0}}));
    EXPECT_TRUE(completions().empty());
}

TEST_F(UringTest, TakesMoreThanItsQueueHolds) {
    ASSERT_EQ(ring->wait(milliseconds(0)), -ETIME);
    for (std::uint64_t token = 0; token < 1'000; ++token)
        prepare_nothing(token);
    EXPECT_GE(ring->wait(seconds(5)), 0);
    const auto found = completions();
    ASSERT_EQ(found.size(), 1'000u);
    EXPECT_EQ(found.back().token, 999u);
}

TEST_F(UringTest, WaitsNoLongerThanTold) {
    prepare_read(1);
    EXPECT_GE(time_of([&] { ring->wait(milliseconds(20)); }), milliseconds(20));
    EXPECT_EQ(ring->wait(milliseconds(1)), -ETIME);
    EXPECT_TRUE(completions().empty());
}

TEST_F(UringTest, WaitsForeverForWhatComes) {
    const std::uint64_t one = 1;
    prepare_read(1);
    ASSERT_EQ(::write(event.get(), &one, sizeof one), ssize_t{sizeof one});
    EXPECT_GE(ring->wait(Duration::max()), 0);
    EXPECT_EQ(completions(), (std::vector<Completion>{{1, sizeof posted}}));
    EXPECT_EQ(posted, 1u);
}

TEST_F(UringTest, LetsCompletionsGatherForATimeOnly) {
    if (!ring->can_gather()) GTEST_SKIP() << "Linux 6.12 has it";
    prepare_nothing(1);
    EXPECT_GE(ring->wait_for_many(2, microseconds(300), seconds(5)), 0);
    EXPECT_EQ(completions().size(), 1u);
    for (std::uint64_t token = 0; token < 3; ++token)
        prepare_nothing(token);
    // Enough of them: there is nothing to wait for.
    EXPECT_LT(time_of([&] { ring->wait_for_many(2, seconds(4), seconds(5)); }), seconds(2));
    EXPECT_EQ(completions().size(), 3u);
}

TEST_F(UringTest, DoesNothingElse) {
    ring->prepare(1, [](io_uring_sqe* sqe) {
        io_uring_prep_openat(sqe, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
    });
    ring->prepare(2, [](io_uring_sqe* sqe) {
        io_uring_prep_nop(sqe);
        sqe->flags = IOSQE_ASYNC;
    });
    while (ring->wait(milliseconds(0)) > 0) {
    }
    EXPECT_EQ(completions(), (std::vector<Completion>{{1, -EACCES}, {2, -EACCES}}));
    // Nor is anything registered with it.
    io_uring& raw = ring->raw();
    EXPECT_EQ(io_uring_register_files(&raw, &raw.ring_fd, 1), -EACCES);
}

TEST_F(UringTest, CancelsWhatIsUnderWay) {
    prepare_read(1);
    EXPECT_GE(ring->wait(milliseconds(0)), 0);
    ring->cancel_all();
    // The kernel reads no more: what is posted stays.
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(event.get(), &one, sizeof one), ssize_t{sizeof one});
    ring.reset();
    std::uint64_t left = 0;
    EXPECT_EQ(::read(event.get(), &left, sizeof left), ssize_t{sizeof left});
    EXPECT_EQ(left, 1u);
}

TEST_F(UringTest, HasNothingToCancelBeforeItsFirstWait) {
    prepare_read(1);
    EXPECT_LT(time_of([&] { ring->cancel_all(); }), seconds(1));
}

TEST(Uring, ErrorsSayWhatRefusesIt) {
    EXPECT_EQ(uring_error(EPERM, "io_uring_setup").hint,
              "io_uring is disabled here (kernel.io_uring_disabled, seccomp)");
    EXPECT_EQ(uring_error(ENOSYS, "io_uring_setup").hint, "this kernel has no io_uring");
    EXPECT_EQ(uring_error(ENOMEM, "io_uring_setup").hint, "");
}

}  // namespace
}  // namespace wgns
