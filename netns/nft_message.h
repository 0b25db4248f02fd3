// nftables as libnftnl's objects: from our rows, from the kernel's messages, and as text to compare
// the two by.
#pragma once

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "netns/firewall_rules.h"

namespace wgns {

struct FreeChain {
    void operator()(nftnl_chain* chain) const noexcept { ::nftnl_chain_free(chain); }
};
struct FreeRule {
    void operator()(nftnl_rule* rule) const noexcept { ::nftnl_rule_free(rule); }
};
using NftChain = std::unique_ptr<nftnl_chain, FreeChain>;
using NftRule = std::unique_ptr<nftnl_rule, FreeRule>;

[[nodiscard]] NftChain nft_chain(const ChainRow& row);
[[nodiscard]] NftRule nft_rule(const FirewallRule& rule);
// Empty where the message is none.
[[nodiscard]] NftChain nft_chain(const nlmsghdr& message);
[[nodiscard]] NftRule nft_rule(const nlmsghdr& message);

// The same text for what does the same, whatever it has counted.
[[nodiscard]] std::string text_of(nftnl_chain& chain);
[[nodiscard]] std::string text_of(nftnl_rule& rule);

// A transaction, from its beginning to the message that ends it.
class NftBatch {
public:
    NftBatch();
    void flush_ruleset();
    void add_table();
    void add(const ChainRow& row);
    void add(const FirewallRule& rule);
    // Ends it; nothing is added any more. The last change asks for an acknowledgement.
    [[nodiscard]] const std::vector<char>& finish();
    // What a message is about, by its sequence number.
    [[nodiscard]] std::string subject_of(unsigned sequence) const;

private:
    template <class Fill>
    void put(std::uint16_t type, std::uint16_t flags, std::string subject, Fill fill);
    void append(const nlmsghdr& message);

    std::vector<char> messages_;
    std::vector<std::string> subjects_;
    std::size_t last_change_ = 0;  // where its message begins
};

}  // namespace wgns
