// The commands that make an instance, take it away and ask it. Each does all of its work in the
// calling process, as root, on one thread.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/data_plane.h"
#include "control/failure.h"
#include "control/run_inside.h"

namespace wgns {

struct UpRequest {
    std::string config;  // NAME, read from /etc/wgns-user/NAME.conf, or a path to a file
    DataPlaneWords data_plane;
    bool foreground = false;
    // Done only after a first handshake with any peer, and undone if none comes for so long.
    std::optional<unsigned> wait_handshake_seconds;
};

// What a command did, one line for people.
using Outcome = Result<std::string, Failure>;

// Makes the instance and returns when its tunnel can carry traffic; a failure leaves nothing
// behind. In the foreground it returns when the instance is down again.
[[nodiscard]] Outcome up(const UpRequest& request);

// Brings a changed configuration into a running instance: that of `file`, or, where it is empty, of
// the file that it came from.
[[nodiscard]] Outcome reload(const std::string& name, const std::string& file);

// Takes away what dead instances left, and says of which.
[[nodiscard]] Result<std::vector<std::string>, Failure> collect_garbage();

// Takes away what `up` made, whatever is left of it.
[[nodiscard]] Outcome down(const std::string& name);

struct ListedInstance {
    std::string name;
    bool running = false;  // else: a rest that `down` takes away
};
[[nodiscard]] Result<std::vector<ListedInstance>, Failure> list_instances();

// What the daemon answers to `status`, see control/status.h.
[[nodiscard]] Result<nlohmann::json, Failure> query_status(const std::string& name);

// Where `exec` runs a command.
[[nodiscard]] Result<Place, Failure> place_of(const std::string& name);

}  // namespace wgns
