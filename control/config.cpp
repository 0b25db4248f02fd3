#include "control/config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include "base/unique_fd.h"
#include "control/config_keys.h"
#include "control/config_values.h"
#include "control/key_file.h"
#include "control/state_dir.h"
#include "control/uapi.h"
#include "crypto/x25519.h"

namespace wgns {

namespace fs = std::filesystem;

namespace {

using MaybeError = std::optional<ConfigError>;

constexpr std::uint32_t mtu_v6_min = 1280;  // RFC 8200 section 5; below it Linux has no IPv6
constexpr std::size_t key_file_bytes_max = 4096;
constexpr std::size_t shown_name_bytes_max = 32;
constexpr const char* name_rule =
    "a name has 1 to 64 of A-Z a-z 0-9 _ = + . -, the first neither . nor -";

bool holds_control_character(std::string_view line) {
    for (const char c : line)
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return true;
    return false;
}

// What an error calls a key that we do not know. Long ones may be secrets that lost their key.
std::string shown_name(std::string_view name) {
    return name.empty() || name.size() > shown_name_bytes_max ? "line" : std::string(name);
}

// The keys of one section and the lines they were last given in.
struct SectionLines {
    ConfigSection section = ConfigSection::interface;
    unsigned header = 0;
    std::map<std::string_view, unsigned> keys;  // by their names in config_keys()

    [[nodiscard]] bool has(std::string_view key) const { return keys.contains(key); }
    // The header's where there is no such key.
    [[nodiscard]] unsigned line_of(std::string_view key) const {
        const auto found = keys.find(key);
        return found == keys.end() ? header : found->second;
    }
};

struct FileText {
    std::string text;
    bool is_open_to_all = false;  // everybody can read or change the file
};

Result<FileText> read_file(const fs::path& path, std::size_t bytes_max) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) < 0) return Error{errno, "cannot read", path.string(), ""};
    FileText file;
    file.is_open_to_all = S_ISREG(info.st_mode) && (info.st_mode & (S_IROTH | S_IWOTH)) != 0;
    file.text.resize(bytes_max + 1);  // at once: a text that grows leaves copies of keys behind
    std::size_t size = 0;
    while (size < file.text.size()) {
        const ssize_t got = ::read(fd.get(), file.text.data() + size, file.text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{errno, "cannot read", path.string(), ""};
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > bytes_max) {
        wipe_key_text(file.text);
        return Error{EFBIG, "cannot read", path.string(), ""};
    }
    file.text.resize(size);
    return file;
}

// A key of the configuration that names a key file.
struct NamedKeyFile {
    const fs::path& folder;  // of the configuration
    const std::string& value;
    const char* key;
    unsigned line;
};

Result<fs::path> key_file_path(const std::string& value, const fs::path& folder) {
    constexpr std::string_view credential = "credential:";
    if (!value.starts_with(credential)) return folder / value;
    const char* const credentials = ::secure_getenv("CREDENTIALS_DIRECTORY");
    const std::string name = value.substr(credential.size());
    if (credentials == nullptr || *credentials == '\0')
        return Error{0, "no systemd credential", name,
                     "the unit needs LoadCredential=" + name + ":PATH"};
    return fs::path(credentials) / name;
}

class Parser {
public:
    // Without an instance it is named after the file.
    explicit Parser(const std::string& file_name, std::string instance = "")
        : file_(file_name), instance_(std::move(instance)) {}

    MaybeError parse(std::string_view text);
    MaybeError make_key_file(const fs::path& folder);
    MaybeError load_key_files(const fs::path& folder);
    MaybeError find_rules_file(const fs::path& folder);
    // Warns about the file itself.
    void file_is_open_to_all();
    Config take() && { return std::move(config_); }

private:
    MaybeError parse_line(std::string_view line);
    MaybeError start_section(std::string_view line);
    MaybeError parse_key_line(std::string_view line);
    MaybeError parse_value(const ConfigKey& key, std::string_view value);
    MaybeError check();
    MaybeError check_private_key();
    MaybeError check_mtu();
    MaybeError check_firewall();
    MaybeError check_peers();
    MaybeError choose_names();
    template <class Key>
    MaybeError load_key(const NamedKeyFile& file, Key& out);
    void warn(unsigned line, std::string key, std::string what, std::string hint);
    [[nodiscard]] ConfigError error(unsigned line, std::string key, std::string what,
                                    std::string hint) const {
        return {file_, line, std::move(key), std::move(what), std::move(hint)};
    }

    std::string file_;
    std::string instance_;
    Config config_;
    unsigned line_ = 0;
    std::optional<SectionLines> interface_;
    std::vector<SectionLines> peers_;  // as config_.peers
    SectionLines* section_ = nullptr;  // the one that lines belong to
};

MaybeError Parser::parse(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.size() > config_bytes_max)
        return error(0, "", "is longer than 1 MiB", "is it a configuration?");
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    while (!text.empty()) {
        ++line_;
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (auto failed = parse_line(line)) return failed;
    }
    return check();
}

MaybeError Parser::parse_line(std::string_view line) {
    if (line.size() > config_line_bytes_max)
        return error(line_, "line", "is longer than 64 KiB", "is it a configuration?");
    if (line.find('\0') != std::string_view::npos)
        return error(line_, "line", "holds a NUL byte", "save the file as UTF-8 text");
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) return std::nullopt;
    if (holds_control_character(line))
        return error(line_, "line", "holds a control character", "save the file as UTF-8 text");
    return line.front() == '[' ? start_section(line) : parse_key_line(line);
}

MaybeError Parser::start_section(std::string_view line) {
    const bool is_closed = line.ends_with(']');
    const std::string_view name = is_closed ? trimmed(line.substr(1, line.size() - 2)) : "";
    if (equal_without_case(name, "Interface")) {
        if (!interface_) interface_ = SectionLines{ConfigSection::interface, line_, {}};
        section_ = &*interface_;
    } else if (equal_without_case(name, "Peer")) {
        config_.peers.emplace_back();
        section_ = &peers_.emplace_back(SectionLines{ConfigSection::peer, line_, {}});
    } else {
        return error(line_, shown_name(line), "unknown section",
                     "the sections are [Interface] and [Peer]");
    }
    return std::nullopt;
}

MaybeError Parser::parse_key_line(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos)
        return error(line_, "line", "is no key with a value", "write KEY = VALUE");
    const std::string_view name = trimmed(line.substr(0, equals));
    if (section_ == nullptr)
        return error(line_, shown_name(name), "stands before any section",
                     "start the file with [Interface]");
    if (const ConfigKey* key = find_config_key(section_->section, name))
        return parse_value(*key, trimmed(line.substr(equals + 1)));
    ConfigFlaw flaw = unknown_config_key(section_->section, name);
    return error(line_, shown_name(name), std::move(flaw.what), std::move(flaw.hint));
}

MaybeError Parser::parse_value(const ConfigKey& key, std::string_view value) {
    const std::string name(key.name);
    if (value.empty() && !key.is_list)
        return error(line_, name, "has no value", "give it one or take the line out");
    if (auto flaw = key.parse(config_, value))
        return error(line_, name, std::move(flaw->what), std::move(flaw->hint));
    const bool is_new = section_->keys.insert_or_assign(key.name, line_).second;
    if (!is_new && !key.is_list) warn(line_, name, "is given twice", "the last one holds");
    return std::nullopt;
}

// What only the whole file tells.
MaybeError Parser::check() {
    if (!interface_)
        return error(1, "[Interface]", "is missing", "a configuration starts with [Interface]");
    if (config_.save_config)
        warn(interface_->line_of("SaveConfig"), "SaveConfig", "is ignored",
             "this file is never written");
    if (auto failed = check_private_key()) return failed;
    if (auto failed = check_mtu()) return failed;
    if (auto failed = check_firewall()) return failed;
    if (auto failed = check_peers()) return failed;
    return choose_names();
}

MaybeError Parser::check_private_key() {
    const bool has_file = interface_->has("PrivateKeyFile");
    if (interface_->has("PrivateKey") == has_file) {
        const unsigned line = interface_->line_of("PrivateKeyFile");
        if (has_file)
            return error(line, "PrivateKeyFile", "stands beside PrivateKey", "keep one of them");
        return error(line, "PrivateKey", "is missing", "make one with 'wgns-user genkey'");
    }
    if (config_.generate_private_key_file && !has_file)
        return error(interface_->line_of("GeneratePrivateKeyFile"), "GeneratePrivateKeyFile",
                     "does not say which file", "set PrivateKeyFile too");
    return std::nullopt;
}

MaybeError Parser::check_mtu() {
    if (!config_.mtu || *config_.mtu >= mtu_v6_min) return std::nullopt;
    for (const IpPrefix& prefix : config_.addresses)
        if (!prefix.address.is_v4())
            return error(interface_->line_of("MTU"), "MTU",
                         std::to_string(*config_.mtu) + " is too small for " + prefix.to_string(),
                         "IPv6 needs at least 1280");
    return std::nullopt;
}

MaybeError Parser::check_firewall() {
    const unsigned line = interface_->line_of("DNSEnforce");
    const bool has_firewall = config_.firewall == FirewallKind::standard;
    if (config_.dns_enforcement != DnsEnforcement::off) {
        if (config_.dns_servers.empty())
            return error(line, "DNSEnforce", "has no server to lead to", "set DNS to an address");
        if (!has_firewall)
            return error(line, "DNSEnforce", "is the firewall's work", "take Firewall = none out");
    }
    if (!has_firewall && !config_.allow_from_tunnel.empty())
        warn(interface_->line_of("AllowFromTunnel"), "AllowFromTunnel", "opens nothing",
             "with Firewall = none every port is open");
    return std::nullopt;
}

MaybeError Parser::check_peers() {
    std::map<PublicKey, unsigned> lines;
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        const SectionLines& peer = peers_[i];
        const unsigned line = peer.line_of("PublicKey");
        if (!peer.has("PublicKey"))
            return error(line, "PublicKey", "is missing in [Peer]", "each peer has one");
        if (peer.has("PresharedKey") && peer.has("PresharedKeyFile"))
            return error(peer.line_of("PresharedKeyFile"), "PresharedKeyFile",
                         "stands beside PresharedKey", "keep one of them");
        const auto [first, is_new] = lines.emplace(config_.peers[i].public_key, line);
        if (!is_new)
            return error(line, "PublicKey",
                         "is that of line " + std::to_string(first->second) + " again",
                         "make one [Peer] of the two");
    }
    return std::nullopt;
}

MaybeError Parser::choose_names() {
    auto name = instance_.empty() ? instance_name(file_) : Result<std::string>(instance_);
    if (!name) return error(0, "", "its name makes no instance's name", name.error().hint);
    config_.instance = std::move(*name);
    if (config_.namespace_name.empty()) config_.namespace_name = config_.instance;
    if (!config_.interface_name.empty()) return std::nullopt;
    config_.interface_name = config_.namespace_name;
    if (config_.interface_name.size() <= interface_name_bytes_max) return std::nullopt;
    return error(interface_->line_of("Namespace"), "InterfaceName",
                 "its default '" + config_.interface_name + "' is longer than 15 bytes",
                 "set InterfaceName");
}

MaybeError Parser::make_key_file(const fs::path& folder) {
    if (!config_.generate_private_key_file) return std::nullopt;
    const auto path = key_file_path(config_.private_key_file, folder);
    const auto made = path ? make_missing_key_file(*path) : Status(path.error());
    if (made) return std::nullopt;
    return error(interface_->line_of("GeneratePrivateKeyFile"), "GeneratePrivateKeyFile",
                 describe(made.error()), "");
}

MaybeError Parser::load_key_files(const fs::path& folder) {
    const NamedKeyFile own{folder, config_.private_key_file, "PrivateKeyFile",
                           interface_->line_of("PrivateKeyFile")};
    auto failed = load_key(own, config_.private_key);
    for (std::size_t i = 0; i < peers_.size() && !failed; ++i) {
        PeerConfig& peer = config_.peers[i];
        const NamedKeyFile file{folder, peer.preshared_key_file, "PresharedKeyFile",
                                peers_[i].line_of("PresharedKeyFile")};
        failed = load_key(file, peer.preshared_key);
    }
    return failed;
}

MaybeError Parser::find_rules_file(const fs::path& folder) {
    config_.folder = folder.string();
    if (config_.extra_firewall_rules_file.empty()) return std::nullopt;
    const fs::path path = folder / config_.extra_firewall_rules_file;
    config_.extra_firewall_rules_file = path.string();
    if (::access(path.c_str(), R_OK) == 0) return std::nullopt;
    return error(interface_->line_of("ExtraFirewallRulesFile"), "ExtraFirewallRulesFile",
                 path.string() + " cannot be read: " + std::strerror(errno), "");
}

// Without a file the key stays as it is.
template <class Key>
MaybeError Parser::load_key(const NamedKeyFile& file, Key& out) {
    if (file.value.empty()) return std::nullopt;
    const auto& [folder, value, name, line] = file;
    const auto path = key_file_path(value, folder);
    if (!path) return error(line, name, describe(path.error()), "");
    auto read = read_file(*path, key_file_bytes_max);
    if (!read)
        return error(line, name, describe(read.error()),
                     "put a key there with 'wgns-user genkey' or 'genpsk'");
    std::string_view key = read->text;
    while (key.ends_with('\n') || key.ends_with('\r'))
        key.remove_suffix(1);
    const bool is_key = parse_key(trimmed(key), out.mutable_bytes());
    wipe_key_text(read->text);
    if (!is_key)
        return error(line, name, path->string() + " holds no key",
                     "a key is 44 characters of base64");
    if (std::is_same_v<Key, PrivateKey> && out.is_zero())
        return error(line, name, path->string() + " holds all zeros",
                     "make one with 'wgns-user genkey'");
    if (read->is_open_to_all)
        warn(line, name, path->string() + " can be read or changed by everybody",
             "chmod 600 " + path->string());
    return std::nullopt;
}

void Parser::file_is_open_to_all() {
    bool holds_key = interface_->has("PrivateKey");
    for (const SectionLines& peer : peers_)
        holds_key = holds_key || peer.has("PresharedKey");
    if (holds_key)
        warn(0, "", "holds a key and can be read or changed by everybody", "chmod 600 " + file_);
}

void Parser::warn(unsigned line, std::string key, std::string what, std::string hint) {
    config_.warnings.push_back(
        describe(error(line, std::move(key), std::move(what), std::move(hint))));
}

}  // namespace

std::string describe(const ConfigError& error) {
    std::string text = error.file + ":";
    if (error.line != 0) text += std::to_string(error.line) + ": " + error.key + ":";
    text += " " + error.what;
    if (!error.hint.empty()) text += "; " + error.hint;
    return text;
}

std::string HostPort::to_string() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<Endpoint> HostPort::address() const {
    return Endpoint::parse(to_string());
}

Result<std::string> instance_name(const fs::path& path) {
    std::string name = path.stem().string();
    if (StateDir::is_valid_name(name)) return name;
    return Error{EINVAL, "instance name of", path.string(), name_rule};
}

void forget_keys(Config& config) noexcept {
    config.private_key.clear();
    for (PeerConfig& peer : config.peers)
        peer.preshared_key.clear();
}

Result<Config, ConfigError> parse_config(std::string_view text, const std::string& file_name) {
    Parser parser(file_name);
    if (auto failed = parser.parse(text)) return std::move(*failed);
    return std::move(parser).take();
}

Result<Config, ConfigError> load_config(const fs::path& path, const std::string& instance,
                                        MissingKey missing) {
    auto file = read_file(path, config_bytes_max);
    if (!file)
        return ConfigError{path.string(), 0, "",
                           "cannot be read: " + std::string(std::strerror(file.error().code)), ""};
    Parser parser(path.string(), instance);
    auto failed = parser.parse(file->text);
    wipe_key_text(file->text);
    if (!failed && file->is_open_to_all) parser.file_is_open_to_all();
    if (!failed && missing == MissingKey::is_made)
        failed = parser.make_key_file(path.parent_path());
    if (!failed) failed = parser.load_key_files(path.parent_path());
    if (!failed) failed = parser.find_rules_file(fs::absolute(path).parent_path());
    if (failed) return std::move(*failed);
    return std::move(parser).take();
}

}  // namespace wgns
