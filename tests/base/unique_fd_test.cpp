#include "base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <type_traits>

namespace wgns {
namespace {

static_assert(!std::is_copy_constructible_v<UniqueFd> && !std::is_copy_assignable_v<UniqueFd>);
static_assert(std::is_nothrow_move_constructible_v<UniqueFd>);
static_assert(!std::is_convertible_v<int, UniqueFd>);

UniqueFd open_null() {
    UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(fd);
    return fd;
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) != -1;
}

TEST(UniqueFd, StartsEmpty) {
    const UniqueFd fd;
    EXPECT_FALSE(fd);
    EXPECT_EQ(fd.get(), -1);
    EXPECT_FALSE(UniqueFd(-1));
}

TEST(UniqueFd, ZeroIsADescriptor) {
    UniqueFd fd(0);
    EXPECT_TRUE(fd);
    EXPECT_EQ(fd.release(), 0);
}

TEST(UniqueFd, ClosesWhenDestroyed) {
    int number = -1;
    {
        const UniqueFd fd = open_null();
        number = fd.get();
        EXPECT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
}

TEST(UniqueFd, MovingHandsItOver) {
    UniqueFd from = open_null();
    const int number = from.get();
    UniqueFd to(std::move(from));
    EXPECT_EQ(to.get(), number);
    EXPECT_EQ(from.get(), -1);  // NOLINT(bugprone-use-after-move): that is the contract
    EXPECT_TRUE(is_open(number));
}

TEST(UniqueFd, MoveAssignmentClosesWhatWasThere) {
    UniqueFd from = open_null();
    UniqueFd to = open_null();
    const int kept = from.get();
    const int closed = to.get();
    to = std::move(from);
    EXPECT_EQ(to.get(), kept);
    EXPECT_TRUE(is_open(kept));
    EXPECT_FALSE(is_open(closed));
}

TEST(UniqueFd, MovingToItselfKeepsIt) {
    UniqueFd fd = open_null();
    UniqueFd& same = fd;
    fd = std::move(same);
    EXPECT_TRUE(is_open(fd.get()));
}

TEST(UniqueFd, ReleaseLeavesItOpen) {
    UniqueFd fd = open_null();
    const UniqueFd again(fd.release());
    EXPECT_FALSE(fd);
    EXPECT_TRUE(is_open(again.get()));
}

TEST(UniqueFd, ResetClosesAndTakesAnother) {
    UniqueFd fd = open_null();
    UniqueFd other = open_null();
    const int closed = fd.get();
    const int taken = other.get();
    fd.reset(other.release());
    EXPECT_EQ(fd.get(), taken);
    EXPECT_FALSE(is_open(closed));
    fd.reset();
    EXPECT_FALSE(fd);
    EXPECT_FALSE(is_open(taken));
}

}  // namespace
}  // namespace wgns
