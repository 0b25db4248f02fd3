#include "netns/user_rules.h"

#include <cerrno>
#include <fstream>

#include "netns/firewall.h"
#include "tests/netns/nft_listing.h"
#include "tests/netns/test_network.h"

namespace wgns {
namespace {

using Lines = std::vector<std::string>;

struct Guarded {
    Guarded() { EXPECT_TRUE(apply_firewall(ns, ns.identity(), {})); }
    [[nodiscard]] Status apply(const UserRules& rules) const {
        return apply_user_rules(ns, ns.identity(), FirewallPlan{}, rules);
    }
    [[nodiscard]] bool has(const std::string& text) const { return nft_has(ns, text); }

    Namespace ns = *Namespace::create();
};

TEST(user_rules, may_name_our_chains_and_make_their_own) {
    WGNS_SKIP_UNLESS_ROOT();
    const Guarded guarded;
    const Status applied = guarded.apply({{"add rule inet my_table my_input tcp dport 22 accept",
                                           "table inet own {", "  chain c { counter; }", "}"},
                                          "",
                                          ""});
    ASSERT_TRUE(applied) << describe(applied.error());
    EXPECT_TRUE(guarded.has("chain c {"));
    EXPECT_EQ(*missing_rules(guarded.ns, {}), Lines{}) << "ours come first";
}

TEST(user_rules, stand_alone_without_a_plan) {
    WGNS_SKIP_UNLESS_ROOT();
    const Guarded guarded;
    const UserRules own{{"add table inet own"}, "", ""};
    const Status applied = apply_user_rules(guarded.ns, guarded.ns.identity(), {}, own);
    ASSERT_TRUE(applied) << describe(applied.error());
    EXPECT_EQ(nft_listing(guarded.ns), "table inet own {\n}\n");
    const Status refused =
        apply_user_rules(guarded.ns, guarded.ns.identity(), {},
                         {{"add table inet other", "add chain inet nowhere c"}, "", ""});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().subject.starts_with("ExtraFirewallRules:2: "))
        << describe(refused.error());
    EXPECT_EQ(nft_listing(guarded.ns), "table inet own {\n}\n");
}

TEST(user_rules, an_error_is_nfts_own_with_its_line_and_nothing_is_applied) {
    WGNS_SKIP_UNLESS_ROOT();
    const struct {
        Lines lines;
        const char* subject;
    } rows[] = {
        /* 0 */ {{"table inet own { }", "add rul inet my_table my_input accept"},
                 "ExtraFirewallRules:2: syntax error"},
        /* 1 */
        {{"table inet own { }", "", "add rule inet my_table no_chain accept"},
         "ExtraFirewallRules:3: "},
        /* 2 */ {{"table inet own { }", "table inet open {"}, "ExtraFirewallRules:"},
        /* 3 */
        {{"table inet own { }", "include \"/nowhere/at/all.nft\""}, "ExtraFirewallRules:2: "},
    };
    for (const auto& row : rows) {
        const Guarded guarded;
        const Status refused = guarded.apply({row.lines, "", ""});
        ASSERT_FALSE(refused) << row.subject;
        EXPECT_TRUE(refused.error().subject.starts_with(row.subject)) << describe(refused.error());
        EXPECT_EQ(describe(refused.error()).find('\n'), std::string::npos);
        EXPECT_FALSE(guarded.has("table inet own")) << row.subject;
        EXPECT_EQ(*missing_rules(guarded.ns, {}), Lines{});
    }
}

TEST(user_rules, a_long_line_is_cut_where_it_is_shown) {
    WGNS_SKIP_UNLESS_ROOT();
    const Guarded guarded;
    const Status refused = guarded.apply({{"add " + std::string(9000, 'x')}, "", ""});
    ASSERT_FALSE(refused);
    EXPECT_LT(refused.error().hint.size(), 200U);
}

TEST(user_rules, a_file_comes_behind_the_lines) {
    WGNS_SKIP_UNLESS_ROOT();
    const TestFolder folder;
    const std::string file = folder.file("own.nft");
    std::ofstream(file) << "add chain inet own c\nadd rule inet own c counter";
    const Guarded guarded;
    const Status applied = guarded.apply({{"add table inet own"}, file, ""});
    ASSERT_TRUE(applied) << describe(applied.error());
    std::ofstream(file) << "# fine\nadd rule inet nowhere c counter\n";
    const Status refused = guarded.apply({{"add table inet other"}, file, ""});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().subject.starts_with(file + ":2: ")) << describe(refused.error());
    EXPECT_FALSE(guarded.has("table inet other"));
    const Status missing = guarded.apply({{}, folder.file("nothing"), ""});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ENOENT);
}

TEST(user_rules, includes_are_beside_the_configuration) {
    WGNS_SKIP_UNLESS_ROOT();
    const TestFolder folder;
    std::ofstream(folder.file("more.nft")) << "table inet own { }\n";
    const std::string before = std::filesystem::current_path();
    for (const char* line : {"include \"more.nft\"", "include \"./more.nft\""}) {
        const Guarded guarded;
        const Status applied = guarded.apply({{line}, "", folder.file("")});
        EXPECT_TRUE(applied) << line << ": " << describe(applied.error());
        EXPECT_TRUE(guarded.has("table inet own")) << line;
    }
    EXPECT_EQ(std::filesystem::current_path(), before) << "only a thread has moved";
    std::ofstream(folder.file("more.nft")) << "\n\ntable inet own { oops }\n";
    const Guarded guarded;
    const Status refused = guarded.apply({{"include \"more.nft\""}, "", folder.file("")});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().subject.find("more.nft:3: "), std::string::npos)
        << describe(refused.error());
}

TEST(user_rules, nothing_is_touched_in_another_namespace) {
    WGNS_SKIP_UNLESS_ROOT();
    const Guarded ours;
    const Guarded theirs;
    const Status refused =
        apply_user_rules(theirs.ns, ours.ns.identity(), {}, {{"flush ruleset"}, "", ""});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EXDEV);
    EXPECT_EQ(*missing_rules(theirs.ns, {}), Lines{});
}

}  // namespace
}  // namespace wgns
