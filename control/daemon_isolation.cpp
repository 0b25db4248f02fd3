#include "control/daemon_isolation.h"

#include <linux/capability.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "control/endpoint_resolver.h"
#include "control/isolation.h"
#include "control/publisher.h"
#include "crypto/secret_pages.h"
#include "dataplane/io.h"

namespace wgns {

Status isolate_thread() {
    auto done = give_up_privileges(daemon_identity());
    if (done) done = forbid_file_changes();
    return done;
}

Status isolate_daemon() {
    const auto locked = lock_memory();
    if (!locked) return locked.error();
    if (!*locked) spdlog::debug("RLIMIT_MEMLOCK lets pages with keys be locked, not all memory");
    int signal_of_parent = 0;
    ::prctl(PR_GET_PDEATHSIG, &signal_of_parent, 0, 0, 0);
    auto done = isolate_thread();
    if (done) done = forbid_dumps();
    // The new user has made the kernel forget it.
    ::prctl(PR_SET_PDEATHSIG, signal_of_parent, 0, 0, 0);
    if (!done) return done;
    const auto filtered =
        allow_system_calls({runtime_calls(), calls_of_secret_pages(), calls_of_io(),
                            calls_of_resolver(), calls_of_publisher()});
    // A kernel without seccomp, or a container that forbids it: the rest still holds.
    if (!filtered)
        spdlog::warn("its system calls are not filtered: {}", describe(filtered.error()));
    return done;
}

Status isolate_interface() {
    constexpr std::array kept{CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, CAP_SYS_ADMIN,
                              CAP_NET_BROADCAST};
    auto done = forbid_dumps();
    if (done) done = give_up_privileges({::geteuid(), ::getegid()}, kept);
    return done;
}

}  // namespace wgns
