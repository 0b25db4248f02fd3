#include "control/daemon_isolation.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <thread>

#include "tests/control/in_child.h"

namespace wgns {
namespace {

struct DaemonIsolationTest : testing::Test {
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "only root has something to give up";
    }
};

// A sanitizer's run time makes other system calls.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
TEST_F(DaemonIsolationTest, ThreadsOfADaemonHaveNothing) {
    EXPECT_EQ(child_status([] {
                  if (!isolate_daemon()) return false;
                  bool has_nothing = false;
                  std::thread([&] {
                      has_nothing = own_status("Seccomp") == "2" && ::getuid() != 0 &&
                                    own_status("CapEff") == no_capability;
                  }).join();
                  return has_nothing;
              }),
              0);
}
#endif

// Nor does ThreadSanitizer's let a forked child start threads when its parent has some.
#ifndef __SANITIZE_THREAD__
TEST_F(DaemonIsolationTest, AThreadByItself) {
    EXPECT_EQ(child_status([] {
                  bool has_nothing = false;
                  std::thread([&] {
                      has_nothing = isolate_thread() && own_status("CapEff") == no_capability;
                  }).join();
                  return has_nothing && ::getuid() == 0 && own_status("CapEff") != no_capability;
              }),
              0);
}
#endif

TEST_F(DaemonIsolationTest, AnInterfacesProcessKeepsFourCapabilities) {
    EXPECT_EQ(child_status([] {
                  return isolate_interface() && own_status("CapEff") == "0000000000201c00" &&
                         own_status("CapBnd") == own_status("CapEff") && ::getuid() == 0 &&
                         ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
              }),
              0);
}

}  // namespace
}  // namespace wgns
