#include "control/leak_check.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "netns/marked_file.h"

namespace wgns {
namespace {

const std::vector<Link> inside_links{{"lo", 1, 65536, 0, true}, {"home", 2, 1420, 0, true}};

std::vector<Link> and_link(const char* name, bool is_up) {
    std::vector<Link> links = inside_links;
    links.push_back({name, 3, 1500, 0, is_up});
    return links;
}

Path path_by(const char* destination, std::vector<std::uint32_t> links) {
    Path path;
    path.destination = *IpPrefix::parse(destination);
    path.table = 254;
    path.links = std::move(links);
    return path;
}

TEST(LeakCheck, ResolverIsTheOneThatUpWrote) {
    const DnsFiles dns{{*IpAddress::parse("10.9.0.2")}, {}};
    const std::string ours = std::string(file_mark) + "nameserver 10.9.0.2\n";
    const std::string theirs = "nameserver 192.0.2.1\n";
    const struct {
        std::optional<DnsFiles> expected;
        std::string text;
        bool is_own;
        Judgement judgement;
    } rows[] = {
        /* 1 */ {dns, ours, true, Judgement::ok},
        /* 2 */ {dns, theirs, true, Judgement::failed},
        /* 3 */ {dns, ours + theirs, true, Judgement::failed},
        /* 4 */ {DnsFiles{}, theirs, true, Judgement::ok},  // the user's own
        /* 5 */ {DnsFiles{}, theirs, false, Judgement::failed},
        /* 6 */ {{}, ours, true, Judgement::ok},
        /* 7 */ {{}, theirs, false, Judgement::failed},
    };
    int number = 0;
    for (const auto& row : rows)
        EXPECT_EQ(judge_resolver(row.expected, row.text, row.is_own).judgement, row.judgement)
            << ++number;
}

TEST(LeakCheck, HostsAreLookedUpByNoDaemon) {
    EXPECT_EQ(judge_nsswitch(nsswitch_conf()).judgement, Judgement::ok);
    EXPECT_EQ(judge_nsswitch("").judgement, Judgement::ok);
    EXPECT_EQ(judge_nsswitch("hosts: files [NOTFOUND=return] dns # resolve\n").judgement,
              Judgement::ok);
    EXPECT_EQ(judge_nsswitch("hosts: files resolve dns\n").judgement, Judgement::failed);
    EXPECT_EQ(judge_nsswitch("hosts:\tmdns4_minimal dns\n").judgement, Judgement::failed);
    EXPECT_EQ(judge_name_services({}).judgement, Judgement::ok);
    EXPECT_EQ(judge_name_services({"/run/nscd/socket"}).judgement, Judgement::failed);
}

TEST(LeakCheck, NoLinkButOurs) {
    EXPECT_EQ(judge_links(inside_links, {"home"}).judgement, Judgement::ok);
    EXPECT_EQ(judge_links(and_link("eth0", false), {"home"}).judgement, Judgement::failed);
    EXPECT_EQ(judge_links(and_link("wg1", true), {"home", "wg1"}).judgement, Judgement::ok);
    EXPECT_EQ(judge_links(and_link("wg1", true), {"wg2", "home"}).judgement, Judgement::failed);
    EXPECT_EQ(judge_links(and_link("sit0", false), {"home"}).judgement, Judgement::ok);
    EXPECT_EQ(judge_links(and_link("sit0", true), {"home"}).judgement, Judgement::failed);
    EXPECT_EQ(judge_links(inside_links, {"other"}).judgement, Judgement::failed);
}

TEST(LeakCheck, NoWayButTheTunnel) {
    const auto links = and_link("eth0", true);
    const auto verdict = [&](const std::vector<Path>& paths) {
        return judge_paths(paths, links, {"home"}).judgement;
    };
    EXPECT_EQ(verdict({}), Judgement::ok);
    EXPECT_EQ(verdict({path_by("0.0.0.0/0", {2}), path_by("::1/128", {1})}), Judgement::ok);
    EXPECT_EQ(verdict({path_by("0.0.0.0/0", {3})}), Judgement::failed);
    EXPECT_EQ(verdict({path_by("0.0.0.0/0", {2, 3})}), Judgement::failed);
    EXPECT_EQ(verdict({path_by("0.0.0.0/0", {2}), path_by("192.0.2.0/24", {3})}),
              Judgement::failed);
    EXPECT_EQ(verdict({path_by("::/0", {77})}), Judgement::failed);
}

TEST(LeakCheck, EveryRuleIsInForce) {
    using Missing = Result<std::vector<std::string>>;
    using Lines = std::vector<std::string>;
    ExpectedNetwork expected;
    EXPECT_EQ(judge_rules(expected, Missing(Lines{})).judgement, Judgement::ok);
    const Missing some(Lines{"chain my_input"});
    EXPECT_EQ(judge_rules(expected, some).judgement, Judgement::failed);
    EXPECT_EQ(judge_rules(std::nullopt, some).judgement, Judgement::failed);
    EXPECT_EQ(judge_rules(expected, Missing(Error{EPERM, "nftables", "", ""})).judgement,
              Judgement::failed);
    const auto partly = judge_rules(std::nullopt, Missing(Lines{"my_input: counter"}));
    EXPECT_EQ(partly.judgement, Judgement::ok);
    EXPECT_NE(partly.found.find("not known"), std::string::npos);
    expected.has_firewall = false;
    EXPECT_EQ(judge_rules(expected, some).judgement, Judgement::ok);
}

TEST(LeakCheck, QuestionsLeaveByTheTunnelAlone) {
    const auto links = and_link("eth0", true);
    const IpAddress server = *IpAddress::parse("10.9.0.2");
    const auto left_by = [&](std::vector<std::uint32_t> indexes) {
        return Question{server, QuestionPath{std::move(indexes), false}};
    };
    const Question refused{server, Error{ENETUNREACH, "connect", "10.9.0.2", ""}};
    const auto verdict = [&](const std::vector<Question>& asked) {
        return judge_questions(asked, links, {"home"}).judgement;
    };
    EXPECT_EQ(verdict({left_by({2})}), Judgement::ok);
    EXPECT_EQ(verdict({left_by({2}), refused}), Judgement::ok);
    EXPECT_EQ(verdict({left_by({3})}), Judgement::failed);
    EXPECT_EQ(verdict({left_by({2, 3})}), Judgement::failed);
    EXPECT_EQ(verdict({left_by({2}), left_by({1})}), Judgement::failed);
    EXPECT_EQ(verdict({left_by({})}), Judgement::failed);
    EXPECT_EQ(verdict({refused}), Judgement::failed);
    EXPECT_EQ(verdict({}), Judgement::failed);
}

TEST(LeakCheck, NameServersAreReadAsLibcDoes) {
    EXPECT_TRUE(name_servers("").empty());
    const auto servers = name_servers(
        "# nameserver 192.0.2.1\nsearch nameserver\nnameserver 192.0.2.2\nnameserver fe80::1%eth0\n"
        "nameserver nonsense\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n");
    ASSERT_EQ(servers.size(), 3U);
    EXPECT_EQ(servers[0].to_string(), "192.0.2.2");
    EXPECT_EQ(servers[1].to_string(), "fe80::1");
}

TEST(LeakCheck, OfAnUnknownInstanceIsAFailure) {
    EXPECT_FALSE(check_leaks("no-such-instance-here"));
}

}  // namespace
}  // namespace wgns
