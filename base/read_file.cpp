#include "base/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.h"

namespace wgns {

namespace {

constexpr std::size_t size_unknown = 4096;  // of what /proc and pipes say no size of

}  // namespace

Result<std::string> read_file(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0) return Error{errno, "open", path, {}};
    // One more than it has, so that its end is seen without growing: texts with keys leave no copy.
    std::string text(info.st_size > 0 ? static_cast<std::size_t>(info.st_size) + 1 : size_unknown,
                     '\0');
    for (std::size_t size = 0;;) {
        const ssize_t got = ::read(fd.get(), text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{errno, "read", path, {}};
        size += static_cast<std::size_t>(got);
        if (got == 0) {
            text.resize(size);
            return text;
        }
        if (size == text.size()) text.resize(2 * size);
    }
}

std::string text_of_file(const std::string& path) {
    auto text = read_file(path);
    return text ? *std::move(text) : "";
}

}  // namespace wgns
