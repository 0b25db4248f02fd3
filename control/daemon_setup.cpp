#include "control/daemon_setup.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "control/uapi.h"
#include "crypto/x25519.h"

namespace wgns {

using nlohmann::json;

namespace {

constexpr int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
// 65,536 peers with their keys and a few networks each.
constexpr off_t max_file_bytes = off_t{64} * 1024 * 1024;

// Everything but the keys: those never go through a JSON value, which could not be wiped.
json open_part(const DaemonSetup& setup) {
    json peers = json::array();
    for (const auto& [key, names] : setup.peers)
        peers.push_back({{"public_key", key_to_base64(key.bytes)},
                         {"name", names.name},
                         {"endpoint", names.endpoint}});
    json named = json::array();
    for (const NamedEndpoint& each : setup.named_endpoints)
        named.push_back({{"public_key", key_to_base64(each.peer.bytes)},
                         {"host", each.host},
                         {"port", each.port},
                         {"refresh_seconds", each.refresh_seconds},
                         {"restart_seconds", each.restart_seconds}});
    json published = json::array();
    for (const DaemonSetup::Publish& each : setup.published)
        published.push_back({{"host", each.host}, {"inside", each.inside}});
    return {{"instance", setup.instance},
            {"namespace", setup.namespace_name},
            {"interface", setup.interface},
            {"mtu", setup.mtu},
            {"io", setup.data_plane.io},
            {"aead", setup.data_plane.aead},
            {"offloads", setup.data_plane.offloads},
            {"workers", setup.data_plane.workers},
            {"peers", peers},
            {"named_endpoints", named},
            {"published", published},
            {"is_quiet", setup.is_quiet},
            {"metrics_listen", setup.metrics_listen}};
}

PublicKey public_key_in(const json& object) {
    PublicKey key;
    if (!parse_key(object.at("public_key").get<std::string>(), key.bytes))
        throw json::other_error::create(501, "public key", &object);
    return key;
}

void read_open_part(const std::string& text, DaemonSetup& setup) {
    const json open = json::parse(text);
    setup.instance = open.at("instance");
    setup.namespace_name = open.at("namespace");
    setup.interface = open.at("interface");
    setup.mtu = open.at("mtu");
    setup.data_plane = {open.at("io"), open.at("aead"), open.at("offloads"), open.at("workers")};
    for (const json& peer : open.at("peers"))
        setup.peers[public_key_in(peer)] = {peer.at("name"), peer.at("endpoint")};
    for (const json& each : open.at("named_endpoints"))
        setup.named_endpoints.push_back({public_key_in(each), each.at("host"), each.at("port"),
                                         each.at("refresh_seconds"), each.at("restart_seconds")});
    for (const json& each : open.at("published"))
        setup.published.push_back({each.at("host"), each.at("inside")});
    setup.is_quiet = open.at("is_quiet");
    setup.metrics_listen = open.at("metrics_listen");
}

Status write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return Error{errno, "write", "daemon's setup", ""};
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return Done{};
}

Status read_all(int fd, std::string& out) {
    struct stat info {};
    if (::fstat(fd, &info) < 0) return Error{errno, "fstat", "daemon's setup", ""};
    if (info.st_size > max_file_bytes) return Error{EFBIG, "read", "daemon's setup", ""};
    out.resize(static_cast<std::size_t>(info.st_size));
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t got =
            ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return Error{got < 0 ? errno : EIO, "read", "daemon's setup", ""};
        done += static_cast<std::size_t>(got);
    }
    return Done{};
}

}  // namespace

DaemonSetup::~DaemonSetup() {
    wipe_key_text(uapi);
}

Result<UniqueFd> write_setup(const DaemonSetup& setup) {
    UniqueFd fd(::memfd_create("wgns-user setup", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) return Error{errno, "memfd_create", "", ""};
    // The first line is JSON, which escapes every line end; the rest is UAPI.
    // A name in the configuration need not be UTF-8.
    const auto replace = json::error_handler_t::replace;
    auto written = write_all(fd.get(), open_part(setup).dump(-1, ' ', false, replace) + '\n');
    if (written) written = write_all(fd.get(), setup.uapi);
    if (!written) return written.error();
    const auto sealed = check(::fcntl(fd.get(), F_ADD_SEALS, seals), "F_ADD_SEALS");
    if (!sealed) return sealed.error();
    return fd;
}

Result<DaemonSetup> read_setup(int file) {
    DaemonSetup setup;
    const auto read = read_all(file, setup.uapi);
    if (!read) return read.error();
    const std::size_t line_end = setup.uapi.find('\n');
    if (line_end == std::string::npos) return Error{EBADMSG, "read", "daemon's setup", ""};
    try {
        read_open_part(setup.uapi.substr(0, line_end), setup);
    } catch (const json::exception& error) {
        return Error{EBADMSG, "read", "daemon's setup", error.what()};
    }
    setup.uapi.erase(0, line_end + 1);
    return setup;
}

}  // namespace wgns
