#include "control/isolation.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <span>

#include <array>
#include <cerrno>
#include <csignal>
#include <functional>

#include "base/read_file.h"
#include "base/unique_fd.h"
#include "tests/control/in_child.h"
#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif
constexpr Identity somebody{12345, 12346};

struct IsolationTest : testing::Test {
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "only root has something to give up";
    }
};

TEST_F(IsolationTest, PrivilegesAreGone) {
    EXPECT_EQ(child_status([] {
                  if (!give_up_privileges(somebody)) return false;
                  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
                      if (own_status(set) != no_capability) return false;
                  return ::getuid() == 12345 && ::geteuid() == 12345 && ::getgid() == 12346 &&
                         ::getgroups(0, nullptr) == 0 && own_status("NoNewPrivs") == "1";
              }),
              0);
}

TEST_F(IsolationTest, CapabilitiesThatAreKeptOutliveTheUser) {
    EXPECT_EQ(child_status([] {
                  constexpr std::array kept{CAP_NET_ADMIN};
                  if (!give_up_privileges(somebody, kept)) return false;
                  return own_status("CapEff") == "0000000000001000" &&
                         own_status("CapBnd") == "0000000000001000" && ::getuid() == 12345;
              }),
              0);
}

// One who never was root gives up what there is.
TEST_F(IsolationTest, TwiceIsAsGood) {
    EXPECT_EQ(child_status([] {
                  return give_up_privileges(somebody).has_value() &&
                         give_up_privileges({54321, 54321}).has_value() && ::getuid() == 12345;
              }),
              0);
}

#ifndef __SANITIZE_THREAD__
// ThreadSanitizer has a thread of its own in each process: libc aborts where setuid fails in one
// and not in the other, and a user namespace is only for a process of one thread.
TEST_F(IsolationTest, RootDoesNotComeBack) {
    EXPECT_EQ(child_status([] {
                  return give_up_privileges(somebody).has_value() && ::setuid(0) != 0 &&
                         ::setgid(0) != 0;
              }),
              0);
}

TEST_F(IsolationTest, AUserNamespaceThatDoesNotKnowTheUserKeepsItsOwn) {
    if (child_status([] { return ::unshare(CLONE_NEWUSER) == 0; }) != 0)
        GTEST_SKIP() << "user namespaces are not to be had here";
    EXPECT_EQ(child_status([] {
                  if (::unshare(CLONE_NEWUSER) != 0) return false;
                  const UniqueFd map(::open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC));
                  if (::write(map.get(), "0 0 1\n", 6) != 6) return false;
                  return give_up_privileges(somebody).has_value() && ::getuid() == 0 &&
                         own_status("CapEff") == no_capability;
              }),
              0);
}
#endif

TEST_F(IsolationTest, NothingIsDumped) {
    EXPECT_EQ(child_status([] {
                  rlimit core{};
                  return forbid_dumps().has_value() && ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                         ::getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0;
              }),
              0);
}

// A sanitizer's shadow is too large to lock, and a container's root may not raise the limit.
TEST_F(IsolationTest, MemoryIsLockedWhereTheLimitLetsItAllBe) {
    EXPECT_EQ(child_status([] {
                  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
                  const bool may_all_be = ::setrlimit(RLIMIT_MEMLOCK, &all) == 0;
                  const Result<bool> locked =
                      may_all_be && is_sanitized ? Result<bool>(false) : lock_memory();
                  if (!locked || *locked != (may_all_be && !is_sanitized)) return false;
                  std::vector<char> fresh(std::size_t{8} << 20, 'x');
                  return !*locked || std::stoul(own_status("VmLck")) >= (8UL << 10);
              }),
              0);
}

TEST_F(IsolationTest, MemoryThatMayNotAllBeLockedIsLeftAlone) {
    EXPECT_EQ(child_status([] {
                  const rlimit little{1 << 16, 1 << 16};
                  if (::setrlimit(RLIMIT_MEMLOCK, &little) != 0) return false;
                  if (!give_up_privileges(somebody)) return false;
                  const auto locked = lock_memory();
                  return locked && !*locked && own_status("VmLck") == "       0 kB";
              }),
              0);
}

TEST_F(IsolationTest, FilesAreReadAndNotWritten) {
    if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) < 0)
        GTEST_SKIP() << "this kernel has no Landlock";
    const TemporaryFolder folder;
    const std::string path = folder.path() / "file";
    EXPECT_EQ(child_status([&] {
                  const UniqueFd before(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
                  if (!forbid_file_changes()) return false;
                  const bool is_refused =
                      ::open(path.c_str(), O_WRONLY | O_CLOEXEC) < 0 && errno == EACCES &&
                      ::unlink(path.c_str()) < 0 && errno == EACCES &&
                      ::mkdir((path + ".d").c_str(), 0700) < 0 && errno == EACCES;
                  return is_refused && ::write(before.get(), "x", 1) == 1 &&
                         text_of_file(path) == "x";
              }),
              0);
}

TEST_F(IsolationTest, NoFileIsReadAndThoseOfOneFolderAreRemoved) {
    if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) < 0)
        GTEST_SKIP() << "this kernel has no Landlock";
    const TemporaryFolder one;
    const TemporaryFolder other;
    const std::string paths[] = {one.path() / "file", other.path() / "file"};
    EXPECT_EQ(child_status([&] {
                  for (const std::string& path : paths)
                      UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
                  if (!forbid_files(one.path())) return false;
                  return ::open(paths[0].c_str(), O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES &&
                         ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0 && errno == EACCES &&
                         ::unlink(paths[1].c_str()) < 0 && errno == EACCES &&
                         ::unlink(paths[0].c_str()) == 0;
              }),
              0);
    // Without one, or where it is not there.
    for (const char* folder : {"", "/no/such/folder"})
        EXPECT_EQ(child_status([&] {
                      return forbid_files(folder).has_value() && ::unlink(paths[1].c_str()) < 0 &&
                             errno == EACCES;
                  }),
                  0);
}

bool filter() {
    static constexpr const char* of_the_test[] = {"getpriority"};
    return allow_system_calls({runtime_calls(), std::span<const char* const>(of_the_test)})
        .has_value();
}

TEST_F(IsolationTest, SystemCallsThatAreDeclaredWork) {
    const int before = ::getpriority(PRIO_PROCESS, 0);
    EXPECT_EQ(child_status([&] { return filter() && ::getpriority(PRIO_PROCESS, 0) == before; }),
              0);
}

// What a newer libc may try, and other families' sockets.
TEST_F(IsolationTest, OthersFailAsIfThereWereNone) {
    EXPECT_EQ(child_status([] {
                  return filter() && ::setpriority(PRIO_PROCESS, 0, 1) == -1 && errno == ENOSYS &&
                         ::socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == ENOSYS &&
                         ::syscall(SYS_clone3, nullptr, 0) == -1 && errno == ENOSYS;
              }),
              0);
}

TEST_F(IsolationTest, AnIntrudersCallEndsTheProcess) {
    const std::function<void()> rows[] = {
        /* 0 */ [] { ::execl("/bin/true", "true", nullptr); },
        /* 1 */ [] { ::syscall(SYS_fork); },
        /* 2 */ [] { ::syscall(SYS_clone, SIGCHLD, nullptr); },
        /* 3 */ [] { ::syscall(SYS_ptrace, 0, 0, 0, 0); },
        /* 4 */ [] { ::unshare(CLONE_NEWNS); },
        /* 5 */ [] { ::syscall(SYS_setns, 0, 0); },
        /* 6 */ [] { ::syscall(SYS_setresuid, 0, 0, 0); },
        /* 7 */ [] { ::syscall(SYS_mount, "none", "/", "tmpfs", 0, nullptr); },
        /* 8 */ [] { ::syscall(SYS_bpf, 0, nullptr, 0); },
        /* 9 */ [] { ::syscall(SYS_process_vm_readv, 1, nullptr, 0, nullptr, 0, 0); },
    };
    for (const auto& call : rows) {
        SCOPED_TRACE(&call - rows);
        EXPECT_EQ(child_status([&] {
                      if (!filter()) return false;
                      call();
                      return true;
                  }),
                  128 + SIGSYS);
    }
}

TEST_F(IsolationTest, WhatIsForbiddenLaterEndsTheProcess) {
    constexpr const char* calls[] = {"getppid"};
    EXPECT_EQ(child_status([&] {
                  if (!filter() || ::getppid() == 0) return false;
                  if (!forbid_system_calls(calls)) return false;
                  ::getppid();
                  return true;
              }),
              128 + SIGSYS);
}

TEST(daemon_identity, is_not_root) {
    EXPECT_NE(daemon_identity().uid, 0U);
    EXPECT_NE(daemon_identity().gid, 0U);
}

}  // namespace
}  // namespace wgns
