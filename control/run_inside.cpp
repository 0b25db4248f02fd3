#include "control/run_inside.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>

#include "base/unique_fd.h"

namespace wgns {

namespace {

std::optional<unsigned> parse_id(const std::string& text) {
    unsigned id = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, id);
    // The highest id means "no change" to setresuid.
    if (parsed.ec != std::errc{} || parsed.ptr != end || id == static_cast<unsigned>(-1))
        return std::nullopt;
    return id;
}

struct NamedUser {
    RunAs::User ids;
    std::string name;  // empty when the uid has none
};

Result<NamedUser> find_user(const std::string& text) {
    const auto id = parse_id(text);
    const passwd* entry = id ? ::getpwuid(*id) : ::getpwnam(text.c_str());
    if (entry != nullptr) return NamedUser{{entry->pw_uid, entry->pw_gid, {}}, entry->pw_name};
    // A number needs no entry; its group is then the one of the same number.
    if (id) return NamedUser{{*id, *id, {}}, ""};
    return Error{0, "no such user", text, "give a name or a number known here"};
}

Result<gid_t> find_group(const std::string& text) {
    if (const auto id = parse_id(text)) return gid_t{*id};
    if (const group* entry = ::getgrnam(text.c_str())) return gid_t{entry->gr_gid};
    return Error{0, "no such group", text, "give a name or a number known here"};
}

// Before anything is entered: inside, the host's directory of users may be out of reach.
std::vector<gid_t> groups_of(const NamedUser& user) {
    if (user.name.empty()) return {};
    int count = 0;
    ::getgrouplist(user.name.c_str(), user.ids.gid, nullptr, &count);
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    ::getgrouplist(user.name.c_str(), user.ids.gid, groups.data(), &count);
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

Status take_on(const RunAs::User& user) {
    auto done = check(::setgroups(user.groups.size(), user.groups.data()), "setgroups");
    if (done) done = check(::setresgid(user.gid, user.gid, user.gid), "setresgid");
    if (done) done = check(::setresuid(user.uid, user.uid, user.uid), "setresuid");
    if (!done) return done.error();
    return Done{};
}

}  // namespace

Result<RunAs> choose_user(const std::string& option, const std::string& sudo_uid,
                          const std::string& sudo_gid) {
    std::string user = option;
    std::string group;
    if (option.empty()) {
        user = sudo_uid;
        group = sudo_gid;
    } else if (const auto colon = option.find(':'); colon != std::string::npos) {
        user = option.substr(0, colon);
        group = option.substr(colon + 1);
        if (group.empty()) return Error{0, "no group after ':'", option, ""};
    }
    if (user.empty() && option.empty()) return RunAs{};
    auto found = find_user(user);
    if (!found) return found.error();
    if (!group.empty()) {
        const auto gid = find_group(group);
        if (!gid) return gid.error();
        found->ids.gid = *gid;
    }
    found->ids.groups = groups_of(*found);
    return RunAs{found->ids};
}

Status enter_network(const Place& place) {
    const UniqueFd fd(::open(place.netns.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return Error{errno, "open", place.netns, "the namespace is gone; bring the instance up"};
    const auto entered = check(::setns(fd.get(), CLONE_NEWNET), "setns", place.netns);
    if (!entered) return entered.error();
    return Done{};
}

Status enter(const Place& place, const RunAs& run_as) {
    const auto entered = enter_network(place);
    if (!entered) return entered.error();
    const auto seen = enter_mount_view(place.view);
    if (!seen) return seen.error();
    if (run_as.user) return take_on(*run_as.user);
    return Done{};
}

Failure become(const std::string& instance, const RunAs& run_as, std::vector<std::string> command) {
    WG_ASSERT(!command.empty());
    const auto taken_on = run_as.user ? take_on(*run_as.user) : Status(Done{});
    if (!taken_on) return {exit_status::exec_failed, "exec: " + describe(taken_on.error())};
    if (::setenv("WGNS_NAME", instance.c_str(), 1) < 0)
        return {exit_status::exec_failed, "exec: the environment is full"};

    std::vector<char*> argv;
    argv.reserve(command.size() + 1);
    for (std::string& word : command)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execvp(argv.front(), argv.data());
    const Error error{errno, "exec", command.front(), ""};
    return {error.code == ENOENT ? exit_status::not_found : exit_status::not_executable,
            describe(error)};
}

Failure run_inside(const Place& place, const RunAs& run_as, std::vector<std::string> command) {
    const auto entered = enter(place, RunAs{});
    if (!entered) return {exit_status::exec_failed, "exec: " + describe(entered.error())};
    return become(place.instance, run_as, std::move(command));
}

}  // namespace wgns
