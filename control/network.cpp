#include "control/network.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "control/instance_plan.h"
#include "control/kept_tun.h"
#include "control/neighbours.h"
#include "dataplane/offloads.h"
#include "dataplane/udp_socket.h"
#include "netns/addressing.h"
#include "netns/dns_files.h"
#include "netns/journal.h"
#include "netns/namespace.h"
#include "netns/netlink.h"
#include "netns/ruleset.h"
#include "netns/user_namespace.h"

namespace wgns {

namespace {

struct Home {
    Namespace ns;
    bool is_own = true;
};

// What those who have this namespace made goes into the journal as well: who is the last takes it
// away.
Result<Home> join(Namespace ns, const std::vector<Made>& made, Journal& journal) {
    Status noted = Done{};
    for (const Made& each : made)
        if (noted) noted = journal.will_make(each);
    if (!noted) return noted.error();
    return Home{std::move(ns), false};
}

// Under the common lock, so that a namespace is not taken away while it is joined.
Result<Home> make_or_join(const std::string& name, const StateDir& state, Journal& journal,
                          const TunQueues& kept) {
    const auto lock = StateDir::lock_all(state.root());
    if (!lock) return lock.error();
    if (auto there = Namespace::named(name)) {
        const auto made = made_with_namespace(state, {name, there->identity()});
        if (!made.empty()) return join(*std::move(there), made, journal);
    }
    auto ns = kept.empty() ? Namespace::create() : tun_namespace(kept.front().get());
    if (!ns) return ns.error();
    const auto noted = journal.will_make(MadeNamespace{name, ns->identity()});
    if (!noted) return noted.error();
    const auto named = give_name(*ns, name);
    if (!named) return named.error();
    return Home{*std::move(ns), true};
}

bool is_in(const TunQueues& queues, const Namespace& ns) {
    if (queues.empty()) return false;
    const auto place = tun_namespace(queues.front().get());
    return place && place->identity() == ns.identity();
}

Status set_up_kernel(const Namespace& ns, const std::vector<KernelSetting>& settings) {
    for (const KernelSetting& each : settings) {
        const auto set = write_sysctl(ns, each.name, each.value);
        if (set) continue;
        const bool is_read_only = set.error().code == EROFS;
        if (is_read_only && !each.is_needed)
            spdlog::warn("{}; inside it stays as it is", describe(set.error()));
        else if (is_read_only)
            return Error{EROFS, "open", each.name, "make /proc/sys writable in this container"};
        else
            return set.error();
    }
    return Done{};
}

// The owner may do without, whoever joins may not.
Status enable_ipv6_for(const Namespace& ns, const Config& config) {
    if (!has_ipv6(config)) return Done{};
    return set_up_kernel(ns, ipv6_settings(true));
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
    std::optional<FirewallPlan> plan;
    if (config.firewall == FirewallKind::standard) plan = firewall_plan(config);
    return apply_ruleset(ns, identity, plan, user_rules(config));
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
    if (done) done = set_addresses(*netlink, *tunnel, config.addresses);
    if (done) done = set_link_up(*netlink, *tunnel);
    if (done) done = set_routes(*netlink, *tunnel, interface_routes(config));
    return done;
}

}  // namespace

Result<TunnelPlace> make_place(const Config& config, unsigned workers, const StateDir& state,
                               TunQueues kept) {
    auto journal = Journal::open(state.journal().string());
    if (!journal) return journal.error();
    const auto home = make_or_join(config.namespace_name, state, *journal, kept);
    if (!home) return home.error();
    const bool stays = is_in(kept, home->ns);
    if (!stays && !kept.empty()) forget_tun();
    auto tun = stays ? Result<TunQueues>(std::move(kept))
                     : open_tun(home->ns, config.interface_name, workers);
    if (!tun) return tun.error();
    const auto updated = update_place(config, home->is_own, state);
    if (!updated) return updated.error();
    return TunnelPlace{*std::move(tun), home->is_own};
}

// The firewall first: what is refused of it then leaves everything as it was.
Status update_place(const Config& config, bool owns_namespace, const StateDir& state) {
    const auto identity = noted_identity(state.journal(), config.namespace_name);
    if (!identity) return identity.error();
    const auto ns = Namespace::named(config.namespace_name);
    if (!ns) return ns.error();
    if (!owns_namespace) return enable_ipv6_for(*ns, config);
    auto journal = Journal::open(state.journal().string());
    if (!journal) return journal.error();
    auto done = set_up_namespace(config, *ns, *identity);
    if (done) done = make_dns_files(config.namespace_name, dns_files(config), *journal);
    return done;
}

Status set_up_namespace(const Config& config, const Namespace& ns, ino_t identity) {
    const auto done = set_up_firewall(config, ns, identity);
    if (!done) return done;
    return set_up_kernel(ns, kernel_settings(config, known_groups()));
}

Status update_links(const Config& config, std::uint32_t mtu) {
    const auto ns = Namespace::named(config.namespace_name);
    if (!ns) return ns.error();
    return update_links(config, *ns, mtu);
}

Status update_links(const Config& config, const Namespace& ns, std::uint32_t mtu) {
    return ns.run([&] { return set_up_links(config, mtu); });
}

void fit_superpackets(Netlink& netlink, const Link& tunnel, std::uint32_t mtu) {
    const std::uint32_t bytes = gso_max_size(mtu, probe_segments_max());
    static_cast<void>(set_link_gso_max_size(netlink, tunnel, bytes));
}

Status undo_network(const StateDir& state) {
    auto made = read_journal(state.journal().string());
    if (!made) return made.error();
    if (made->empty()) return Done{};
    const auto lock = StateDir::lock_all(state.root());
    if (!lock) return lock.error();
    const auto others = made_by_neighbours(state);
    std::erase_if(*made, [&](const Made& each) {
        return std::find(others.begin(), others.end(), each) != others.end();
    });
    auto failures = undo(*made);
    if (!failures.empty()) return std::move(failures.front());
    return Done{};
}

std::string namespace_path(const std::string& name) {
    return netns_path(name);
}

}  // namespace wgns
