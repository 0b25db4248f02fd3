#include "control/service_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "control/expected_network.h"
#include "control/instance_plan.h"
#include "control/state_dir.h"
#include "netns/dns_files.h"
#include "netns/namespace.h"

namespace wgns {

namespace fs = std::filesystem;

namespace {

// Of daemons that look names up on the host's side. Sockets alone, because what leads to the host's
// resolv.conf may go through a folder of theirs.
constexpr const char* name_sockets[] = {
    "/run/nscd/socket",
    "/run/systemd/resolve/io.systemd.Resolve",
    "/run/systemd/resolve/io.systemd.Resolve.Monitor",
    "/run/avahi-daemon/socket",
    "/run/mdnsd",
};

std::string folder_of(const ServiceView& view) {
    return std::string(netns_files_folder) + "/" + view.namespace_name;
}

ServiceView view_of(const std::string& instance, const std::string& ns, const DnsFiles& dns) {
    std::set<std::string> files{"nsswitch.conf"};
    if (!dns.empty()) files.insert("resolv.conf");
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(fs::path(netns_files_folder) / ns, none))
        files.insert(entry.path().filename().string());
    return {instance, ns, {files.begin(), files.end()}};
}

}  // namespace

Result<ServiceView, Failure> service_view_of(const std::string& name) {
    if (!StateDir::is_valid_name(name))
        return Failure{exit_status::no_such_instance, name + ": no such instance"};
    const auto text = StateDir(name).read(StateDir::expected);
    if (const auto expected = text ? parse_expected_network(*text) : std::nullopt)
        return view_of(name, expected->namespace_name, expected->dns);
    const auto config = read_config(config_path(name), name);
    if (!config) return config.error();
    return view_of(name, config->namespace_name, dns_files(*config));
}

std::string systemd_dropin(const ServiceView& view) {
    std::string text = fmt::format(
        "# Runs the service inside wgns-user's instance {0}, and ends it with that. With\n"
        "# Wants= instead of BindsTo= it lives through a restart, without network meanwhile.\n"
        "[Unit]\n"
        "BindsTo=wgns-user@{0}.service\n"
        "After=wgns-user@{0}.service\n"
        "\n"
        "[Service]\n"
        "NetworkNamespacePath={1}\n",
        view.instance, netns_path(view.namespace_name));
    for (const std::string& file : view.files)
        text += fmt::format("BindReadOnlyPaths={0}/{1}:/etc/{1}\n", folder_of(view), file);
    for (const char* path : name_sockets)
        text += fmt::format("InaccessiblePaths=-{}\n", path);
    return text;
}

std::string podman_options(const ServiceView& view) {
    std::string line = "--network=ns:" + netns_path(view.namespace_name);
    for (const std::string& file : view.files)
        line += fmt::format(" --volume={0}/{1}:/etc/{1}:ro", folder_of(view), file);
    return line + "\n";
}

}  // namespace wgns
