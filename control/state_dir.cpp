#include "control/state_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

namespace wgns {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t max_name_bytes = 64;
constexpr std::string_view supervisor_file = "pid";
constexpr std::chrono::seconds lock_all_patience{10};

Status make_private_folder(const fs::path& path, mode_t mode) {
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

// The folder itself is locked, so that there is nothing to be left in it.
Result<UniqueFd> try_lock_folder(const fs::path& path) {
    const Error busy{EWOULDBLOCK, "flock", path.string(), "another wgns-user command is at work"};
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // The last instance has taken it away meanwhile.
    if (!fd) return errno == ENOENT ? busy : Error{errno, "open", path.string(), ""};
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) < 0 || !is_current(fd.get(), path)) return busy;
    return fd;
}

Result<UniqueFd> try_lock_file(const fs::path& path, int flags) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
    if (!fd) return Error{errno, "open", path.string(), ""};
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) < 0)
        return Error{errno, "flock", path.string(),
                     "another wgns-user command is at work on this instance; try again"};
    if (!is_current(fd.get(), path)) return Error{ENOENT, "open", path.string(), ""};
    return fd;
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
    // The root may be seen by all, so that `list` can say that there is nothing.
    auto made = make_private_folder(root_, 0755);
    if (made) made = make_private_folder(path_, 0700);
    if (!made) return made.error();
    return patiently([&] { return try_lock_file(path_ / "lock", O_CREAT); }, patience);
}

Result<UniqueFd> StateDir::lock(std::chrono::milliseconds patience) const {
    if (!exists()) return Error{ENOENT, "open", path_.string(), ""};
    return patiently([&] { return try_lock_file(path_ / "lock", O_CREAT); }, patience);
}

Result<UniqueFd> StateDir::lock_all(const fs::path& root) {
    const auto try_lock = [&]() -> Result<UniqueFd> {
        const auto made = make_private_folder(root, 0755);
        if (!made) return made.error();
        return try_lock_folder(root);
    };
    return patiently(try_lock, lock_all_patience);
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
    std::ifstream stream(path_ / file);
    if (!stream) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace wgns
