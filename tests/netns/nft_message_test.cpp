#include "netns/nft_message.h"

#include <gtest/gtest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace wgns {
namespace {

std::vector<const nlmsghdr*> messages_in(const std::vector<char>& bytes) {
    std::vector<const nlmsghdr*> all;
    int left = static_cast<int>(bytes.size());
    const auto* one = reinterpret_cast<const nlmsghdr*>(bytes.data());
    for (; mnl_nlmsg_ok(one, left); one = mnl_nlmsg_next(one, &left))
        all.push_back(one);
    EXPECT_EQ(left, 0);
    return all;
}

TEST(nft_message, a_batch_begins_ends_and_asks_once) {
    NftBatch batch;
    batch.flush_ruleset();
    batch.add_table();
    batch.add(chain_row(FirewallChain::output));
    batch.add({FirewallChain::output, {}, RuleAction::count});
    const auto all = messages_in(batch.finish());
    ASSERT_EQ(all.size(), 6U);
    EXPECT_EQ(all.front()->nlmsg_type, NFNL_MSG_BATCH_BEGIN);
    EXPECT_EQ(all.back()->nlmsg_type, NFNL_MSG_BATCH_END);
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(all[i]->nlmsg_seq, i);
        EXPECT_EQ((all[i]->nlmsg_flags & NLM_F_ACK) != 0, i == 4) << i;
    }
    EXPECT_EQ(batch.subject_of(1), "flush ruleset");
    EXPECT_EQ(batch.subject_of(3), "chain my_output");
    EXPECT_EQ(batch.subject_of(4), "my_output: counter");
    EXPECT_EQ(batch.subject_of(17), "");
}

TEST(nft_message, what_is_sent_is_what_is_read) {
    const FirewallRule row{FirewallChain::input,
                           {{RuleField::protocol, RuleTest::equal, 6},
                            {RuleField::destination_port, RuleTest::equal, 8080}},
                           RuleAction::accept};
    NftBatch batch;
    batch.add(row);
    batch.add(chain_row(FirewallChain::input));
    const auto all = messages_in(batch.finish());
    const NftRule rule = nft_rule(*all[1]);
    ASSERT_TRUE(rule);
    EXPECT_EQ(text_of(*rule), text_of(*nft_rule(row)));
    EXPECT_NE(text_of(*rule).find("0x0000901f"), std::string::npos) << text_of(*rule);
    const NftChain chain = nft_chain(*all[2]);
    ASSERT_TRUE(chain);
    EXPECT_EQ(text_of(*chain), "filter hook 1 priority 0 policy 0");
}

TEST(nft_message, texts_tell_rules_apart) {
    const RuleMatch matches[] = {
        /* 0 */ {RuleField::input_interface, RuleTest::equal, 1},
        /* 1 */ {RuleField::input_interface, RuleTest::not_equal, 1},
        /* 2 */ {RuleField::connection, RuleTest::any_of, 1},
        /* 3 */ {RuleField::connection, RuleTest::any_of, 6},
        /* 4 */ {RuleField::family, RuleTest::equal, NFPROTO_IPV4},
        /* 5 */ {RuleField::protocol, RuleTest::equal, 6},
        /* 6 */ {RuleField::ipv4_protocol, RuleTest::equal, 6},
        /* 7 */ {RuleField::destination_port, RuleTest::at_least, 53},
        /* 8 */ {RuleField::destination_port, RuleTest::at_most, 53},
        /* 9 */ {RuleField::destination_address, RuleTest::equal, 0, *IpAddress::parse("10.0.0.1")},
        /* 10 */ {RuleField::destination_address, RuleTest::equal, 0, *IpAddress::parse("fd00::1")},
    };
    std::vector<std::string> texts;
    for (const RuleMatch& match : matches) {
        const std::string text =
            text_of(*nft_rule(FirewallRule{FirewallChain::input, {match}, RuleAction::drop}));
        EXPECT_EQ(std::count(texts.begin(), texts.end(), text), 0) << text;
        texts.push_back(text);
    }
}

}  // namespace
}  // namespace wgns
