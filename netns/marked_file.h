// Small text files that we put where others put theirs. A mark at their top says that they are
// ours, and survives what a journal does not: a crash of the machine, whose /run is empty
// afterwards.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace wgns {

// A comment in every format that is written with it. Who wants to keep such a file takes it out.
inline constexpr std::string_view file_mark =
    "# Written by wgns-user, and taken away by `wgns-user down`.\n";

// Whether there is a file, and whose: ours begins with the mark.
enum class FileOwner { nobody, us, others };
[[nodiscard]] FileOwner owner_of(const std::string& path);

// The mark and the text, all of it or nothing, for everybody to read. A file of ours gets the text
// and stays the same file, also for those who have it open or mounted; EEXIST for anybody else's.
[[nodiscard]] Status write_marked_file(const std::string& path, std::string_view text);
// Takes away what is ours, and what a crash of write_marked_file leaves. What is not, stays.
[[nodiscard]] Status remove_marked_file(const std::string& path);

}  // namespace wgns
