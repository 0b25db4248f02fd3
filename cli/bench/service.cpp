#include "cli/bench/service.h"

#include <algorithm>

namespace wgns::bench {

std::optional<Endpoint> parse_service(const std::string& text) {
    auto endpoint = Endpoint::parse(text);
    if (const auto address = IpAddress::parse(text)) {
        endpoint.emplace();
        endpoint->address = *address;
        endpoint->port = default_service_port;
    }
    if (!endpoint || endpoint->port == 0 || endpoint->port == UINT16_MAX) return std::nullopt;
    const Bytes bytes = endpoint->address.bytes();
    const bool is_any =
        std::all_of(bytes.begin(), bytes.end(), [](auto byte) { return byte == 0; });
    return is_any ? std::nullopt : endpoint;
}

Endpoint traffic_endpoint(const Endpoint& service) noexcept {
    Endpoint endpoint = service;
    ++endpoint.port;
    return endpoint;
}

std::string text_in(const nlohmann::json& value, const char* key) {
    const bool has_text = value.is_object() && value.contains(key) && value.at(key).is_string();
    return has_text ? value.at(key).get<std::string>() : "";
}

}  // namespace wgns::bench
