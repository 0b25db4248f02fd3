#include "control/uapi_link.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.h"
#include "control/unix_address.h"

namespace wgns {

namespace fs = std::filesystem;

namespace {

Status make_folder(const fs::path& folder, Journal& journal) {
    if (::access(folder.c_str(), F_OK) == 0) return Done{};
    const auto noted = journal.will_make(MadeFolder{folder.string()});
    if (!noted) return noted;
    if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST)
        return Error{errno, "mkdir", folder.string(), ""};
    return Done{};
}

bool somebody_answers(const fs::path& path) {
    const auto address = unix_address(path);
    if (!address) return true;
    const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto* const to = reinterpret_cast<const sockaddr*>(&*address);
    // EAGAIN: more clients wait than it takes at a time.
    return !probe || ::connect(probe.get(), to, sizeof *address) == 0 || errno == EAGAIN;
}

// What a dead daemon left may be replaced; anything else that is there may not.
bool is_free(const fs::path& path) {
    struct stat there {};
    if (::lstat(path.c_str(), &there) != 0) return errno == ENOENT;
    if (!S_ISSOCK(there.st_mode) && !S_ISLNK(there.st_mode)) return false;
    return !somebody_answers(path) && ::unlink(path.c_str()) == 0;
}

}  // namespace

Result<std::string> link_uapi(const std::vector<std::string>& names, const fs::path& socket,
                              Journal& journal, const fs::path& folder) {
    const auto made = make_folder(folder, journal);
    if (!made) return made.error();
    for (const std::string& name : names) {
        const fs::path path = folder / (name + ".sock");
        if (!is_free(path)) continue;
        const auto noted = journal.will_make(MadeLink{path.string(), socket.string()});
        if (!noted) return noted.error();
        if (::symlink(socket.c_str(), path.c_str()) == 0) return name;
        if (errno != EEXIST) return Error{errno, "symlink", path.string(), ""};
    }
    return Error{EADDRINUSE, "link", folder.string(), "another daemon serves this interface"};
}

}  // namespace wgns
