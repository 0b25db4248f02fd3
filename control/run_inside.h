// `exec`: a command inside an instance's network namespace, as the caller.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/failure.h"

namespace wgns {

// Whom a command runs as. Without a user it stays as whoever called.
struct RunAs {
    struct User {
        std::string name;  // for its supplementary groups; empty when the uid has no name
        uid_t uid = 0;
        gid_t gid = 0;
    };
    std::optional<User> user;
};

// `option` is the text of --user ("U" or "U:G", names or numbers), empty when absent; `sudo_uid`
// and `sudo_gid` are what sudo left in the environment, empty when absent. The option goes first.
Result<RunAs> choose_user(const std::string& option, const std::string& sudo_uid,
                          const std::string& sudo_gid);

// Enters the network namespace of the file `netns`, takes on the user for good, and becomes the
// command, with WGNS_NAME = `instance` in its environment. Returns only when it could not: 125 our
// own failure, 126 not executable, 127 not found.
Failure run_inside(const std::string& netns, const std::string& instance, const RunAs& run_as,
                   std::vector<std::string> command);

}  // namespace wgns
