#include "netns/nft_message.h"

#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.h"
#include "base/bytes.h"

namespace wgns {

namespace {

// More than a rule of 16 servers takes; nothing here is longer.
constexpr std::size_t message_size = 16'384;
constexpr std::uint32_t reg = NFT_REG_1;

class Expression {
public:
    explicit Expression(const char* name) : expression_(::nftnl_expr_alloc(name)) {
        WG_ASSERT(expression_ != nullptr);
    }
    Expression& set(std::uint16_t attribute, std::uint32_t value) noexcept {
        ::nftnl_expr_set_u32(expression_, attribute, value);
        return *this;
    }
    Expression& set_byte(std::uint16_t attribute, std::uint8_t value) noexcept {
        ::nftnl_expr_set_u8(expression_, attribute, value);
        return *this;
    }
    Expression& set(std::uint16_t attribute, Bytes value) noexcept {
        ::nftnl_expr_set(expression_, attribute, value.data(),
                         static_cast<std::uint32_t>(value.size()));
        return *this;
    }
    // The rule owns it from now on.
    void add_to(nftnl_rule& rule) noexcept { ::nftnl_rule_add_expr(&rule, expression_); }

private:
    nftnl_expr* expression_;
};

// How a field gets into the register, and how long it is there.
struct FieldRow {
    RuleField field;
    enum class Source { meta, connection, network_header, transport_header } source;
    std::uint32_t key;   // of meta or connection; else the offset
    std::uint32_t size;  // bytes
};
constexpr std::uint32_t address_v4_offset = 16, address_v6_offset = 24;
constexpr FieldRow field_rows[] = {
    {RuleField::input_interface, FieldRow::Source::meta, NFT_META_IIF, 4},
    {RuleField::family, FieldRow::Source::meta, NFT_META_NFPROTO, 1},
    {RuleField::connection, FieldRow::Source::connection, NFT_CT_STATE, 4},
    {RuleField::protocol, FieldRow::Source::meta, NFT_META_L4PROTO, 1},
    {RuleField::ipv4_protocol, FieldRow::Source::network_header, 9, 1},
    {RuleField::destination_port, FieldRow::Source::transport_header, 2, 2},
    {RuleField::destination_address, FieldRow::Source::network_header, address_v4_offset, 4},
};

FieldRow field_row(const RuleMatch& match) {
    FieldRow row = field_rows[static_cast<std::size_t>(match.field)];
    WG_ASSERT(row.field == match.field);
    if (row.field == RuleField::destination_address && !match.address.is_v4()) {
        row.key = address_v6_offset;
        row.size = 16;
    }
    return row;
}

void load(nftnl_rule& rule, const FieldRow& row) {
    using Source = FieldRow::Source;
    switch (row.source) {
        case Source::meta:
            Expression("meta")
                .set(NFTNL_EXPR_META_KEY, row.key)
                .set(NFTNL_EXPR_META_DREG, reg)
                .add_to(rule);
            return;
        case Source::connection:
            Expression("ct")
                .set(NFTNL_EXPR_CT_KEY, row.key)
                .set(NFTNL_EXPR_CT_DREG, reg)
                .add_to(rule);
            return;
        case Source::network_header:
        case Source::transport_header:
            Expression("payload")
                .set(NFTNL_EXPR_PAYLOAD_DREG, reg)
                .set(NFTNL_EXPR_PAYLOAD_BASE, row.source == Source::network_header
                                                  ? NFT_PAYLOAD_NETWORK_HEADER
                                                  : NFT_PAYLOAD_TRANSPORT_HEADER)
                .set(NFTNL_EXPR_PAYLOAD_OFFSET, row.key)
                .set(NFTNL_EXPR_PAYLOAD_LEN, row.size)
                .add_to(rule);
            return;
    }
}

// As the register holds it: what is from a packet in network order, the rest in the host's.
std::vector<std::uint8_t> register_value(const RuleMatch& match, const FieldRow& row) {
    std::vector<std::uint8_t> value(row.size);
    if (match.field == RuleField::destination_address)
        std::ranges::copy(match.address.bytes(), value.begin());
    else if (row.source == FieldRow::Source::transport_header)
        store_be(MutableBytes(value), static_cast<std::uint16_t>(match.number));
    else if (row.size == 1)
        value[0] = static_cast<std::uint8_t>(match.number);
    else
        std::memcpy(value.data(), &match.number, sizeof match.number);
    return value;
}

nft_cmp_ops comparison(RuleTest test) {
    switch (test) {
        case RuleTest::equal:
            return NFT_CMP_EQ;
        case RuleTest::not_equal:
        case RuleTest::any_of:  // than zero, behind the mask
            return NFT_CMP_NEQ;
        case RuleTest::at_least:
            return NFT_CMP_GTE;
        case RuleTest::at_most:
            return NFT_CMP_LTE;
    }
    return NFT_CMP_EQ;
}

void add_match(nftnl_rule& rule, const RuleMatch& match) {
    const FieldRow row = field_row(match);
    load(rule, row);
    std::vector<std::uint8_t> value = register_value(match, row);
    if (match.test == RuleTest::any_of) {
        const std::vector<std::uint8_t> zero(row.size);
        Expression("bitwise")
            .set(NFTNL_EXPR_BITWISE_SREG, reg)
            .set(NFTNL_EXPR_BITWISE_DREG, reg)
            .set(NFTNL_EXPR_BITWISE_LEN, row.size)
            .set(NFTNL_EXPR_BITWISE_MASK, Bytes(value))
            .set(NFTNL_EXPR_BITWISE_XOR, Bytes(zero))
            .add_to(rule);
        value = zero;
    }
    Expression("cmp")
        .set(NFTNL_EXPR_CMP_SREG, reg)
        .set(NFTNL_EXPR_CMP_OP, comparison(match.test))
        .set(NFTNL_EXPR_CMP_DATA, Bytes(value))
        .add_to(rule);
}

void add_verdict(nftnl_rule& rule, std::uint32_t verdict) {
    Expression("immediate")
        .set(NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT)
        .set(NFTNL_EXPR_IMM_VERDICT, verdict)
        .add_to(rule);
}

void add_redirect(nftnl_rule& rule, const IpAddress& target) {
    Expression("immediate")
        .set(NFTNL_EXPR_IMM_DREG, reg)
        .set(NFTNL_EXPR_IMM_DATA, target.bytes())
        .add_to(rule);
    // One address is a range that ends where it begins. The kernel sets the flag if we do not.
    Expression("nat")
        .set(NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT)
        .set(NFTNL_EXPR_NAT_FAMILY, target.is_v4() ? NFPROTO_IPV4 : NFPROTO_IPV6)
        .set(NFTNL_EXPR_NAT_REG_ADDR_MIN, reg)
        .set(NFTNL_EXPR_NAT_REG_ADDR_MAX, reg)
        .set(NFTNL_EXPR_NAT_FLAGS, NF_NAT_RANGE_MAP_IPS)
        .add_to(rule);
}

void add_action(nftnl_rule& rule, const FirewallRule& row) {
    switch (row.action) {
        case RuleAction::accept:
            return add_verdict(rule, NF_ACCEPT);
        case RuleAction::drop:
            return add_verdict(rule, NF_DROP);
        case RuleAction::redirect:
            return add_redirect(rule, row.target);
        case RuleAction::count:
            return Expression("counter").add_to(rule);
        case RuleAction::reject:
            return Expression("reject")
                .set(NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH)
                .set_byte(NFTNL_EXPR_REJECT_CODE, NFT_REJECT_ICMPX_PORT_UNREACH)
                .add_to(rule);
    }
}

std::string text_of(nftnl_expr& expression) {
    std::string words = ::nftnl_expr_get_str(&expression, NFTNL_EXPR_NAME);
    if (words == "counter") return words;
    std::array<char, 512> text{};
    ::nftnl_expr_snprintf(text.data(), text.size(), &expression, NFTNL_OUTPUT_DEFAULT, 0);
    return words.append(" ").append(text.data());
}

}  // namespace

NftChain nft_chain(const ChainRow& row) {
    NftChain chain(::nftnl_chain_alloc());
    WG_ASSERT(chain != nullptr);
    ::nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TABLE, firewall_table);
    ::nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_NAME, row.name);
    ::nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TYPE, row.type);
    ::nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_HOOKNUM, row.hook);
    ::nftnl_chain_set_s32(chain.get(), NFTNL_CHAIN_PRIO, row.priority);
    ::nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_POLICY, row.policy);
    return chain;
}

NftRule nft_rule(const FirewallRule& row) {
    NftRule rule(::nftnl_rule_alloc());
    WG_ASSERT(rule != nullptr);
    ::nftnl_rule_set_str(rule.get(), NFTNL_RULE_TABLE, firewall_table);
    ::nftnl_rule_set_str(rule.get(), NFTNL_RULE_CHAIN, chain_row(row.chain).name);
    for (const RuleMatch& match : row.matches)
        add_match(*rule, match);
    add_action(*rule, row);
    return rule;
}

NftChain nft_chain(const nlmsghdr& message) {
    NftChain chain(::nftnl_chain_alloc());
    if (chain && ::nftnl_chain_nlmsg_parse(&message, chain.get()) < 0) chain.reset();
    return chain;
}

NftRule nft_rule(const nlmsghdr& message) {
    NftRule rule(::nftnl_rule_alloc());
    if (rule && ::nftnl_rule_nlmsg_parse(&message, rule.get()) < 0) rule.reset();
    return rule;
}

std::string text_of(nftnl_chain& chain) {
    const char* const type = ::nftnl_chain_get_str(&chain, NFTNL_CHAIN_TYPE);
    if (type == nullptr) return "no hook";
    return std::string(type) + " hook " +
           std::to_string(::nftnl_chain_get_u32(&chain, NFTNL_CHAIN_HOOKNUM)) + " priority " +
           std::to_string(::nftnl_chain_get_s32(&chain, NFTNL_CHAIN_PRIO)) + " policy " +
           std::to_string(::nftnl_chain_get_u32(&chain, NFTNL_CHAIN_POLICY));
}

std::string text_of(nftnl_rule& rule) {
    std::string text;
    nftnl_expr_iter* const all = ::nftnl_expr_iter_create(&rule);
    WG_ASSERT(all != nullptr);
    while (nftnl_expr* const each = ::nftnl_expr_iter_next(all))
        text += "[ " + text_of(*each) + "] ";
    ::nftnl_expr_iter_destroy(all);
    return text;
}

NftBatch::NftBatch() {
    alignas(nlmsghdr) std::array<char, 64> buffer{};
    append(*::nftnl_batch_begin(buffer.data(), 0));
    subjects_.emplace_back();
}

void NftBatch::append(const nlmsghdr& message) {
    const char* const bytes = reinterpret_cast<const char*>(&message);
    messages_.insert(messages_.end(), bytes, bytes + message.nlmsg_len);
    messages_.resize((messages_.size() + MNL_ALIGNTO - 1) / MNL_ALIGNTO * MNL_ALIGNTO);
}

template <class Fill>
void NftBatch::put(std::uint16_t type, std::uint16_t flags, std::string subject, Fill fill) {
    alignas(nlmsghdr) std::array<char, message_size> buffer{};
    const auto sequence = static_cast<std::uint32_t>(subjects_.size());
    nlmsghdr* const message =
        ::nftnl_nlmsg_build_hdr(buffer.data(), type, NFPROTO_INET, flags, sequence);
    fill(message);
    WG_ASSERT(message->nlmsg_len <= buffer.size());
    last_change_ = messages_.size();
    append(*message);
    subjects_.push_back(std::move(subject));
}

// Of every family, hence without a table's name.
void NftBatch::flush_ruleset() {
    put(NFT_MSG_DELTABLE, 0, "flush ruleset", [](nlmsghdr* message) {
        auto* const body = static_cast<nfgenmsg*>(mnl_nlmsg_get_payload(message));
        body->nfgen_family = NFPROTO_UNSPEC;
    });
}

void NftBatch::add_table() {
    put(NFT_MSG_NEWTABLE, NLM_F_CREATE, std::string("table ") + firewall_table,
        [](nlmsghdr* message) { mnl_attr_put_strz(message, NFTA_TABLE_NAME, firewall_table); });
}

void NftBatch::add(const ChainRow& row) {
    const NftChain chain = nft_chain(row);
    put(NFT_MSG_NEWCHAIN, NLM_F_CREATE, std::string("chain ") + row.name,
        [&](nlmsghdr* message) { ::nftnl_chain_nlmsg_build_payload(message, chain.get()); });
}

void NftBatch::add(const FirewallRule& row) {
    const NftRule rule = nft_rule(row);
    put(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
        chain_row(row.chain).name + (": " + describe(row)),
        [&](nlmsghdr* message) { ::nftnl_rule_nlmsg_build_payload(message, rule.get()); });
}

const std::vector<char>& NftBatch::finish() {
    WG_ASSERT(last_change_ != 0);
    reinterpret_cast<nlmsghdr*>(messages_.data() + last_change_)->nlmsg_flags |= NLM_F_ACK;
    alignas(nlmsghdr) std::array<char, 64> buffer{};
    append(*::nftnl_batch_end(buffer.data(), static_cast<std::uint32_t>(subjects_.size())));
    return messages_;
}

std::string NftBatch::subject_of(unsigned sequence) const {
    return sequence < subjects_.size() ? subjects_[sequence] : std::string();
}

}  // namespace wgns
