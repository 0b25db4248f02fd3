#include "control/plan.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <unistd.h>
// Behind <netinet/in.h>, which the kernel's headers then leave alone.
#include <linux/netfilter.h>

#include <utility>

#include "control/instance_plan.h"
#include "control/state_dir.h"
#include "crypto/x25519.h"
#include "netns/marked_file.h"
#include "netns/namespace.h"

namespace wgns {

namespace fs = std::filesystem;

namespace {

using Lines = std::vector<std::string>;

constexpr std::uint32_t main_table = 254;  // RT_TABLE_MAIN

Lines socket_lines(const Config& config, unsigned workers) {
    const std::string port =
        config.listen_port == 0 ? "any free port" : fmt::format("port {}", config.listen_port);
    Lines lines{
        fmt::format("UDP, {}, IPv4 and, where the host has it, IPv6, in the namespace that "
                    "`up` is called in; for {} worker{}",
                    port, workers, workers == 1 ? "" : "s")};
    if (config.fwmark != 0) lines.push_back(fmt::format("mark {:#x}", config.fwmark));
    return lines;
}

Lines setting_lines(const Config& config) {
    Lines lines;
    for (const KernelSetting& each : kernel_settings(config))
        lines.push_back(each.name + " = " + each.value);
    return lines;
}

Lines firewall_lines(const Config& config) {
    if (config.firewall == FirewallKind::none) return {"none of ours (Firewall = none)"};
    const Ruleset set = ruleset_of(firewall_plan(config));
    Lines lines{fmt::format("table inet {}, in place of every rule there", firewall_table)};
    for (const FirewallChain chain : set.chains) {
        const ChainRow& row = chain_row(chain);
        lines.push_back(fmt::format("{}: {}, policy {}", row.name, row.type,
                                    row.policy == NF_DROP ? "drop" : "accept"));
        for (const FirewallRule& rule : set.rules)
            if (rule.chain == chain) lines.push_back("  " + describe(rule));
    }
    return lines;
}

Lines user_rule_lines(const Config& config) {
    const UserRules rules = user_rules(config);
    Lines lines = rules.lines;
    if (!rules.file.empty()) lines.push_back("those of " + rules.file);
    return lines;
}

void add_text(Lines& lines, const std::string& text) {
    std::size_t from = 0;
    for (std::size_t end = 0; (end = text.find('\n', from)) != std::string::npos; from = end + 1)
        lines.push_back("  " + text.substr(from, end - from));
}

std::string own_folder(const Config& config) {
    return std::string(netns_files_folder) + "/" + config.namespace_name;
}

Lines file_lines(const Config& config) {
    Lines lines;
    const DnsFiles dns = dns_files(config);
    if (!dns.empty()) {
        lines.push_back(own_folder(config) + "/resolv.conf");
        add_text(lines, resolv_conf(dns));
    }
    lines.push_back(own_folder(config) + "/nsswitch.conf" +
                    (dns.empty() ? ", unless one of yours is there" : ""));
    return lines;
}

Lines address_lines(const Config& config) {
    Lines lines;
    for (const IpPrefix& address : config.addresses)
        lines.push_back(address.to_string());
    if (lines.empty()) lines.emplace_back("none");
    return lines;
}

Lines route_lines(const Config& config) {
    Lines lines;
    for (const Route& route : interface_routes(config)) {
        std::string line = route.destination.to_string() + " dev " + config.interface_name;
        if (route.table != main_table) line += fmt::format(" table {}", route.table);
        if (route.metric) line += fmt::format(" metric {}", *route.metric);
        lines.push_back(std::move(line));
    }
    if (lines.empty()) lines.emplace_back("none");
    return lines;
}

std::string peer_line(const PeerConfig& peer) {
    std::string line = peer.name.empty() ? key_to_base64(peer.public_key.bytes) : peer.name;
    if (peer.endpoint)
        line += " at " + peer.endpoint->to_string() +
                (peer.endpoint->address() ? "" : ", looked up on the host's side");
    else
        line += ", which has to call first";
    return line;
}

Lines process_lines(const Config& config) {
    Lines lines{"a supervisor that keeps the descriptors, and under it the daemon, with:"};
    for (const PeerConfig& peer : config.peers)
        lines.push_back("  peer " + peer_line(peer));
    return lines;
}

Lines obstacles_of(const Config& config) {
    Lines lines;
    if (::geteuid() != 0) lines.emplace_back("`up` needs root");
    if (::access("/dev/net/tun", F_OK) != 0)
        lines.emplace_back("/dev/net/tun is not there; `wgns-user doctor` tells more");
    const std::string netns = netns_path(config.namespace_name);
    if (::access(netns.c_str(), F_OK) == 0)
        lines.push_back(netns + " is somebody else's; choose another with Namespace =");
    const std::string resolv = own_folder(config) + "/resolv.conf";
    if (!dns_files(config).empty() && owner_of(resolv) == FileOwner::others)
        lines.push_back(resolv + " is not wgns-user's; take it away, or leave DNS out");
    return lines;
}

}  // namespace

std::vector<PlannedStep> plan_steps(const Config& config, const PlanFacts& facts) {
    const std::string& interface = config.interface_name;
    std::vector<PlannedStep> steps{
        {"sockets", socket_lines(config, facts.workers)},
        {"namespace", {netns_path(config.namespace_name)}},
        {"settings", setting_lines(config)},
        {"TUN",
         {fmt::format("{}, born inside, with {} queue{}", interface, facts.workers,
                      facts.workers == 1 ? "" : "s")}},
        {"firewall", firewall_lines(config)},
    };
    if (Lines lines = user_rule_lines(config); !lines.empty())
        steps.push_back({"your rules", std::move(lines)});
    steps.push_back({"files", file_lines(config)});
    steps.push_back({"links", {"lo up", fmt::format("{} mtu {}", interface, facts.mtu)}});
    steps.push_back({"addresses", address_lines(config)});
    steps.push_back({"link", {interface + " up"}});
    steps.push_back({"routes", route_lines(config)});
    steps.push_back({"state", {StateDir(config.instance).path().string()}});
    steps.push_back({"processes", process_lines(config)});
    return steps;
}

Result<Plan, Failure> plan_of(const std::string& argument, const DataPlaneWords& words) {
    const fs::path file = config_path(argument);
    const auto choice = choose(words);
    if (!choice) return Failure{exit_status::usage, describe(choice.error())};
    const auto config = read_config(file);
    if (!config) return config.error();
    const std::uint32_t mtu = interface_mtu(*config);
    const StateDir state(config->instance);
    Plan plan{config->instance,
              "",
              {},
              warnings_of(*config),
              plan_steps(*config, {mtu, choice->workers})};
    if (!state.running_supervisor()) {
        plan.now = "is not up";
        if (state.exists()) plan.now += "; the rest of an earlier run is taken away first";
        // What an earlier run of ours left is in nobody's way.
        if (!state.exists()) plan.obstacles = obstacles_of(*config);
        return plan;
    }
    const bool is_same =
        state.read(StateDir::fingerprint) ==
        fingerprint({file, config->extra_firewall_rules_file}, daemon_setup(*config, mtu, words));
    plan.now = is_same ? "is up with this configuration: `up` would change nothing"
                       : "is up with another configuration: `up` would refuse, until `down`";
    return plan;
}

std::string print(const Plan& plan) {
    constexpr int name_width = 11;
    std::string text = plan.instance + " " + plan.now + "\n";
    for (const std::string& line : plan.obstacles)
        text += "in the way: " + line + "\n";
    for (const std::string& line : plan.warnings)
        text += "warning: " + line + "\n";
    text += "\n`up` from nothing, step by step:\n";
    for (const PlannedStep& step : plan.steps)
        for (const std::string& line : step.lines)
            text += fmt::format("  {:<{}}{}\n", &line == &step.lines.front() ? step.name : "",
                                name_width, line);
    // A configured name could hold anything; none of it may steer the terminal.
    for (char& c : text)
        if ((static_cast<unsigned char>(c) < ' ' && c != '\n') || c == '\x7f') c = '?';
    return text;
}

}  // namespace wgns
