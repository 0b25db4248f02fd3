#include "control/uapi_socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "control/uapi_server.h"
#include "control/unix_address.h"

namespace wgns {

namespace fs = std::filesystem;

namespace {

Result<UniqueFd> new_socket() {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return Error{errno, "socket", "AF_UNIX", ""};
    return fd;
}

// Locked, so that of two who start at once the second finds the first one's socket alive.
Result<UniqueFd> make_and_lock(const fs::path& folder) {
    const bool made = ::mkdir(folder.c_str(), 0755) == 0;
    if (!made && errno != EEXIST) return Error{errno, "mkdir", folder, ""};
    // Whatever the umask is: programs of other users may look for interfaces there.
    if (made && ::chmod(folder.c_str(), 0755) != 0) return Error{errno, "chmod", folder, ""};
    UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::flock(fd.get(), LOCK_EX) != 0) return Error{errno, "flock", folder, ""};
    return fd;
}

Status remove_stale(const fs::path& path, const sockaddr_un& address) {
    const auto probe = new_socket();
    if (!probe) return probe.error();
    const auto* const to = reinterpret_cast<const sockaddr*>(&address);
    const int connected = ::connect(probe->get(), to, sizeof address);
    const int code = errno;
    struct stat there {};
    const bool is_there = ::lstat(path.c_str(), &there) == 0;
    if (connected != 0 && code == ENOENT && !is_there) return Done{};
    // EAGAIN: more clients wait than it takes at a time, so it lives.
    if (connected == 0 || code == EAGAIN)
        return Error{EADDRINUSE, "listen", path, "another daemon serves this interface"};
    // A link leads to the socket of an instance, or to what is left of it.
    if (code != ECONNREFUSED && code != ENOENT) return Error{code, "connect", path, ""};
    if (is_there && !S_ISSOCK(there.st_mode) && !S_ISLNK(there.st_mode))
        return Error{EEXIST, "listen", path, "this is not a socket, so it stays"};
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Error{errno, "unlink", path, ""};
    return Done{};
}

constexpr const char* calls_about_a_name[] = {
    "newfstatat", "stat", "statx", "unlink", "unlinkat",
};

}  // namespace

std::span<const char* const> calls_of_uapi_socket() noexcept {
    return calls_about_a_name;
}

const fs::path UapiSocket::default_folder = "/var/run/wireguard";

UapiSocket::UapiSocket(UniqueFd listener, fs::path path) noexcept
    : listener_(std::move(listener)), path_(std::move(path)) {
    if (::stat(path_.c_str(), &identity_) != 0) path_.clear();
}

Result<UapiSocket> UapiSocket::create(const std::string& interface, const fs::path& folder) {
    const auto lock = make_and_lock(folder);
    if (!lock) return lock.error();
    return create_at(folder / (interface + ".sock"));
}

Result<UapiSocket> UapiSocket::create_at(const fs::path& path) {
    const auto address = unix_address(path);
    if (!address) return address.error();
    if (auto removed = remove_stale(path, *address); !removed) return removed.error();
    auto fd = new_socket();
    if (!fd) return fd.error();
    // Before the name exists: bind gives it the mode that the socket has.
    auto done = check(::fchmod(fd->get(), 0700), "fchmod", path);
    if (done)
        done =
            check(::bind(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address),
                  "bind", path);
    if (done) done = check(::listen(fd->get(), UapiServer::max_clients), "listen", path);
    if (!done) return done.error();
    return UapiSocket(*std::move(fd), path);
}

Result<UapiSocket> UapiSocket::adopt(UniqueFd listener) {
    sockaddr_un address{};
    socklen_t size = sizeof address;
    const auto named = check(
        ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    if (!named) return named.error();
    int listens = 0;
    socklen_t option_size = sizeof listens;
    ::getsockopt(listener.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &option_size);
    if (address.sun_family != AF_UNIX || listens == 0)
        return Error{EINVAL, "listen", "UAPI descriptor", "this is not a listening Unix socket"};
    ::fcntl(listener.get(), F_SETFD, FD_CLOEXEC);
    const char* const text = address.sun_path;
    const std::size_t room = size - offsetof(sockaddr_un, sun_path);
    return UapiSocket(std::move(listener), std::string(text, ::strnlen(text, room)));
}

bool UapiSocket::is_named() const noexcept {
    struct stat there {};
    return !path_.empty() && ::stat(path_.c_str(), &there) == 0 &&
           there.st_ino == identity_.st_ino && there.st_dev == identity_.st_dev;
}

void UapiSocket::remove() const noexcept {
    if (is_named()) ::unlink(path_.c_str());
}

}  // namespace wgns
