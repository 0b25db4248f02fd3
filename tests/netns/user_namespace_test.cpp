#include "netns/user_namespace.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/read_file.h"

namespace wgns {
namespace {

constexpr int not_allowed_here = 77;

// What `body` returns, in a child that is uid and gid 4000001 when the test is root.
int in_a_users_child(int (*body)()) {
    const pid_t child = ::fork();
    if (child == 0) {
        constexpr unsigned id = 4000001;
        if (::geteuid() == 0 && (::setresgid(id, id, id) != 0 || ::setresuid(id, id, id) != 0))
            ::_exit(1);
        // Changing who one is makes /proc/self root's.
        ::prctl(PR_SET_DUMPABLE, 1);
        ::_exit(enter_user_namespace() ? body() : not_allowed_here);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(user_namespace, everything_may_be_done_in_it_by_the_same_user) {
    static uid_t uid;
    static gid_t gid;
    const int status = in_a_users_child([] {
        uid = ::geteuid();
        gid = ::getegid();
        if (uid == 65534 || gid == 65534) return 2;
        const std::string group = std::to_string(gid);
        if (known_groups() != group + " " + group) return 3;
        return ::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 ? 0 : 4;
    });
    if (status == not_allowed_here) GTEST_SKIP() << "no user namespaces for users";
    EXPECT_EQ(status, 0);
}

TEST(user_namespace, capabilities_are_handed_on_or_kept_back) {
    const int status = in_a_users_child([] {
        const auto is_ambient = [] {
            constexpr int net_admin = 12;  // linux/capability.h
            return ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, net_admin, 0, 0) == 1;
        };
        if (is_ambient()) return 2;
        if (!hand_on_capabilities() || !is_ambient()) return 3;
        if (!keep_capabilities_back() || is_ambient()) return 4;
        return 0;
    });
    if (status == not_allowed_here) GTEST_SKIP() << "no user namespaces for users";
    EXPECT_EQ(status, 0);
}

TEST(user_namespace, groups_are_those_of_the_map) {
    const struct {
        const char* map;
        const char* groups;
    } rows[] = {
        /* 1: the host's */ {"         0          0 4294967295\n", "0 2147483647"},
        /* 2: one user's */ {"1000 1000 1\n", "1000 1000"},
        /* 3: podman's */ {"0 1000 1\n1 100000 65536\n", "0 65536"},
        /* 4: the other way round */ {"1 100000 65536\n0 1000 1\n", "0 65536"},
        /* 5: none that could be read */ {"", "0 2147483647"},
    };
    for (const auto& row : rows)
        EXPECT_EQ(groups_in_map(row.map), row.groups) << row.map;
}

}  // namespace
}  // namespace wgns
