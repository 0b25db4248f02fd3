#include "netns/user_namespace.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <sstream>

#include "base/read_file.h"
#include "base/unique_fd.h"

namespace wgns {

namespace {

Status write_map(const std::string& path, const std::string& text) {
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) return Error{errno, "open", path, ""};
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return Error{errno, "write", path, ""};
    return Done{};
}

std::string onto_itself(unsigned id) {
    return std::to_string(id) + " " + std::to_string(id) + " 1";
}

using Capabilities = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

Result<Capabilities> read_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    Capabilities held{};
    if (::syscall(SYS_capget, &header, held.data()) != 0) return Error{errno, "capget", "", ""};
    return held;
}

}  // namespace

Status enter_user_namespace() {
    const std::string uid = onto_itself(::geteuid());
    const std::string gid = onto_itself(::getegid());
    const auto left = check(::unshare(CLONE_NEWUSER), "unshare", "a user namespace");
    if (!left) return left.error();
    // Without it nobody but root may map a group.
    auto done = write_map("/proc/self/setgroups", "deny");
    if (done) done = write_map("/proc/self/uid_map", uid);
    if (done) done = write_map("/proc/self/gid_map", gid);
    return done;
}

Status hand_on_capabilities() {
    auto held = read_capabilities();
    if (!held) return held.error();
    for (__user_cap_data_struct& part : *held)
        part.inheritable = part.permitted;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    if (::syscall(SYS_capset, &header, held->data()) != 0) return Error{errno, "capset", "", ""};
    constexpr unsigned bits = 32;
    for (unsigned capability = 0; capability < held->size() * bits; ++capability) {
        const bool is_held = ((*held)[capability / bits].permitted >> capability % bits & 1U) != 0;
        if (is_held && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0)
            return Error{errno, "prctl", "PR_CAP_AMBIENT_RAISE", ""};
    }
    return Done{};
}

Status keep_capabilities_back() {
    const auto cleared = check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl",
                               "PR_CAP_AMBIENT_CLEAR_ALL");
    if (!cleared) return cleared.error();
    auto held = read_capabilities();
    if (!held) return held.error();
    for (__user_cap_data_struct& part : *held)
        part.inheritable = 0;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    if (::syscall(SYS_capset, &header, held->data()) != 0) return Error{errno, "capset", "", ""};
    return Done{};
}

std::string known_groups() {
    return groups_in_map(text_of_file("/proc/self/gid_map"));
}

// Each line: the first one inside, the same outside, how many.
std::string groups_in_map(std::string_view map) {
    constexpr std::uint64_t last_of_all = std::numeric_limits<std::int32_t>::max();
    std::istringstream lines{std::string(map)};
    std::uint64_t low = last_of_all;
    std::uint64_t high = 0;
    std::uint64_t first = 0;
    std::uint64_t outside = 0;
    std::uint64_t count = 0;
    while (lines >> first >> outside >> count) {
        low = std::min(low, first);
        high = std::max(high, std::min(first + count - 1, last_of_all));
    }
    if (low > high) return "0 " + std::to_string(last_of_all);
    return std::to_string(low) + " " + std::to_string(high);
}

}  // namespace wgns
