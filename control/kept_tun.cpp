#include "control/kept_tun.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "control/service_manager.h"

namespace wgns {

namespace {

bool is_queue_of(int fd, const std::string& name) {
    const auto shape = tun_shape(fd);
    return shape && shape->name == name && shape->has_virtio_header;
}

}  // namespace

void keep_tun(const TunQueues& queues) {
    std::vector<int> lent;
    for (const UniqueFd& queue : queues)
        lent.push_back(queue.get());
    notify_service_manager("FDSTORE=1\nFDNAME=tun", lent);
}

void forget_tun() {
    notify_service_manager("FDSTOREREMOVE=1\nFDNAME=tun");
}

TunQueues take_kept_tun(const std::string& name, unsigned queues) {
    TunQueues kept;
    auto passed = take_passed_descriptors();
    while (auto node = passed.extract("tun"))
        kept.push_back(std::move(node.mapped()));
    if (kept.empty()) return kept;
    const bool fits =
        kept.size() == queues && std::all_of(kept.begin(), kept.end(), [&](const UniqueFd& queue) {
            return is_queue_of(queue.get(), name);
        });
    if (fits) return kept;
    forget_tun();
    return {};
}

}  // namespace wgns
