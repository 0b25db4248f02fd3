// A private key in a file of its own, as `wgns-user genkey` prints it.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace wgns {

// Makes the file with a new key, for its owner alone (0600), and the folders that it is in (0700)
// if need be. What is there already stays as it is. All of it or nothing, whenever it is killed.
[[nodiscard]] Status make_missing_key_file(const std::filesystem::path& path);

}  // namespace wgns
