#include "control/daemon_isolation.h"

#include <linux/capability.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <ctime>
#include <span>
#include <vector>

#include "control/background.h"
#include "control/endpoint_resolver.h"
#include "control/isolation.h"
#include "control/link_watch.h"
#include "control/publisher.h"
#include "control/uapi_server.h"
#include "control/uapi_socket.h"
#include "crypto/secret_pages.h"

namespace wgns {

namespace {

Status close_memory() {
    const auto locked = lock_memory();
    if (!locked) return locked.error();
    if (!*locked) spdlog::debug("RLIMIT_MEMLOCK lets pages with keys be locked, not all memory");
    return forbid_dumps();
}

// A kernel without seccomp, or a container that forbids it: the rest still holds.
void filter_calls(const std::vector<std::span<const char* const>>& lists) {
    const auto filtered = allow_system_calls(lists);
    if (!filtered)
        spdlog::warn("its system calls are not filtered: {}", describe(filtered.error()));
}

}  // namespace

Status isolate_thread() {
    auto done = give_up_privileges(daemon_identity());
    if (done) done = forbid_file_changes();
    return done;
}

Status isolate_daemon(IoKind io) {
    int signal_of_parent = 0;
    ::prctl(PR_GET_PDEATHSIG, &signal_of_parent, 0, 0, 0);
    auto done = close_memory();
    if (done) done = isolate_thread();
    // The new user has made the kernel think otherwise.
    if (done) done = forbid_dumps();
    ::prctl(PR_SET_PDEATHSIG, signal_of_parent, 0, 0, 0);
    if (!done) return done;
    filter_calls({runtime_calls(), calls_of_secret_pages(), calls_of_io(), more_calls_of_io(io),
                  calls_of_resolver(), calls_of_publisher()});
    return done;
}

Status isolate_interface(IoKind io, const std::filesystem::path& uapi_folder) {
    constexpr std::array kept{CAP_NET_ADMIN, CAP_NET_BIND_SERVICE};
    // While its file can be read: a log has local times.
    ::tzset();
    auto done = close_memory();
    if (done) done = give_up_privileges({::geteuid(), ::getegid()}, kept);
    if (done) done = forbid_files(uapi_folder);
    if (!done) return done;
    filter_calls({runtime_calls(), calls_of_secret_pages(), calls_of_io(), more_calls_of_io(io),
                  calls_of_background(), calls_of_link_watch(), calls_of_uapi_socket(),
                  calls_of_uapi_server()});
    return done;
}

void forbid_new_rings() {
    constexpr const char* calls[] = {"io_uring_setup"};
    const auto forbidden = forbid_system_calls(calls);
    if (!forbidden)
        spdlog::warn("it may make further io_uring rings: {}", describe(forbidden.error()));
}

}  // namespace wgns
