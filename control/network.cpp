#include "control/network.h"

#include <cerrno>
#include <utility>

#include "control/instance_plan.h"
#include "dataplane/offloads.h"
#include "dataplane/udp_socket.h"
#include "netns/dns_files.h"
#include "netns/firewall.h"
#include "netns/journal.h"
#include "netns/addressing.h"
#include "netns/namespace.h"
#include "netns/netlink.h"
#include "netns/user_rules.h"

namespace wgns {

namespace {

Result<Namespace> make_namespace(const std::string& name, Journal& journal) {
    auto ns = Namespace::create();
    if (!ns) return ns.error();
    const auto noted = journal.will_make(MadeNamespace{name, ns->identity()});
    if (!noted) return noted.error();
    const auto named = give_name(*ns, name);
    if (!named) return named.error();
    return ns;
}

Status set_up_kernel(const Namespace& ns, const Config& config) {
    for (const KernelSetting& each : kernel_settings(config)) {
        const auto set = write_sysctl(ns, each.name, each.value);
        if (!set) return set.error();
    }
    return Done{};
}

// What the journal says was made under this name, which is all that may be flushed.
Result<ino_t> noted_identity(const std::filesystem::path& journal, const std::string& name) {
    const auto all = read_journal(journal.string());
    if (!all) return all.error();
    for (auto made = all->rbegin(); made != all->rend(); ++made)
        if (const auto* ns = std::get_if<MadeNamespace>(&*made); ns && ns->name == name)
            return ns->identity;
    return Error{ENOENT, "read", journal.string(), "it does not know namespace " + name};
}

// The interface is there already, because rules may name it, and still down.
Status set_up_firewall(const Config& config, const Namespace& ns, ino_t identity) {
    Status done = Done{};
    if (config.firewall == FirewallKind::standard)
        done = apply_firewall(ns, identity, firewall_plan(config));
    const UserRules rules = user_rules(config);
    if (done && !rules.empty()) done = apply_user_rules(ns, identity, rules);
    return done;
}

// Runs inside.
Status set_up_links(const Config& config, std::uint32_t mtu) {
    auto netlink = Netlink::open();
    if (!netlink) return netlink.error();
    const auto loopback = find_link(*netlink, "lo");
    if (!loopback) return loopback.error();
    const auto tunnel = find_link(*netlink, config.interface_name);
    if (!tunnel) return tunnel.error();

    auto done = set_link_up(*netlink, *loopback);
    if (done) done = prepare_tun(*netlink, *tunnel, mtu);
    if (done) fit_superpackets(*netlink, *tunnel, mtu);
    for (const IpPrefix& address : config.addresses)
        if (done) done = add_address(*netlink, *tunnel, address);
    if (done) done = set_link_up(*netlink, *tunnel);
    for (const Route& route : interface_routes(config))
        if (done) done = add_route(*netlink, *tunnel, route);
    return done;
}

}  // namespace

Result<TunQueues> make_network(const Config& config, std::uint32_t mtu, unsigned workers,
                               const std::filesystem::path& journal_path) {
    auto journal = Journal::open(journal_path.string());
    if (!journal) return journal.error();
    const auto ns = make_namespace(config.namespace_name, *journal);
    if (!ns) return ns.error();
    const auto kernel = set_up_kernel(*ns, config);
    if (!kernel) return kernel.error();
    auto tun = open_tun(*ns, config.interface_name, workers);
    if (!tun) return tun.error();
    const auto identity = noted_identity(journal_path, config.namespace_name);
    if (!identity) return identity.error();
    const auto guarded = set_up_firewall(config, *ns, *identity);
    if (!guarded) return guarded.error();
    const auto files = make_dns_files(config.namespace_name, dns_files(config), *journal);
    if (!files) return files.error();
    const auto links = ns->run([&] { return set_up_links(config, mtu); });
    if (!links) return links.error();
    return tun;
}

void fit_superpackets(Netlink& netlink, const Link& tunnel, std::uint32_t mtu) {
    const std::uint32_t bytes = gso_max_size(mtu, probe_segments_max());
    static_cast<void>(set_link_gso_max_size(netlink, tunnel, bytes));
}

Status undo_network(const std::filesystem::path& journal) {
    const auto made = read_journal(journal.string());
    if (!made) return made.error();
    auto failures = undo(*made);
    if (!failures.empty()) return std::move(failures.front());
    return Done{};
}

std::string namespace_path(const std::string& name) {
    return netns_path(name);
}

}  // namespace wgns
