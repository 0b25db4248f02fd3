#include "control/state_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <thread>

#include "base/read_file.h"

namespace wgns {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t max_name_bytes = 64;
constexpr std::string_view supervisor_file = "pid";
constexpr std::chrono::seconds lock_all_patience{10};
constexpr const char* hint_of_one =
    "another wgns-user command is at work on this instance; try again";
constexpr const char* hint_of_all = "another wgns-user command is at work";

Status make_folder(const fs::path& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) < 0 && errno != EEXIST)
        return Error{errno, "mkdir", path.string(), ""};
    return Done{};
}

// Whether the open file is still the one that the path names: `down` may have removed it while we
// waited.
bool is_current(int fd, const fs::path& path) {
    struct stat opened {};
    struct stat named {};
    return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

// The folder itself is locked: with a file in it, whoever takes the folder away would take away the
// file first, and another could make it anew and hold both. ENOENT: there is none (any more).
Result<UniqueFd> try_lock(const fs::path& path, const char* hint) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return Error{errno, "open", path.string(), ""};
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) < 0) return Error{errno, "flock", path.string(), hint};
    if (!is_current(fd.get(), path)) return Error{ENOENT, "open", path.string(), ""};
    return fd;
}

// Makes the folders, each in the one before, and locks the last. EWOULDBLOCK also when another took
// one of them away meanwhile.
Result<UniqueFd> try_create_and_lock(std::initializer_list<fs::path> folders, const char* hint) {
    // The root may be seen by all, so that `list` can say that there is nothing.
    mode_t mode = 0755;
    Status made = Done{};
    for (const fs::path& folder : folders) {
        if (made) made = make_folder(folder, mode);
        mode = 0700;
    }
    auto locked = made ? try_lock(*std::prev(folders.end()), hint) : made.error();
    if (!locked && locked.error().code == ENOENT)
        return Error{EWOULDBLOCK, "flock", locked.error().subject, hint};
    return locked;
}

// Tries until it is to be had, or `patience` is over.
Result<UniqueFd> patiently(const std::function<Result<UniqueFd>()>& lock,
                           std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        auto locked = lock();
        if (locked || locked.error().code != EWOULDBLOCK) return locked;
        if (std::chrono::steady_clock::now() >= deadline) return locked;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

}  // namespace

const fs::path StateDir::default_root = "/run/wgns-user";

StateDir::StateDir(std::string name, fs::path root)
    : name_(std::move(name)), root_(std::move(root)), path_(root_ / name_) {
    WG_ASSERT(is_valid_name(name_));
}

bool StateDir::is_valid_name(std::string_view name) noexcept {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_=+.-";
    return !name.empty() && name.size() <= max_name_bytes && name.front() != '.' &&
           name.front() != '-' && name.find_first_not_of(allowed) == std::string_view::npos;
}

std::vector<std::string> StateDir::list(const fs::path& root) {
    std::vector<std::string> names;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(root, error)) {
        std::string name = entry.path().filename().string();
        if (is_valid_name(name) && entry.is_directory(error)) names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool StateDir::exists() const {
    std::error_code error;
    return fs::is_directory(path_, error);
}

Result<UniqueFd> StateDir::create_and_lock(std::chrono::milliseconds patience) const {
    return patiently([&] { return try_create_and_lock({root_, path_}, hint_of_one); }, patience);
}

Result<UniqueFd> StateDir::lock(std::chrono::milliseconds patience) const {
    return patiently([&] { return try_lock(path_, hint_of_one); }, patience);
}

Result<UniqueFd> StateDir::lock_all(const fs::path& root) {
    return patiently([&] { return try_create_and_lock({root}, hint_of_all); }, lock_all_patience);
}

Status StateDir::remove() const {
    std::error_code error;
    fs::remove_all(path_, error);
    if (error) return Error{error.value(), "remove", path_.string(), ""};
    // The last instance takes the common folder with it; others keep it in place.
    ::rmdir(root_.c_str());
    return Done{};
}

Status StateDir::write_supervisor(const ProcessId& supervisor) const {
    return write(supervisor_file, supervisor.to_string() + '\n');
}

std::optional<ProcessId> StateDir::running_supervisor() const {
    const auto text = read(supervisor_file);
    if (!text) return std::nullopt;
    const auto supervisor = ProcessId::parse(*text);
    if (!supervisor || !supervisor->is_running()) return std::nullopt;
    return supervisor;
}

Status StateDir::write(std::string_view file, std::string_view text) const {
    const fs::path target = path_ / file;
    const fs::path fresh = path_ / (std::string(file) + ".new");
    const UniqueFd fd(
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return Error{errno, "open", fresh.string(), ""};
    const ssize_t written = ::write(fd.get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size()))
        return Error{written < 0 ? errno : ENOSPC, "write", fresh.string(), ""};
    if (::rename(fresh.c_str(), target.c_str()) < 0)
        return Error{errno, "rename", target.string(), ""};
    return Done{};
}

std::optional<std::string> StateDir::read(std::string_view file) const {
    auto text = read_file(path_ / file);
    if (!text) return std::nullopt;
    return *std::move(text);
}

}  // namespace wgns
