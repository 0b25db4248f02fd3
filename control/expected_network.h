// What `up` was asked to make of a namespace, kept beside the journal, so that `check` can tell
// what has changed without the configuration, and whatever has become of that. No key is in it.
#pragma once

#include <optional>
#include <string>

#include "control/config.h"
#include "netns/dns_files.h"
#include "netns/firewall_rules.h"

namespace wgns {

struct ExpectedNetwork {
    std::string namespace_name;
    bool owns_namespace = true;  // else another instance made it, its firewall and its files
    unsigned workers = 1;
    std::string socket_namespace;  // empty: the one that `up` was called in
    std::string interface;
    bool has_firewall = true;  // ours; else Firewall = none
    FirewallPlan firewall;
    DnsFiles dns;
};

[[nodiscard]] ExpectedNetwork expected_network(const Config& config, bool owns_namespace = true,
                                               unsigned workers = 1);

// One line of JSON, and back; nothing for a text that is no such line.
[[nodiscard]] std::string to_text(const ExpectedNetwork& expected);
[[nodiscard]] std::optional<ExpectedNetwork> parse_expected_network(const std::string& text);

}  // namespace wgns
