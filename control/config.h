// The configuration file: wg-quick's format (wg-quick(8), wg(8)) and our own keys, as a value.
// Reading it changes nothing and looks no name up.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace wgns {

// Why a configuration is refused. It never holds key material.
struct ConfigError {
    std::string file;
    unsigned line = 0;  // from 1; 0: the file as a whole, and then there is no key
    std::string key;    // "MTU", "[Peer]"
    std::string what;
    std::string hint;  // may be empty
};

// "FILE:LINE: key: what is wrong; hint", one line, for people. Without a line: "FILE: what; hint".
[[nodiscard]] std::string describe(const ConfigError& error);

// A peer's endpoint as it is written, not looked up.
struct HostPort {
    std::string host;        // a name or an address; IPv6 without brackets, perhaps with "%ZONE"
    std::uint16_t port = 0;  // never 0 in a Config

    // "NAME:PORT", "1.2.3.4:PORT", "[2001:db8::1]:PORT".
    [[nodiscard]] std::string to_string() const;
    // Nothing for a name, and for a zone that this host does not have.
    [[nodiscard]] std::optional<Endpoint> address() const;

    friend bool operator==(const HostPort&, const HostPort&) noexcept = default;
};

struct PeerConfig {
    PublicKey public_key{};
    PresharedKey preshared_key{};  // zero: none
    std::string preshared_key_file;
    std::vector<IpPrefix> allowed_ips;  // host bits may be set
    std::optional<HostPort> endpoint;
    std::uint16_t persistent_keepalive_seconds = 0;         // 0: off
    std::string name;                                       // for people; may be empty
    std::optional<std::uint32_t> endpoint_refresh_seconds;  // else the interface's
    std::optional<std::uint32_t> endpoint_refresh_restart_seconds;
};

// A shell command of the user, as written: `%i` still stands for the interface.
struct Hook {
    enum class Moment { pre_up, post_up, pre_down, post_down };
    Moment moment = Moment::pre_up;
    bool is_on_host = false;  // else inside the namespace
    std::string command;

    friend bool operator==(const Hook&, const Hook&) noexcept = default;
};

struct RouteTable {
    enum class Kind { automatic, off, number };
    Kind kind = Kind::automatic;
    std::uint32_t number = 0;

    friend bool operator==(const RouteTable&, const RouteTable&) noexcept = default;
};

enum class DnsEnforcement { off, redirect, strict };
enum class FirewallKind { standard, none };
enum class TransportProtocol { tcp, udp };

// Ports that hosts behind the tunnel may reach inside.
struct PortRange {
    TransportProtocol protocol = TransportProtocol::tcp;
    std::uint16_t first = 0;
    std::uint16_t last = 0;  // ≥ first

    friend bool operator==(const PortRange&, const PortRange&) noexcept = default;
};

// A TCP port of the host that leads to one inside. Each has a descriptor on its way to the daemon.
inline constexpr std::size_t published_ports_max = 16;
struct PublishedPort {
    Endpoint host;
    std::uint16_t inside = 0;

    friend bool operator==(const PublishedPort&, const PublishedPort&) noexcept = default;
};

// Move-only because of its secrets. Lists are in the order of the file.
struct Config {
    std::string instance;  // the file's stem
    std::string folder;    // where the file is; empty for a text
    PrivateKey private_key{};
    std::string private_key_file;  // as written: a path or "credential:NAME"
    bool generate_private_key_file = false;
    std::vector<IpPrefix> addresses;
    std::vector<IpAddress> dns_servers;
    std::vector<std::string> search_domains;
    std::optional<std::uint32_t> mtu;  // IPv4 alone: 576 to 65535; with IPv6 addresses from 1280
    std::uint16_t listen_port = 0;     // 0: any free one
    std::uint32_t fwmark = 0;          // 0: none
    RouteTable table;
    std::optional<std::uint32_t> metric;
    std::vector<Hook> hooks;
    bool save_config = false;  // has no effect

    std::string namespace_name;    // default: the instance's name
    std::string interface_name;    // default: the namespace's name; at most 15 bytes
    std::string socket_namespace;  // empty: the one that `up` is called in
    bool allowed_ips_as_routes = true;
    std::optional<std::uint32_t> endpoint_refresh_seconds;
    DnsEnforcement dns_enforcement = DnsEnforcement::off;
    FirewallKind firewall = FirewallKind::standard;
    std::vector<std::string> extra_firewall_rules;  // lines of nft
    std::string extra_firewall_rules_file;
    std::vector<PortRange> allow_from_tunnel;
    std::vector<PublishedPort> published_ports;
    std::optional<Endpoint> metrics_listen;  // a loopback address

    std::vector<PeerConfig> peers;      // public keys differ
    std::vector<std::string> warnings;  // lines for people: "FILE:LINE: key: what; hint"
};

// All secrets: for who goes on with the rest alone.
void forget_keys(Config& config) noexcept;

inline constexpr std::size_t config_bytes_max = std::size_t{1} << 20;
inline constexpr std::size_t config_line_bytes_max = std::size_t{64} * 1024;

// The name of the instance that a file describes: its stem, if that is a name as StateDir has it.
Result<std::string> instance_name(const std::filesystem::path& path);

// Checks everything that the text alone can tell. Opens no file: keys that are in files stay zero.
Result<Config, ConfigError> parse_config(std::string_view text, const std::string& file_name);

// Reads the file and the key files it names; relative ones are beside it, `credential:NAME` is in
// $CREDENTIALS_DIRECTORY. Afterwards private_key is set, and the path of a file of rules is whole.
// Warns if everybody can read or change a file that holds a key. `instance` is a valid name for it,
// or empty: the file's stem. A private key that GeneratePrivateKeyFile is to make is made, or, by
// the caller's wish, an error like any other that is missing.
enum class MissingKey { is_made, is_an_error };
Result<Config, ConfigError> load_config(const std::filesystem::path& path,
                                        const std::string& instance = "",
                                        MissingKey missing = MissingKey::is_an_error);

}  // namespace wgns
