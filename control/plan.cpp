#include "control/plan.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <unistd.h>
// Behind <netinet/in.h>, which the kernel's headers then leave alone.
#include <linux/netfilter.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "control/hooks.h"
#include "control/instance_plan.h"
#include "control/neighbours.h"
#include "control/notes.h"
#include "control/socket_namespace.h"
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
        fmt::format("UDP, {}, IPv4 and, where the host has it, IPv6, in {}; for {} worker{}", port,
                    config.socket_namespace.empty() ? "the namespace that `up` is called in"
                                                    : "namespace " + config.socket_namespace,
                    workers, workers == 1 ? "" : "s")};
    if (config.fwmark != 0) lines.push_back(fmt::format("mark {:#x}", config.fwmark));
    for (const PublishedPort& each : config.published_ports)
        lines.push_back(fmt::format("TCP, {}, which leads to port {} inside", each.host.to_string(),
                                    each.inside));
    if (config.metrics_listen)
        lines.push_back(fmt::format("TCP, {}, for metrics", config.metrics_listen->to_string()));
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

Lines hook_lines(const Config& config) {
    Lines lines;
    for (const Hook& hook : with_interface(config.hooks, config.interface_name))
        lines.push_back(std::string(hook_name(hook)) + ": " + hook.command);
    return lines;
}

// Whether an instance of ours has made the namespace, which this one would join.
bool is_shared(const Config& config) {
    const auto ns = Namespace::named(config.namespace_name);
    return ns &&
           !made_with_namespace(StateDir(config.instance), {config.namespace_name, ns->identity()})
                .empty();
}

Lines obstacles_of(const Config& config) {
    Lines lines;
    if (::geteuid() != 0) lines.emplace_back("`up` needs root");
    if (::access("/dev/net/tun", F_OK) != 0)
        lines.emplace_back("/dev/net/tun is not there; `wgns-user doctor` tells more");
    const std::string netns = netns_path(config.namespace_name);
    if (::access(netns.c_str(), F_OK) == 0 && !is_shared(config))
        lines.push_back(netns + " is somebody else's; choose another with Namespace =");
    const std::string resolv = own_folder(config) + "/resolv.conf";
    const bool makes_files = !dns_files(config).empty() && !is_shared(config);
    if (makes_files && owner_of(resolv) == FileOwner::others)
        lines.push_back(resolv + " is not wgns-user's; take it away, or leave DNS out");
    return lines;
}

Lines lines_of(const std::vector<PlannedStep>& steps, const std::string& name) {
    for (const PlannedStep& step : steps)
        if (step.name == name) return step.lines;
    return {};
}

bool contains(const Lines& lines, const std::string& line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
}

}  // namespace

std::string to_text(const std::vector<PlannedStep>& steps) {
    nlohmann::json all = nlohmann::json::array();
    for (const PlannedStep& step : steps)
        all.push_back({{"name", step.name}, {"lines", step.lines}});
    return all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::vector<PlannedStep> parse_steps(const std::string& text) {
    const auto all = nlohmann::json::parse(text, nullptr, false);
    std::vector<PlannedStep> steps;
    if (!all.is_array()) return steps;
    try {
        for (const auto& each : all)
            steps.push_back({each.at("name").get<std::string>(), each.at("lines").get<Lines>()});
    } catch (const nlohmann::json::exception&) {
        steps.clear();
    }
    return steps;
}

std::vector<std::string> changed_steps(const std::vector<PlannedStep>& before,
                                       const std::vector<PlannedStep>& after) {
    std::vector<std::string> names;
    for (const PlannedStep& step : after)
        if (lines_of(before, step.name) != step.lines) names.push_back(step.name);
    for (const PlannedStep& step : before)
        if (lines_of(after, step.name).empty()) names.push_back(step.name);
    return names;
}

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
    if (Lines lines = hook_lines(config); !lines.empty())
        steps.push_back({"commands", std::move(lines)});
    return steps;
}

Result<Plan, Failure> plan_of(const std::string& argument, const DataPlaneWords& words) {
    const fs::path file = config_path(argument);
    const auto choice = choose(words);
    if (!choice) return Failure{exit_status::usage, describe(choice.error())};
    const auto config = read_config(file);
    if (!config) return config.error();
    const auto outside = socket_namespace(*config);
    const std::uint32_t mtu =
        outside ? mtu_seen_from(outside->ns, *config) : interface_mtu(*config);
    const StateDir state(config->instance);
    Plan plan{config->instance,
              "",
              {},
              warnings_of(*config),
              plan_steps(*config, {mtu, choice->workers}),
              {}};
    if (!outside) plan.obstacles.push_back("SocketNamespace: " + describe(outside.error()));
    if (!state.running_supervisor()) {
        plan.now = "is not up";
        if (state.exists()) plan.now += "; the rest of an earlier run is taken away first";
        // What an earlier run of ours left is in nobody's way.
        if (!state.exists())
            for (std::string& line : obstacles_of(*config))
                plan.obstacles.push_back(std::move(line));
        return plan;
    }
    const auto noted = state.read(StateDir::steps);
    if (noted) plan.made = parse_steps(*noted);
    const bool is_same = state.read(StateDir::fingerprint) ==
                         fingerprint_of(*config, file, daemon_setup(*config, mtu, words));
    plan.now = is_same ? "is up with this configuration: `up` would change nothing"
                       : "is up with another configuration: `up` would bring the difference in";
    return plan;
}

namespace {

// For people: what is to go and what is to come, without what stays.
std::string print_difference(const std::vector<PlannedStep>& before,
                             const std::vector<PlannedStep>& after) {
    std::string text;
    for (const std::string& name : changed_steps(before, after)) {
        const Lines old_lines = lines_of(before, name);
        const Lines new_lines = lines_of(after, name);
        for (const std::string& line : old_lines)
            if (!contains(new_lines, line)) text += fmt::format("  - {:<11}{}\n", name, line);
        for (const std::string& line : new_lines)
            if (!contains(old_lines, line)) text += fmt::format("  + {:<11}{}\n", name, line);
    }
    return text;
}

}  // namespace

std::string print(const Plan& plan) {
    constexpr int name_width = 11;
    std::string text = plan.instance + " " + plan.now + "\n";
    for (const std::string& line : plan.obstacles)
        text += "in the way: " + line + "\n";
    for (const std::string& line : plan.warnings)
        text += "warning: " + line + "\n";
    const std::string difference = plan.made.empty() ? "" : print_difference(plan.made, plan.steps);
    if (!difference.empty()) text += "\nwhat would change:\n" + difference;
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
