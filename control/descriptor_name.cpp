#include "control/descriptor_name.h"

#include <cerrno>
#include <utility>

namespace wgns {

std::string numbered_descriptor(const char* name, std::size_t number) {
    return std::string(name) + '.' + std::to_string(number);
}

std::string publish_descriptor(const std::string& host) {
    return std::string(descriptor_name::publish) + ' ' + host;
}

UniqueFd take_descriptor(std::map<std::string, UniqueFd>& descriptors, const std::string& name) {
    auto node = descriptors.extract(name);
    return node ? std::move(node.mapped()) : UniqueFd();
}

Error missing_descriptor(const char* name) {
    return {EBADF, "receive", std::string("descriptor ") + name, ""};
}

}  // namespace wgns
