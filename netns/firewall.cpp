#include "netns/firewall.h"

#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <utility>

#include "netns/netlink.h"
#include "netns/nft_message.h"

namespace wgns {

namespace {

constexpr const char* operation = "nftables";

Error with_hint(Error error) {
    if (error.hint.empty()) error.hint = firewall_hint(error.code, error.subject);
    return error;
}

Status apply(NftBatch& batch) {
    const std::vector<char>& messages = batch.finish();
    auto netlink = Netlink::open(NETLINK_NETFILTER);
    if (!netlink) return with_hint(netlink.error());
    auto done = netlink->transact(messages, operation,
                                  [&](unsigned sequence) { return batch.subject_of(sequence); });
    if (!done) return with_hint(done.error());
    return done;
}

bool is_lack_of_nftables(int code) {
    return code == EPROTONOSUPPORT || code == EOPNOTSUPP || code == EAFNOSUPPORT;
}

template <class Answer>
Status dump(Netlink& netlink, std::uint16_t type, Answer answer) {
    alignas(nlmsghdr) std::array<char, 64> buffer{};
    nlmsghdr* const request =
        ::nftnl_nlmsg_build_hdr(buffer.data(), type, NFPROTO_INET, NLM_F_DUMP, 0);
    return netlink.query(*request, operation, "the rules", answer);
}

bool is_text(const char* text, const char* expected) {
    return text != nullptr && std::string(expected) == text;
}

// Texts of our table as it is: of each chain, and of its rules in their order.
struct InForce {
    std::map<std::string, std::string> chains;
    std::map<std::string, std::vector<std::string>> rules;
};

Result<InForce> read_in_force() {
    auto netlink = Netlink::open(NETLINK_NETFILTER);
    if (!netlink) return netlink.error();
    InForce there;
    auto done = dump(*netlink, NFT_MSG_GETCHAIN, [&](const nlmsghdr& message) {
        const NftChain chain = nft_chain(message);
        if (!chain ||
            !is_text(::nftnl_chain_get_str(chain.get(), NFTNL_CHAIN_TABLE), firewall_table))
            return;
        there.chains[::nftnl_chain_get_str(chain.get(), NFTNL_CHAIN_NAME)] = text_of(*chain);
    });
    if (!done) return done.error();
    done = dump(*netlink, NFT_MSG_GETRULE, [&](const nlmsghdr& message) {
        const NftRule rule = nft_rule(message);
        if (!rule || !is_text(::nftnl_rule_get_str(rule.get(), NFTNL_RULE_TABLE), firewall_table))
            return;
        there.rules[::nftnl_rule_get_str(rule.get(), NFTNL_RULE_CHAIN)].push_back(text_of(*rule));
    });
    if (!done) return done.error();
    return there;
}

}  // namespace

Status apply_firewall(const Namespace& ns, ino_t identity, const FirewallPlan& plan) {
    const Ruleset set = ruleset_of(plan);
    NftBatch batch;
    batch.flush_ruleset();
    batch.add_table();
    for (const FirewallChain chain : set.chains)
        batch.add(chain_row(chain));
    for (const FirewallRule& rule : set.rules)
        batch.add(rule);
    return ns.run([&] {
        auto done = expect_namespace(identity);
        if (done) done = apply(batch);
        return done;
    });
}

Status clear_firewall(const Namespace& ns, ino_t identity) {
    NftBatch batch;
    batch.flush_ruleset();
    const Status cleared = ns.run([&] {
        auto done = expect_namespace(identity);
        if (done) done = apply(batch);
        return done;
    });
    if (cleared || is_lack_of_nftables(cleared.error().code)) return Done{};
    return cleared;
}

std::string firewall_hint(int code, const std::string& subject) {
    if (code == EPERM) return "this needs CAP_NET_ADMIN in the namespace";
    const bool is_missing = code == ENOENT || code == EOPNOTSUPP || code == EAFNOSUPPORT;
    if (is_missing && subject.find("ct state") != std::string::npos)
        return "this kernel tracks no connections: load nf_conntrack and nft_ct, or set Firewall = "
               "none";
    if (is_missing && subject.find("dnat") != std::string::npos)
        return "this kernel redirects nothing: load nft_nat, or leave DNSEnforce out";
    if (is_missing || code == EPROTONOSUPPORT || code == EINVAL)
        return "this kernel may lack a part of nftables: load nf_tables, or set Firewall = none";
    return {};
}

Result<std::vector<std::string>> missing_rules(const Namespace& ns, const FirewallPlan& plan) {
    auto there = ns.run([] { return read_in_force(); });
    if (!there) return there.error();
    const Ruleset set = ruleset_of(plan);
    std::vector<std::string> missing;
    for (const FirewallChain chain : set.chains)
        if (there->chains[chain_row(chain).name] != text_of(*nft_chain(chain_row(chain))))
            missing.push_back(std::string("chain ") + chain_row(chain).name);
    std::map<FirewallChain, std::size_t> passed;
    for (const FirewallRule& rule : set.rules) {
        const std::string name = chain_row(rule.chain).name;
        const std::vector<std::string>& rules = there->rules[name];
        const std::size_t at = passed[rule.chain]++;
        if (at >= rules.size() || rules[at] != text_of(*nft_rule(rule)))
            missing.push_back(name + ": " + describe(rule));
    }
    return missing;
}

}  // namespace wgns
