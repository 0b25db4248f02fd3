#include "netns/namespace.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace wgns {

namespace {

constexpr long nsfs_magic = 0x6e736673;  // linux/magic.h, NSFS_MAGIC

// Field 5 of a line is the mount point (proc_pid_mountinfo(5)).
bool is_mount_point(const std::string& path) {
    std::ifstream lines("/proc/thread-self/mountinfo");
    std::string line;
    while (std::getline(lines, line)) {
        std::size_t from = 0;
        for (int field = 1; field < 5 && from != std::string::npos; ++field)
            from = line.find(' ', from) + 1;
        if (line.compare(from, line.find(' ', from) - from, path) == 0) return true;
    }
    return false;
}

// The folder is a mount of its own and shared, so that names made here are seen in every mount
// namespace. Two first users at once would mount it twice: hence the lock.
Status share_folder() {
    if (::mkdir(netns_folder, 0755) != 0 && errno != EEXIST)
        return Error{errno, "mkdir", netns_folder, {}};
    const UniqueFd folder(::open(netns_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::flock(folder.get(), LOCK_EX) != 0)
        return Error{errno, "flock", netns_folder, {}};
    if (!is_mount_point(netns_folder) &&
        ::mount(netns_folder, netns_folder, "none", MS_BIND | MS_REC, nullptr) != 0)
        return Error{errno, "mount", netns_folder, "this needs CAP_SYS_ADMIN"};
    if (::mount("", netns_folder, "none", MS_SHARED | MS_REC, nullptr) != 0)
        return Error{errno, "mount --make-shared", netns_folder, {}};
    return Done{};
}

// What a file says that is going to be a mount point, for the case that it never becomes one.
constexpr std::string_view mark = "wgns-user\n";

// The file gets its name only when it has its mark, so that a kill never leaves an unmarked one,
// which undo would take for somebody else's. linkat, like O_EXCL, never replaces.
Status make_marked_file(const std::string& path) {
    const UniqueFd file(::open(netns_folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0444));
    if (!file) return Error{errno, "create a file in", netns_folder, {}};
    if (::write(file.get(), mark.data(), mark.size()) != static_cast<ssize_t>(mark.size()))
        return Error{errno, "write", path, "is the disk full?"};
    const std::string source = "/proc/self/fd/" + std::to_string(file.get());
    if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) != 0)
        return Error{errno, "create namespace", path, {}};
    return Done{};
}

// Whether a setting has this value; blanks of any kind stand between its parts.
bool says(const std::string& path, const std::string& value) {
    std::ifstream file(path);
    std::istringstream wanted(value);
    using Words = std::istream_iterator<std::string>;
    return std::vector<std::string>(Words(file), {}) == std::vector<std::string>(Words(wanted), {});
}

// Mounts of one group are seen in all of them (mount_namespaces(7)).
struct PeerGroup {
    bool is_readable = false;
    std::string number;  // empty: it is in none, or there is no such mount
};

PeerGroup peer_group(const std::string& mountinfo) {
    PeerGroup group;
    std::ifstream lines(mountinfo);
    group.is_readable = lines.good();
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream words(line);
        const std::vector<std::string> fields{std::istream_iterator<std::string>(words), {}};
        if (fields.size() < 7 || fields[4] != netns_folder) continue;
        // The last one is on top. Optional fields stand between the sixth and a hyphen.
        group.number.clear();
        for (std::size_t i = 6; i < fields.size() && fields[i] != "-"; ++i)
            if (fields[i].starts_with("shared:")) group.number = fields[i];
    }
    return group;
}

bool is_marked(const std::string& path) {
    std::ifstream file(path);
    std::string text;
    return std::getline(file, text) && text + "\n" == mark;
}

}  // namespace

bool valid_namespace_name(std::string_view name) noexcept {
    if (name.empty() || name.size() > 64 || name == "." || name == "..") return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return c > ' ' && c != 0x7f && c != '/'; });
}

std::string netns_path(const std::string& name) {
    return std::string(netns_folder) + "/" + name;
}

Result<Namespace> Namespace::open(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return Error{errno, "open", path, {}};
    struct statfs filesystem {};
    struct stat file {};
    if (::fstatfs(fd.get(), &filesystem) != 0 || ::fstat(fd.get(), &file) != 0)
        return Error{errno, "stat", path, {}};
    // Every kind of namespace is a file there.
    if (filesystem.f_type != nsfs_magic || ::ioctl(fd.get(), NS_GET_NSTYPE) != CLONE_NEWNET)
        return Error{EINVAL, "open", path, "this is not a network namespace"};
    return Namespace(std::move(fd), file.st_ino);
}

Result<Namespace> Namespace::create() {
    std::optional<Result<Namespace>> made;
    // A thread leaves for the new namespace and ends; the descriptor keeps it.
    std::thread([&] {
        if (::unshare(CLONE_NEWNET) != 0)
            made.emplace(
                Error{errno, "unshare", "a network namespace", "this needs CAP_SYS_ADMIN"});
        else
            made.emplace(current());
    }).join();
    return std::move(*made);
}

Status Namespace::enter() const {
    // Who is there needs no right to go. wg-quick in a container has CAP_NET_ADMIN and no more.
    if (expect_namespace(identity_)) return Done{};
    if (::setns(fd_.get(), CLONE_NEWNET) == 0) return Done{};
    return Error{errno, "setns", "", errno == EPERM ? "this needs CAP_SYS_ADMIN" : ""};
}

Status expect_namespace(ino_t identity) {
    const auto here = Namespace::current();
    if (!here) return here.error();
    if (here->identity() != identity)
        return Error{EXDEV, "network namespace", std::to_string(here->identity()),
                     "this is not the one that was made"};
    return Done{};
}

Status give_name(const Namespace& ns, const std::string& name) {
    if (auto shared = share_folder(); !shared) return shared;
    const std::string path = netns_path(name);
    auto made = make_marked_file(path);
    if (!made && made.error().code == EEXIST)
        made.error().hint =
            "this name is somebody else's: choose another with Namespace =, or take that one away "
            "(ip netns del " +
            name + ")";
    if (!made) return made;
    const std::string source = "/proc/self/fd/" + std::to_string(ns.fd());
    if (::mount(source.c_str(), path.c_str(), "none", MS_BIND, nullptr) == 0) return Done{};
    const int code = errno;
    ::unlink(path.c_str());
    return Error{code, "mount", path, {}};
}

Status remove_name(const std::string& name, ino_t identity) {
    const std::string path = netns_path(name);
    if (const auto there = Namespace::open(path)) {
        if (there->identity() != identity) return Done{};
        if (::umount2(path.c_str(), MNT_DETACH) != 0) return Error{errno, "umount", path, {}};
    } else if (!is_marked(path)) {
        return Done{};
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Error{errno, "unlink", path, {}};
    return Done{};
}

bool names_reach_everybody() {
    const auto ours = peer_group("/proc/self/mountinfo");
    const auto inits = peer_group("/proc/1/mountinfo");
    return !inits.is_readable || ours.number == inits.number;
}

Result<bool> write_sysctl(const Namespace& ns, const std::string& name, const std::string& value) {
    return ns.run([&]() -> Result<bool> {
        const std::string path = "/proc/sys/" + name;
        const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
        if (!file && errno == ENOENT) return false;
        if (!file && errno == EROFS && says(path, value)) return true;
        if (!file) return Error{errno, "open", path, {}};
        const ssize_t written = ::write(file.get(), value.data(), value.size());
        if (written != static_cast<ssize_t>(value.size())) return Error{errno, "write", path, {}};
        return true;
    });
}

}  // namespace wgns
