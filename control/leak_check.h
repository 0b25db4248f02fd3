// `check`: whether everything inside goes through the tunnel or nowhere, seen from inside, with the
// view of files that `exec` gives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "control/dns_probe.h"
#include "control/expected_network.h"
#include "control/failure.h"
#include "control/finding.h"
#include "netns/addressing.h"

namespace wgns {

// Takes the calling process, which has one thread, inside for good, and sends a question to the
// name server. Each finding is ok or failed, or unknown where an earlier one is in its way.
[[nodiscard]] Result<std::vector<Finding>, Failure> check_leaks(const std::string& name);

// What is found inside, judged by itself.
//
// /etc/resolv.conf. `expected` is nothing when it is not known what `up` was asked for; `is_own`:
// the namespace has a file of its own.
[[nodiscard]] Finding judge_resolver(const std::optional<DnsFiles>& expected,
                                     const std::string& text, bool is_own);
// /etc/nsswitch.conf: libc looks hosts up in files and by DNS, and asks no daemon.
[[nodiscard]] Finding judge_nsswitch(const std::string& text);
[[nodiscard]] Finding judge_name_services(const std::vector<std::string>& reachable);
// Names of interfaces: its own, and behind it those of instances that share the namespace.
using Tunnels = std::vector<std::string>;
[[nodiscard]] Finding judge_links(const std::vector<Link>& links, const Tunnels& tunnels);
[[nodiscard]] Finding judge_paths(const std::vector<Path>& paths, const std::vector<Link>& links,
                                  const Tunnels& tunnels);
// `missing` as missing_rules has it (netns/firewall.h), for a plan that is empty where `expected`
// is nothing.
[[nodiscard]] Finding judge_rules(const std::optional<ExpectedNetwork>& expected,
                                  const Result<std::vector<std::string>>& missing);

struct Question {
    IpAddress server;
    Result<QuestionPath> path;
};
[[nodiscard]] Finding judge_questions(const std::vector<Question>& asked,
                                      const std::vector<Link>& links, const Tunnels& tunnels);

// The servers that a resolv.conf names, at most three, as libc takes them.
[[nodiscard]] std::vector<IpAddress> name_servers(const std::string& resolv_conf);

}  // namespace wgns
