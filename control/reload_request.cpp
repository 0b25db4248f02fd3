#include "control/reload_request.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "control/descriptor_name.h"

namespace wgns {

namespace {

bool is_published(const DaemonSetup& setup, const std::string& host) {
    return std::any_of(setup.published.begin(), setup.published.end(),
                       [&](const DaemonSetup::Publish& each) { return each.host == host; });
}

}  // namespace

Result<ReloadRequest> ReloadRequest::read(std::vector<UniqueFd> descriptors,
                                          const DaemonSetup& now) {
    if (descriptors.empty()) return missing_descriptor(descriptor_name::setup);
    auto setup = read_setup(descriptors.front().get());
    if (!setup) return setup.error();
    ReloadRequest request{*std::move(setup), {}};
    auto listener = std::next(descriptors.begin());
    for (const DaemonSetup::Publish& each : request.setup.published) {
        if (is_published(now, each.host)) continue;
        if (listener == descriptors.end()) return missing_descriptor(descriptor_name::publish);
        request.listeners[publish_descriptor(each.host)] = std::move(*listener++);
    }
    const std::string& port = request.setup.metrics_listen;
    if (!port.empty() && port != now.metrics_listen) {
        if (listener == descriptors.end()) return missing_descriptor(descriptor_name::metrics_port);
        request.listeners[descriptor_name::metrics_port] = std::move(*listener);
    }
    return request;
}

}  // namespace wgns
