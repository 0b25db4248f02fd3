#include "control/isolation.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/if_tun.h>
#include <linux/landlock.h>
#include <linux/sockios.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string_view>

#include "base/unique_fd.h"

namespace wgns {

namespace {

constexpr const char* user_name = "wgns-user";
constexpr Identity nobody{65534, 65534};

constexpr const char* calls_of_runtime[] = {
    // memory and threads
    "brk",
    "futex",
    "get_robust_list",
    "getcpu",
    "getpid",
    "getppid",
    "getrlimit",
    "gettid",
    "madvise",
    "membarrier",
    "mmap",
    "mprotect",
    "mremap",
    "munmap",
    "rseq",
    "sched_getaffinity",
    "sched_yield",
    "set_robust_list",
    "set_tid_address",
    "sigaltstack",
    "sysinfo",
    // time and signals
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "exit",
    "exit_group",
    "getrandom",
    "gettimeofday",
    "nanosleep",
    "restart_syscall",
    "rt_sigaction",
    "rt_sigpending",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigtimedwait",
    "time",
    "timerfd_create",
    "timerfd_gettime",
    "timerfd_settime",
    // descriptors, and sockets that somebody listens at
    "accept",
    "accept4",
    "close",
    "dup",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_wait",
    "eventfd2",
    "fcntl",
    "fstat",
    "ftruncate",
    "lseek",
    "memfd_create",
    "poll",
    "ppoll",
    "read",
    "readv",
    "recvmsg",
    "sendmsg",
    "shutdown",
    "write",
    "writev",
    // to be allowed less
    "seccomp",
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    // UBSan asks by a pipe whether memory can be read.
    "pipe2",
#endif
};

// What somebody who has taken the process over would try.
constexpr const char* calls_of_intruders[] = {
    "acct",
    "add_key",
    "bpf",
    "chroot",
    "clock_settime",
    "delete_module",
    "execve",
    "execveat",
    "finit_module",
    "fork",
    "fsconfig",
    "fsmount",
    "fsopen",
    "init_module",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "mknod",
    "mknodat",
    "mount",
    "mount_setattr",
    "move_mount",
    "name_to_handle_at",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "personality",
    "pidfd_getfd",
    "pivot_root",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
    "reboot",
    "request_key",
    "setgid",
    "setgroups",
    "sethostname",
    "setns",
    "setresgid",
    "setresuid",
    "setuid",
    "swapon",
    "umount2",
    "unshare",
    "userfaultfd",
    "vfork",
};

// Those that depend on what they are called with, see allow_in_part.
constexpr const char* calls_in_part[] = {
    "clone", "ioctl", "open", "openat", "prlimit64", "socket", "socketpair", "tgkill",
};

constexpr std::array socket_families{AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
// Of TUN devices, of Asio's sockets, and of a log that asks whether it is a terminal.
constexpr std::array<unsigned long, 7> io_controls{
    TUNGETIFF, TUNSETOFFLOAD, TUNGETDEVNETNS, FIONBIO, FIONREAD, TCGETS, TIOCGWINSZ};
// open(2)'s flags by which something is made or changed.
constexpr std::uint64_t writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;

constexpr std::uint64_t file_changes =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
constexpr std::uint64_t file_reads = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

Status to_status(long result, const char* operation, const char* subject = "") {
    if (result < 0) return Error{errno, operation, subject, ""};
    return Done{};
}

Status forbid_new_privileges() {
    return to_status(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
}

// Without CAP_SETPCAP the set stays, and nothing comes of it: there are no new privileges.
void bound_capabilities(std::span<const int> kept) {
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
        if (std::find(kept.begin(), kept.end(), capability) == kept.end())
            ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

// Those of the two lists that the thread has.
Status set_capabilities(std::span<const int> kept, std::initializer_list<int> for_now) {
    if (::capng_get_caps_process() != 0) return Error{errno, "capget", "", ""};
    std::vector<int> both(kept.begin(), kept.end());
    both.insert(both.end(), for_now);
    std::erase_if(both, [](int each) {
        return ::capng_have_capability(CAPNG_PERMITTED, static_cast<unsigned>(each)) == 0;
    });
    ::capng_clear(CAPNG_SELECT_CAPS);
    for (const int each : both)
        ::capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED),
                       static_cast<unsigned>(each));
    return to_status(::capng_apply(CAPNG_SELECT_CAPS), "capset");
}

// By the kernel's own calls: libc's move every thread of the process. Who is not allowed to (EPERM)
// stays who it is, and so does one whose user namespace does not know the user (EINVAL).
Status become(const Identity& identity) {
    auto done = to_status(::syscall(SYS_setgroups, 0, nullptr), "setgroups");
    if (!done && done.error().code != EPERM) return done;
    done =
        to_status(::syscall(SYS_setresgid, identity.gid, identity.gid, identity.gid), "setresgid");
    if (done)
        done = to_status(::syscall(SYS_setresuid, identity.uid, identity.uid, identity.uid),
                         "setresuid");
    if (!done && (done.error().code == EINVAL || done.error().code == EPERM)) return Done{};
    return done;
}

struct FreeFilter {
    void operator()(void* filter) const noexcept { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, FreeFilter>;

// Rules of one filter for all threads; the first that fails is told at the end.
class Rules {
public:
    // Of calls without a rule.
    explicit Rules(std::uint32_t action) : filter_(::seccomp_init(action)) {
        if (!filter_) failure_ = Error{ENOMEM, "seccomp", "filter", {}};
        set(SCMP_FLTATR_CTL_TSYNC, 1);
        // The mitigation that it leaves out would slow every system call down, and is for a process
        // that runs code of others.
        set(SCMP_FLTATR_CTL_SSB, 1);
    }

    template <class... Comparison>
    void add(std::uint32_t action, const char* call, Comparison... comparisons) {
        const int number = ::seccomp_syscall_resolve_name(call);
        // A call that this architecture does not have.
        if (number == __NR_SCMP_ERROR || number < 0) return;
        const int result = ::seccomp_rule_add(filter_.get(), action, number, sizeof...(Comparison),
                                              comparisons...);
        if (result < 0 && !failure_) failure_ = Error{-result, "seccomp", call, {}};
    }
    void set(scmp_filter_attr attribute, std::uint32_t value) {
        const int result = ::seccomp_attr_set(filter_.get(), attribute, value);
        if (result < 0 && !failure_) failure_ = Error{-result, "seccomp", "attribute", {}};
    }
    [[nodiscard]] Status load() {
        if (failure_) return *failure_;
        const int result = ::seccomp_load(filter_.get());
        if (result < 0) return Error{-result, "seccomp", "filter", {}};
        return Done{};
    }

private:
    Filter filter_;
    std::optional<Error> failure_;
};

scmp_arg_cmp equals(unsigned argument, std::uint64_t value) {
    return {argument, SCMP_CMP_EQ, value, 0};
}
scmp_arg_cmp has_thread_flag(std::uint64_t value) {
    return {0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, value};
}
scmp_arg_cmp only_reads(unsigned argument) {
    return {argument, SCMP_CMP_MASKED_EQ, writing, 0};
}

// A rule for a call as such would make those about its arguments void, hence calls_in_part.
void allow(Rules& rules, const std::vector<std::span<const char* const>>& lists) {
    bool may_read_files = false;
    for (const std::span<const char* const>& list : lists) {
        for (const std::string_view call : list) {
            may_read_files |= call == "openat";
            if (std::ranges::find(calls_in_part, call) == std::end(calls_in_part))
                rules.add(SCMP_ACT_ALLOW, call.data());
        }
    }
    if (!may_read_files) return;
    rules.add(SCMP_ACT_ALLOW, "open", only_reads(1));
    rules.add(SCMP_ACT_ALLOW, "openat", only_reads(2));
}

void allow_in_part(Rules& rules) {
    rules.add(SCMP_ACT_ALLOW, "clone", has_thread_flag(CLONE_THREAD));
    rules.add(SCMP_ACT_KILL_PROCESS, "clone", has_thread_flag(0));
    for (const int family : socket_families)
        rules.add(SCMP_ACT_ALLOW, "socket", equals(0, static_cast<std::uint64_t>(family)));
    rules.add(SCMP_ACT_ALLOW, "socketpair", equals(0, AF_UNIX));
    for (const unsigned long control : io_controls)
        rules.add(SCMP_ACT_ALLOW, "ioctl", equals(1, control));
    // Not those of other processes of the same user.
    rules.add(SCMP_ACT_ALLOW, "prlimit64", equals(0, 0));
    rules.add(SCMP_ACT_ALLOW, "tgkill", equals(0, static_cast<std::uint64_t>(::getpid())));
}

// Of the calling thread and those that it starts.
Status restrict_files(std::uint64_t forbidden, const std::filesystem::path& removable_in) {
    const landlock_ruleset_attr handled{.handled_access_fs = forbidden};
    const UniqueFd rules(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)));
    // A kernel without Landlock, or with it switched off, or a container that does not let it in.
    if (!rules && (errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM)) return Done{};
    if (!rules) return Error{errno, "landlock_create_ruleset", "", ""};
    const UniqueFd folder(
        removable_in.empty() ? -1 : ::open(removable_in.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const landlock_path_beneath_attr except{LANDLOCK_ACCESS_FS_REMOVE_FILE, folder.get()};
    auto done = folder ? to_status(::syscall(SYS_landlock_add_rule, rules.get(),
                                             LANDLOCK_RULE_PATH_BENEATH, &except, 0),
                                   "landlock_add_rule", removable_in.c_str())
                       : Status(Done{});
    if (done) done = forbid_new_privileges();
    if (!done) return done;
    return to_status(::syscall(SYS_landlock_restrict_self, rules.get(), 0),
                     "landlock_restrict_self");
}

}  // namespace

std::span<const char* const> runtime_calls() noexcept {
    return calls_of_runtime;
}

Identity daemon_identity() {
    const passwd* const user = ::getpwnam(user_name);
    return user == nullptr ? nobody : Identity{user->pw_uid, user->pw_gid};
}

Status forbid_dumps() {
    const rlimit none{0, 0};
    auto done = to_status(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE");
    if (done) done = to_status(::setrlimit(RLIMIT_CORE, &none), "setrlimit", "RLIMIT_CORE");
    return done;
}

Result<bool> lock_memory() {
    const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
    rlimit now{};
    ::setrlimit(RLIMIT_MEMLOCK, &all);
    if (::getrlimit(RLIMIT_MEMLOCK, &now) != 0 || now.rlim_cur != RLIM_INFINITY) return false;
    // Page by page as they are touched: a thread's stack is never touched as a whole.
    const auto locked = to_status(::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT), "mlockall");
    if (!locked) return locked.error();
    return true;
}

Status give_up_privileges(const Identity& identity, std::span<const int> kept) {
    auto done = forbid_new_privileges();
    bound_capabilities(kept);
    // Otherwise those that are kept would go with the user.
    if (done) done = set_capabilities(kept, {CAP_SETUID, CAP_SETGID});
    if (done) done = to_status(::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "PR_SET_KEEPCAPS");
    if (done) done = become(identity);
    if (done) done = set_capabilities(kept, {});
    return done;
}

Status forbid_file_changes() {
    return restrict_files(file_changes, {});
}

Status forbid_files(const std::filesystem::path& removable_in) {
    return restrict_files(file_changes | file_reads, removable_in);
}

Status allow_system_calls(const std::vector<std::span<const char* const>>& lists) {
    Rules rules(SCMP_ACT_ERRNO(ENOSYS));
    rules.set(SCMP_FLTATR_CTL_OPTIMIZE, 2);
    allow(rules, lists);
    allow_in_part(rules);
    for (const char* const call : calls_of_intruders)
        rules.add(SCMP_ACT_KILL_PROCESS, call);
    return rules.load();
}

Status forbid_system_calls(std::span<const char* const> calls) {
    Rules rules(SCMP_ACT_ALLOW);
    // It would be by prctl(2), which may not be made any more, and has been.
    rules.set(SCMP_FLTATR_CTL_NNP, 0);
    for (const char* const call : calls)
        rules.add(SCMP_ACT_KILL_PROCESS, call);
    return rules.load();
}

}  // namespace wgns
