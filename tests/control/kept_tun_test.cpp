#include "control/kept_tun.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/control/in_child.h"

namespace wgns {
namespace {

TEST(KeptTun, WithoutAServiceManagerNothingIsKept) {
    EXPECT_EQ(child_status([] {
                  ::unsetenv("LISTEN_FDS");
                  keep_tun({});
                  forget_tun();
                  return take_kept_tun("wg0", 1).empty();
              }),
              0);
}

#ifndef __SANITIZE_THREAD__
// In a child a thread cannot be made under ThreadSanitizer.
struct KeptTunTest : testing::Test {
    void SetUp() override {
        if (::geteuid() != 0 || ::access("/dev/net/tun", F_OK) < 0)
            GTEST_SKIP() << "needs root and /dev/net/tun";
    }
    // How many queues are taken where those of `name` were kept and these are wanted.
    static std::size_t taken(const std::string& name, unsigned queues, const std::string& wanted,
                             unsigned wanted_queues) {
        const auto ns = Namespace::create();
        const auto tun = open_tun(*ns, name, queues);
        if (!tun) return ~std::size_t{0};
        for (unsigned i = 0; i < queues; ++i)
            ::dup2(::fcntl((*tun)[i].get(), F_DUPFD, 100), static_cast<int>(3 + i));
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        ::setenv("LISTEN_FDS", std::to_string(queues).c_str(), 1);
        ::setenv("LISTEN_FDNAMES", queues == 1 ? "tun" : "tun:tun", 1);
        return take_kept_tun(wanted, wanted_queues).size();
    }
};

TEST_F(KeptTunTest, IsTakenIfItIsWhatWouldBeMade) {
    const struct {
        unsigned queues;
        std::string wanted;
        unsigned wanted_queues;
        std::size_t taken;
    } rows[] = {
        /* 1 */ {1, "wg0", 1, 1},
        /* 2 */ {2, "wg0", 2, 2},
        /* 3 */ {1, "wg1", 1, 0},
        /* 4 */ {2, "wg0", 1, 0},
        /* 5 */ {1, "wg0", 2, 0},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(&row - rows + 1);
        EXPECT_EQ(child_status([&] {
                      return taken("wg0", row.queues, row.wanted, row.wanted_queues) == row.taken;
                  }),
                  0);
    }
}
#endif

}  // namespace
}  // namespace wgns
