// The rules of a namespace as data: chains and rows, each a list of matches and what is done with a
// packet that has all of them. Making them touches nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip_address.h"

namespace wgns {

// Users' own rules name these.
inline constexpr const char* firewall_table = "my_table";
enum class FirewallChain { input, forward, output, dns };

struct ChainRow {
    FirewallChain chain;
    std::uint32_t hook;  // NF_INET_…
    const char* name;
    const char* type;       // "filter", "nat"
    std::int32_t priority;  // lower ones come first
    std::uint32_t policy;   // NF_DROP, NF_ACCEPT
};
[[nodiscard]] const ChainRow& chain_row(FirewallChain chain) noexcept;

enum class RuleField {
    input_interface,      // its index
    family,               // NFPROTO_IPV4, NFPROTO_IPV6
    connection,           // bits of NF_CT_STATE_…
    protocol,             // IPPROTO_…, behind extension headers
    ipv4_protocol,        // what IPv4's header says
    destination_port,     // TCP's or UDP's
    destination_address,  // of the family that was matched before
};
enum class RuleTest { equal, not_equal, at_least, at_most, any_of };

struct RuleMatch {
    RuleField field;
    RuleTest test;
    std::uint32_t number = 0;
    IpAddress address = {};  // instead, for an address
};

enum class RuleAction { accept, drop, reject, count, redirect };

struct FirewallRule {
    FirewallChain chain;
    std::vector<RuleMatch> matches;
    RuleAction action;
    IpAddress target = {};  // of a redirect
};

// In nft's own language, without the chain: "ct state invalid drop".
[[nodiscard]] std::string describe(const FirewallRule& rule);

// Ports that hosts behind the tunnel may reach.
struct OpenPorts {
    std::uint8_t protocol = 0;  // IPPROTO_TCP, IPPROTO_UDP
    std::uint16_t first = 0;
    std::uint16_t last = 0;  // ≥ first
};

// What is done about names that programs look up at servers of their own choice.
enum class DnsGuard {
    off,
    redirect,  // port 53 leads to our servers, whoever was asked
    strict,    // and other ports for names lead to nobody else
};

struct FirewallPlan {
    std::vector<OpenPorts> open_ports;
    DnsGuard dns_guard = DnsGuard::off;
    std::vector<IpAddress> dns_servers;  // at most dns_servers_max
};
// Each is a match of one rule, and the kernel takes 128 expressions.
inline constexpr std::size_t dns_servers_max = 16;

struct Ruleset {
    std::vector<FirewallChain> chains;
    std::vector<FirewallRule> rules;  // in the order in which they apply
};
[[nodiscard]] Ruleset ruleset_of(const FirewallPlan& plan);

// What makes the table, the chains and the rules, in nft's own language: a command a line.
[[nodiscard]] std::vector<std::string> commands_for(const Ruleset& set);

}  // namespace wgns
