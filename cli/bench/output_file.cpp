#include "cli/bench/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace wgns::bench {

namespace {

constexpr mode_t mode = 0644;

}  // namespace

Result<OutputFile> OutputFile::open(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    const bool is_new = static_cast<bool>(fd);
    if (!is_new && errno == EEXIST) fd.reset(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) return Error{errno, "write", path, "give a file in a folder that you may write to"};
    return OutputFile(std::move(fd), path, is_new);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::move(other.fd_)),
      path_(std::move(other.path_)),
      is_new_(std::exchange(other.is_new_, false)) {}

OutputFile::~OutputFile() {
    if (is_new_) ::unlink(path_.c_str());
}

Status OutputFile::write(const std::string& text) {
    // What cannot be cut off, a terminal or a pipe (EINVAL), has nothing old in it.
    if (::ftruncate(fd_.get(), 0) != 0 && errno != EINVAL)
        return Error{errno, "truncate", path_, ""};
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t size = ::write(fd_.get(), text.data() + done, text.size() - done);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return Error{errno, "write", path_, "is the disk full?"};
        done += static_cast<std::size_t>(size);
    }
    is_new_ = false;
    return Done{};
}

}  // namespace wgns::bench
