// A file that a long run writes at its end. Whether it can be written is found out at the start,
// and nothing that was there before is touched until then.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace wgns::bench {

class OutputFile {
public:
    [[nodiscard]] static Result<OutputFile> open(const std::string& path);

    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    // A new one that was never written is taken away again.
    ~OutputFile();

    // Once, instead of whatever was there.
    [[nodiscard]] Status write(const std::string& text);

private:
    OutputFile(UniqueFd fd, std::string path, bool is_new) noexcept
        : fd_(std::move(fd)), path_(std::move(path)), is_new_(is_new) {}

    UniqueFd fd_;
    std::string path_;
    bool is_new_;
};

}  // namespace wgns::bench
