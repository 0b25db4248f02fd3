// What an instance has made that outlives its processes, written down before it is made, so that it
// can be taken away after any crash and without the configuration. One JSON value a line.
#pragma once

#include <sys/types.h>

#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace wgns {

// A name in /run/netns. The namespace's identity is known before it gets the name, so nobody else's
// is ever taken for ours.
struct MadeNamespace {
    std::string name;
    ino_t identity = 0;

    friend bool operator==(const MadeNamespace&, const MadeNamespace&) noexcept = default;
};
// One with a mark (netns/marked_file.h), without which it is not taken for ours.
struct MadeFile {
    std::string path;

    friend bool operator==(const MadeFile&, const MadeFile&) noexcept = default;
};
// It stays when somebody else has put something there.
struct MadeFolder {
    std::string path;

    friend bool operator==(const MadeFolder&, const MadeFolder&) noexcept = default;
};
// A symbolic link; it is ours as long as it leads to `target`.
struct MadeLink {
    std::string path;
    std::string target;

    friend bool operator==(const MadeLink&, const MadeLink&) noexcept = default;
};
using Made = std::variant<MadeNamespace, MadeFile, MadeFolder, MadeLink>;

// One line for people: "namespace client", "file /run/…".
[[nodiscard]] std::string describe(const Made& made);

class Journal {
public:
    // Opens or makes the file.
    [[nodiscard]] static Result<Journal> open(const std::string& path);

    // On disk when it returns: only then may the thing be made.
    [[nodiscard]] Status will_make(const Made& made);

private:
    Journal(UniqueFd file, std::string path) noexcept
        : file_(std::move(file)), path_(std::move(path)) {}

    UniqueFd file_;
    std::string path_;
};

// In the order of making. A torn last line, from a crash while it was written, is passed over: its
// thing was never made. A missing file is an empty journal.
[[nodiscard]] Result<std::vector<Made>> read_journal(const std::string& path);

// Takes everything away in reverse order and goes on over what fails; returns the failures. What is
// no longer there is fine, so it may be done twice.
[[nodiscard]] std::vector<Error> undo(const std::vector<Made>& made);

}  // namespace wgns
