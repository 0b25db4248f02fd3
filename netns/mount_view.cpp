#include "netns/mount_view.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>

#include "base/unique_fd.h"
#include "netns/namespace.h"

namespace wgns {

namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

constexpr const char* cure = "nothing was run, because it could have asked the host for names";

// Below /run: nscd and its kin, which libc asks before it looks at nsswitch.conf; resolved's own
// sockets; mDNS.
const Names& name_services() {
    static const Names paths{"nscd", "systemd/resolve", "avahi-daemon", "mdnsd"};
    return paths;
}

Error failure(const char* operation, const std::string& subject) {
    return Error{errno, operation, subject, cure};
}

// A folder that stays reachable when something is mounted over it.
class OldFolder {
public:
    static Result<OldFolder> open(const std::string& path) {
        UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!fd) return failure("open", path);
        return OldFolder(std::move(fd));
    }
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }
    [[nodiscard]] std::string entry(const std::string& name) const { return path() + "/" + name; }

private:
    explicit OldFolder(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

Result<Names> names_in(const std::string& folder) {
    Names names;
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder, error);
         !error && entry != fs::directory_iterator(); entry.increment(error))
        names.push_back(entry->path().filename().string());
    if (error) return Error{error.value(), "read", folder, cure};
    return names;
}

Status bind(const std::string& source, const std::string& target) {
    if (::mount(source.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
        return failure("mount", target);
    return Done{};
}

Status make_place(const std::string& path, mode_t like) {
    if (S_ISDIR(like)) {
        if (::mkdir(path.c_str(), 0755) != 0) return failure("mkdir", path);
        return Done{};
    }
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
    if (!file) return failure("create", path);
    return Done{};
}

// The same thing at another place; a symbolic link becomes one of the same text.
Status show(const std::string& source, const std::string& target) {
    struct stat info {};
    if (::lstat(source.c_str(), &info) != 0) return failure("stat", source);
    if (S_ISLNK(info.st_mode)) {
        std::error_code error;
        fs::copy_symlink(source, target, error);
        if (error) return Error{error.value(), "link", target, cure};
        return Done{};
    }
    auto shown = make_place(target, info.st_mode);
    if (shown) shown = bind(source, target);
    return shown;
}

// An empty folder of our own with the rights of the host's.
Status cover(const std::string& folder) {
    struct stat info {};
    if (::stat(folder.c_str(), &info) != 0) return failure("stat", folder);
    char options[64];
    std::snprintf(options, sizeof options, "size=16m,mode=%o", info.st_mode & 07777U);
    if (::mount("tmpfs", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options) != 0)
        return failure("mount", folder);
    return Done{};
}

bool contains(const Names& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Those of the paths that go on below the folder `name`, without it.
Names below(const Names& paths, const std::string& name) {
    Names rest;
    for (const std::string& path : paths)
        if (path.starts_with(name + "/")) rest.push_back(path.substr(name.size() + 1));
    return rest;
}

// Shows what `source` holds in the empty folder `target`, without the `hidden` paths.
Status show_all(const std::string& source, const std::string& target, const Names& hidden) {
    const auto names = names_in(source);
    if (!names) return names.error();
    for (const std::string& name : *names) {
        if (contains(hidden, name)) continue;
        const std::string from = fs::path(source) / name;
        const std::string to = fs::path(target) / name;
        const Names inner = below(hidden, name);
        auto shown = inner.empty() ? show(from, to) : make_place(to, S_IFDIR);
        if (shown && !inner.empty()) shown = show_all(from, to, inner);
        // It was a file of a moment.
        if (!shown && shown.error().code == ENOENT) continue;
        if (!shown) return shown;
    }
    return Done{};
}

// The names of namespaces, still shared with the host: whoever calls `up` inside, for a tunnel
// through the tunnel, makes a name that everybody has. Nothing where there is no such mount.
UniqueFd take_names() {
    return UniqueFd(
        ::open_tree(AT_FDCWD, netns_folder, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
}

Status put_names(const UniqueFd& names) {
    if (!names || ::access(netns_folder, F_OK) != 0) return Done{};
    if (::move_mount(names.get(), "", AT_FDCWD, netns_folder, MOVE_MOUNT_F_EMPTY_PATH) != 0)
        return failure("mount", netns_folder);
    return Done{};
}

// Each folder once, whatever links lead to it.
std::set<std::string> run_folders() {
    std::set<std::string> folders;
    for (const char* path : {"/run", "/var/run"}) {
        std::error_code error;
        const fs::path real = fs::canonical(path, error);
        if (!error) folders.insert(real.string());
    }
    return folders;
}

Status hide_name_services() {
    for (const std::string& folder : run_folders()) {
        const auto old = OldFolder::open(folder);
        if (!old) return old.error();
        auto done = cover(folder);
        if (done) done = show_all(old->path(), folder, name_services());
        if (!done) return done;
    }
    return Done{};
}

// A link among the files stands for what it leads to.
Status put_files(const OldFolder& files, const Names& names) {
    for (const std::string& name : names) {
        const std::string source = files.entry(name);
        const std::string target = "/etc/" + name;
        struct stat info {};
        if (::stat(source.c_str(), &info) != 0) return failure("stat", source);
        auto done = make_place(target, info.st_mode);
        if (done) done = bind(source, target);
        if (!done) return done;
    }
    return Done{};
}

Status put_texts(const std::vector<MountView::Text>& texts) {
    for (const auto& [name, text] : texts) {
        const std::string path = "/etc/" + name;
        const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
        if (!file) return failure("create", path);
        if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
            return failure("write", path);
    }
    return Done{};
}

// Whatever the caller's umask is, everybody reads what is made here.
class ReadableByAll {
public:
    ReadableByAll() noexcept : before_(::umask(022)) {}
    ~ReadableByAll() { ::umask(before_); }
    ReadableByAll(const ReadableByAll&) = delete;
    ReadableByAll& operator=(const ReadableByAll&) = delete;

private:
    mode_t before_;
};

// What the view has in the place of the host's: of its folder, and of its texts.
Result<Names> names_of_files(const MountView& view, const std::optional<OldFolder>& files) {
    auto names = files ? names_in(files->path()) : Result<Names>(Names{});
    if (!names) return names;
    for (const MountView::Text& each : view.texts)
        std::erase(*names, each.name);
    return names;
}

// Read-only at its top, so that what a command writes there is refused and not lost.
Status replace_etc(const MountView& view) {
    const bool has_files = ::access(view.files.c_str(), F_OK) == 0;
    if (!has_files && view.texts.empty()) return Done{};
    const auto old = OldFolder::open("/etc");
    if (!old) return old.error();
    std::optional<OldFolder> files;
    if (has_files) {
        auto folder = OldFolder::open(view.files);
        if (!folder) return folder.error();
        files.emplace(*std::move(folder));
    }
    const auto names = names_of_files(view, files);
    if (!names) return names.error();
    Names replaced = *names;
    for (const MountView::Text& each : view.texts)
        replaced.push_back(each.name);
    auto done = cover("/etc");
    if (done) done = show_all(old->path(), "/etc", replaced);
    if (done && files) done = put_files(*files, *names);
    if (done) done = put_texts(view.texts);
    if (!done) return done;
    constexpr unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV;
    if (::mount(nullptr, "/etc", nullptr, flags, nullptr) != 0) return failure("remount", "/etc");
    return Done{};
}

// sysfs shows the network namespace of who mounts it. The control groups are the same everywhere.
Status renew_sys() {
    struct statvfs info {};
    if (::statvfs("/sys", &info) != 0)
        return errno == ENOENT ? Status(Done{}) : failure("stat", "/sys");
    const auto old = OldFolder::open("/sys");
    if (!old) return old.error();
    unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if ((info.f_flag & ST_RDONLY) != 0) flags |= MS_RDONLY;
    if (::mount("sysfs", "/sys", "sysfs", flags, nullptr) != 0) return failure("mount", "/sys");
    const std::string groups = old->entry("fs/cgroup");
    if (::access(groups.c_str(), F_OK) != 0) return Done{};
    return bind(groups, "/sys/fs/cgroup");
}

// The working folder of a process is below what is mounted over it.
Status enter_again(const std::string& folder) {
    const auto is_in = [&](const std::string& root) {
        return folder == root || folder.starts_with(root + "/");
    };
    if (!is_in("/etc") && !is_in("/run") && !is_in("/var/run") && !is_in("/sys")) return Done{};
    if (::chdir(folder.c_str()) != 0) return failure("chdir", folder);
    return Done{};
}

Status check_required(const Names& paths) {
    for (const std::string& path : paths)
        if (::access(path.c_str(), F_OK) != 0)
            return Error{errno, "access", path,
                         "`up` made it; take the instance down and up again"};
    return Done{};
}

}  // namespace

Status enter_mount_view(const MountView& view) {
    auto done = check_required(view.required);
    if (!done) return done;
    const ReadableByAll readable;
    std::error_code unknown;
    const std::string folder = fs::current_path(unknown).string();
    if (::unshare(CLONE_NEWNS) != 0) return failure("unshare", "the mounts");
    const UniqueFd names = take_names();
    // What the host mounts is seen inside, and nothing the other way but these names.
    if (::mount("", "/", nullptr, MS_SLAVE | MS_REC, nullptr) != 0)
        return failure("mount --make-rslave", "/");
    done = replace_etc(view);
    if (done) done = hide_name_services();
    if (done) done = put_names(names);
    if (done) done = renew_sys();
    if (done) done = enter_again(folder);
    return done;
}

}  // namespace wgns
