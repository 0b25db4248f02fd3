// `exec`: a command inside an instance's network namespace, with its view of the file system, as
// the caller.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/failure.h"
#include "netns/mount_view.h"

namespace wgns {

// Whom a command runs as. Without a user it stays as whoever called.
struct RunAs {
    struct User {
        uid_t uid = 0;
        gid_t gid = 0;
        std::vector<gid_t> groups;  // the supplementary ones, as the host knows them
    };
    std::optional<User> user;
};

// `option` is the text of --user ("U" or "U:G", names or numbers), empty when absent; `sudo_uid`
// and `sudo_gid` are what sudo left in the environment, empty when absent. The option goes first.
Result<RunAs> choose_user(const std::string& option, const std::string& sudo_uid,
                          const std::string& sudo_gid);

struct Place {
    std::string netns;     // the file of the network namespace
    std::string instance;  // becomes WGNS_NAME in the environment
    MountView view;
};

// Takes the calling thread into the place's network namespace for good. Its view comes after that.
Status enter_network(const Place& place);

// Takes the calling process, which has one thread, into the place and its view and makes it the
// user, for good. After an error it must not go on as if it were there.
Status enter(const Place& place, const RunAs& run_as);

// Becomes the command, of the instance, as the user. Returns as run_inside does.
Failure become(const std::string& instance, const RunAs& run_as, std::vector<std::string> command);

// Enters the place, takes on the user for good, and becomes the command. Returns only when it could
// not: 125 our own failure, of any part of the view too, 126 not executable, 127 not found.
Failure run_inside(const Place& place, const RunAs& run_as, std::vector<std::string> command);

}  // namespace wgns
