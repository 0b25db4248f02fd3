#include "dataplane/epoll_io.h"

#include "io_harness.h"

namespace wgns {
namespace {

TEST(EpollIo, IsTakenWhenAskedFor) {
    IoHarness harness(IoKind::epoll);
    EXPECT_EQ(harness.io->name(), "epoll");
}

TEST(EpollIo, RefusesWhatCannotBeWatched) {
    Ports ports;
    ports.tun.reset(1 << 20);
    const auto io = EpollIo::create(std::move(ports));
    ASSERT_FALSE(io);
    EXPECT_EQ(io.error().code, EBADF);
}

}  // namespace
}  // namespace wgns
