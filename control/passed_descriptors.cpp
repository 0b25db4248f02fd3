#include "control/passed_descriptors.h"

#include <cstring>

#include "base/assert.h"

namespace wgns {

void PassedDescriptors::attach(msghdr& message, std::span<const int> descriptors) noexcept {
    WG_ASSERT(descriptors.size() <= count_max);
    if (descriptors.empty()) return;
    message.msg_control = buffer_.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
}

void PassedDescriptors::make_room(msghdr& message) noexcept {
    message.msg_control = buffer_.data();
    message.msg_controllen = buffer_.size();
}

std::vector<UniqueFd> PassedDescriptors::take(msghdr& message) {
    std::vector<UniqueFd> descriptors;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
            descriptors.emplace_back(fd);
        }
    }
    return descriptors;
}

}  // namespace wgns
