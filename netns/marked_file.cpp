#include "netns/marked_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "base/unique_fd.h"

namespace wgns {

namespace {

// Where a text is gathered before it takes the file's name.
std::string gathering_path(const std::string& path) {
    const std::size_t name = path.rfind('/') + 1;
    return path.substr(0, name) + "." + path.substr(name) + ".wgns-user";
}

// Looks first, because a file system that is read-only says so even of what is not there.
Status remove(const std::string& path) {
    if (::access(path.c_str(), F_OK) != 0) return Done{};
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Error{errno, "unlink", path, {}};
    return Done{};
}

Status write_whole(const std::string& path, const std::string& text) {
    const UniqueFd file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file) return Error{errno, "open", path, {}};
    if (::fchmod(file.get(), 0644) != 0) return Error{errno, "chmod", path, {}};
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return Error{errno, "write", path, "is the disk full?"};
    if (::fsync(file.get()) != 0) return Error{errno, "fsync", path, {}};
    return Done{};
}

// In the file itself, which programs that run inside already have over theirs. One write, so that
// nobody reads half of it: what the old text has more becomes empty lines, which are then cut off.
Status overwrite(const std::string& path, std::string text) {
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0) return Error{errno, "open", path, {}};
    const std::size_t size = text.size();
    text.resize(std::max(size, static_cast<std::size_t>(info.st_size)), '\n');
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return Error{errno, "write", path, "is the disk full?"};
    if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0)
        return Error{errno, "truncate", path, {}};
    if (::fsync(file.get()) != 0) return Error{errno, "fsync", path, {}};
    return Done{};
}

// Never over a file that somebody made a moment ago. Some file systems cannot promise that.
int rename_to_free_name(const std::string& from, const std::string& to) {
    const int renamed = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
    return renamed == 0 || errno != EINVAL ? renamed : ::rename(from.c_str(), to.c_str());
}

}  // namespace

FileOwner owner_of(const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return FileOwner::nobody;
    if (!S_ISREG(info.st_mode)) return FileOwner::others;
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    std::array<char, file_mark.size()> top{};
    const ssize_t size = file ? ::read(file.get(), top.data(), top.size()) : -1;
    if (size < 0) return FileOwner::others;
    const std::string_view read(top.data(), static_cast<std::size_t>(size));
    return read == file_mark ? FileOwner::us : FileOwner::others;
}

Status write_marked_file(const std::string& path, std::string_view text) {
    const FileOwner owner = owner_of(path);
    if (owner == FileOwner::others)
        return Error{EEXIST, "write", path, "this file is somebody else's: take it away"};
    const std::string whole = std::string(file_mark).append(text);
    if (owner == FileOwner::us) return overwrite(path, whole);
    const std::string gathering = gathering_path(path);
    auto written = write_whole(gathering, whole);
    if (!written) return written;
    if (rename_to_free_name(gathering, path) == 0) return Done{};
    const int code = errno;
    ::unlink(gathering.c_str());
    return Error{code, "write", path, {}};
}

Status remove_marked_file(const std::string& path) {
    auto removed = remove(gathering_path(path));
    if (removed && owner_of(path) == FileOwner::us) removed = remove(path);
    return removed;
}

}  // namespace wgns
