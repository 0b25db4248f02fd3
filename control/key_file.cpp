#include "control/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/unique_fd.h"
#include "control/uapi.h"
#include "crypto/random.h"
#include "crypto/x25519.h"

namespace wgns {

namespace fs = std::filesystem;

namespace {

Status make_private_folders(const fs::path& folder) {
    if (folder.empty() || ::access(folder.c_str(), F_OK) == 0) return Done{};
    const auto above = make_private_folders(folder.parent_path());
    if (!above) return above;
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return Error{errno, "mkdir", folder.string(), ""};
    return Done{};
}

}  // namespace

Status make_missing_key_file(const fs::path& path) {
    if (::access(path.c_str(), F_OK) == 0) return Done{};
    const fs::path folder = path.parent_path();
    const auto made = make_private_folders(folder);
    if (!made) return made;
    // Without a name until it is whole, and never in the place of another.
    const UniqueFd file(
        ::open(folder.empty() ? "." : folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
    if (!file) return Error{errno, "create a file in", folder.string(), ""};
    SystemEntropy entropy;
    std::string line = key_to_base64(generate_private_key(entropy).bytes()) + "\n";
    const ssize_t written = ::write(file.get(), line.data(), line.size());
    const bool is_whole = written == static_cast<ssize_t>(line.size());
    wipe_key_text(line);
    if (!is_whole || ::fsync(file.get()) != 0)
        return Error{errno, "write", path.string(), "is the disk full?"};
    const std::string source = "/proc/self/fd/" + std::to_string(file.get());
    if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) != 0 &&
        errno != EEXIST)
        return Error{errno, "create", path.string(), ""};
    return Done{};
}

}  // namespace wgns
