// `print`: what a systemd unit or podman is to be told, so that what it runs is inside an instance
// with the view of files that `exec` gives.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "control/failure.h"

namespace wgns {

struct ServiceView {
    std::string instance;
    std::string namespace_name;
    std::vector<std::string> files;  // names in /etc/netns/NAMESPACE that stand for those in /etc
};

// Of an instance that is up, or else of NAME's configuration in /etc/wgns-user.
[[nodiscard]] Result<ServiceView, Failure> service_view_of(const std::string& name);

// A file for UNIT.service.d.
[[nodiscard]] std::string systemd_dropin(const ServiceView& view);
// Options for `podman run`, one line.
[[nodiscard]] std::string podman_options(const ServiceView& view);

}  // namespace wgns
