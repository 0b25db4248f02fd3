#include "control/daemon_isolation.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <thread>

#include "base/unique_fd.h"
#include "dataplane/uring.h"
#include "tests/control/in_child.h"
#include "tests/control/temporary_folder.h"

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
                  if (!isolate_daemon(IoKind::automatic)) return false;
                  bool has_nothing = false;
                  std::thread([&] {
                      has_nothing = own_status("Seccomp") == "2" && ::getuid() != 0 &&
                                    own_status("CapEff") == no_capability;
                  }).join();
                  return has_nothing;
              }),
              0);
}

// As it is where a socket of another family would be had, were it let through.
TEST_F(DaemonIsolationTest, ADaemonHasNoOtherSocketsAndWritesNoFile) {
    EXPECT_EQ(child_status([] {
                  if (!isolate_daemon(IoKind::automatic)) return false;
                  return ::socket(AF_ALG, SOCK_SEQPACKET, 0) == -1 && errno == ENOSYS &&
                         ::open("/dev/null", O_WRONLY | O_CLOEXEC) == -1 && errno == ENOSYS &&
                         UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
              }),
              0);
}

TEST_F(DaemonIsolationTest, NoRingIsMadeLater) {
    EXPECT_EQ(child_status([] {
                  if (!isolate_daemon(IoKind::automatic) || !Uring::probe()) return false;
                  forbid_new_rings();
                  return Uring::probe().has_value();
              }),
              128 + SIGSYS);
}

TEST_F(DaemonIsolationTest, AnInterfacesProcessKeepsTwoCapabilities) {
    EXPECT_EQ(child_status([] {
                  // What it may not open any more.
                  const UniqueFd status(::open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC));
                  if (!isolate_interface(IoKind::automatic, {})) return false;
                  std::string text(1 << 14, ' ');
                  if (::read(status.get(), text.data(), text.size()) <= 0) return false;
                  for (const char* set : {"CapPrm", "CapEff", "CapBnd"})
                      if (status_field(text, set) != "0000000000001400") return false;
                  return status_field(text, "NoNewPrivs") == "1" &&
                         status_field(text, "Seccomp") == "2" &&
                         status_field(text, "Uid") == "0\t0\t0\t0";
              }),
              0);
}

TEST_F(DaemonIsolationTest, WhoIsToHaveNoRingsHasNone) {
    for (const bool is_daemon : {true, false})
        for (const IoKind kind : {IoKind::automatic, IoKind::uring, IoKind::epoll})
            EXPECT_EQ(child_status([&] {
                          if (!(is_daemon ? isolate_daemon(kind) : isolate_interface(kind, {})))
                              return false;
                          const bool is_there =
                              ::syscall(SYS_io_uring_setup, 0, nullptr) == -1 && errno != ENOSYS;
                          return is_there == (kind != IoKind::epoll);
                      }),
                      0);
}

// Its user is root, whom files and services of the machine would obey.
TEST_F(DaemonIsolationTest, AnInterfacesProcessReachesNothing) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "file";
    EXPECT_EQ(child_status([&] {
                  const UniqueFd made(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
                  if (!isolate_interface(IoKind::automatic, folder.path())) return false;
                  const sockaddr somewhere{};
                  return ::open("/etc/passwd", O_RDONLY) == -1 &&
                         ::connect(0, &somewhere, sizeof somewhere) == -1 && errno == ENOSYS &&
                         ::syscall(SYS_kill, ::getppid(), 0) == -1 && errno == ENOSYS &&
                         ::syscall(SYS_tgkill, ::getppid(), ::getppid(), 0) == -1 &&
                         errno == ENOSYS && ::unlink(path.c_str()) == 0;
              }),
              0);
}

TEST_F(DaemonIsolationTest, AnInterfacesProcessEndsAtAnIntrudersCall) {
    const std::function<void()> rows[] = {
        /* 0 */ [] { ::execl("/bin/true", "true", nullptr); },
        /* 1 */ [] { ::syscall(SYS_setns, 0, CLONE_NEWNET); },
        /* 2 */ [] { ::syscall(SYS_setresuid, 1, 1, 1); },
        /* 3 */ [] { ::syscall(SYS_mount, "none", "/", "tmpfs", 0, nullptr); },
    };
    for (const auto& call : rows) {
        SCOPED_TRACE(&call - rows);
        EXPECT_EQ(child_status([&] {
                      if (!isolate_interface(IoKind::automatic, {})) return false;
                      call();
                      return true;
                  }),
                  128 + SIGSYS);
    }
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

}  // namespace
}  // namespace wgns
