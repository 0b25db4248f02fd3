// The names by which wg(8) finds an instance: links to its socket in the folder where all of
// WireGuard's programs look.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/uapi_socket.h"
#include "netns/journal.h"

namespace wgns {

// Links the first of the names that nobody answers at to `socket`, noted in the journal before, and
// returns it: the interface's, which may be in use in another namespace, or else the instance's.
// EADDRINUSE: somebody answers at each of them.
[[nodiscard]] Result<std::string> link_uapi(
    const std::vector<std::string>& names, const std::filesystem::path& socket, Journal& journal,
    const std::filesystem::path& folder = UapiSocket::default_folder);

}  // namespace wgns
