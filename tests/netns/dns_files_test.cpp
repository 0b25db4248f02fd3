#include "netns/dns_files.h"

#include <cerrno>
#include <fstream>
#include <set>

#include "base/read_file.h"
#include "netns/marked_file.h"
#include "tests/netns/test_network.h"

namespace wgns {
namespace {

using Names = std::set<std::string>;

const DnsFiles servers{{*IpAddress::parse("10.99.0.2"), *IpAddress::parse("fd99::2")},
                       {"example.org", "corp"}};

// A root in the place of /etc/netns, with a journal.
struct Place {
    [[nodiscard]] Status make(const DnsFiles& dns = servers) {
        auto journal = Journal::open(path);
        EXPECT_TRUE(journal);
        return make_dns_files("client", dns, *journal, root);
    }
    void undo_all() { EXPECT_TRUE(undo(*read_journal(path)).empty()); }
    // Of the instance's folder.
    [[nodiscard]] Names names() const {
        Names all;
        std::error_code missing;
        for (const auto& entry : std::filesystem::directory_iterator(root + "/client", missing))
            all.insert(entry.path().filename());
        return all;
    }
    [[nodiscard]] std::string file(const std::string& name) const {
        return root + "/client/" + name;
    }

    TestFolder folder;
    std::string path = folder.file("journal");
    std::string root = folder.file("netns");
};

TEST(dns_files, texts) {
    EXPECT_EQ(resolv_conf(servers),
              "nameserver 10.99.0.2\nnameserver fd99::2\nsearch example.org corp\n");
    EXPECT_EQ(resolv_conf({{*IpAddress::parse("10.99.0.2")}, {}}), "nameserver 10.99.0.2\n");
    EXPECT_EQ(resolv_conf({{}, {"example.org"}}), "search example.org\n");
    const std::string nsswitch = nsswitch_conf();
    for (const char* line : {"passwd: files systemd\n", "group: files systemd\n", "shadow: files\n",
                             "hosts: files dns\n", "networks: files\n", "ethers: files\n",
                             "services: files\n", "protocols: files\n", "rpc: files\n"})
        EXPECT_NE(nsswitch.find(line), std::string::npos) << line;
}

TEST(dns_files, are_made_and_undone_with_their_folders) {
    Place place;
    const Status made = place.make();
    ASSERT_TRUE(made) << describe(made.error());
    EXPECT_EQ(text_of_file(place.file("resolv.conf")),
              std::string(file_mark) + resolv_conf(servers));
    EXPECT_EQ(text_of_file(place.file("nsswitch.conf")), std::string(file_mark) + nsswitch_conf());
    EXPECT_EQ(place.names(), (Names{"nsswitch.conf", "resolv.conf"}));
    place.undo_all();
    EXPECT_FALSE(std::filesystem::exists(place.root));
    place.undo_all();
}

TEST(dns_files, without_servers_only_the_daemons_of_the_host_are_left_out) {
    Place place;
    ASSERT_TRUE(place.make({}));
    EXPECT_EQ(place.names(), Names{"nsswitch.conf"});
}

TEST(dns_files, files_of_others_are_refused_and_stay) {
    for (const char* name : {"resolv.conf", "nsswitch.conf"}) {
        Place place;
        std::filesystem::create_directories(place.root + "/client");
        std::ofstream(place.file(name)) << "theirs";
        const Status refused = place.make();
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error().code, EEXIST);
        EXPECT_EQ(refused.error().subject, place.file(name));
        EXPECT_NE(refused.error().hint.find("take it away"), std::string::npos);
        place.undo_all();
        EXPECT_EQ(place.names(), Names{name});
        EXPECT_EQ(text_of_file(place.file(name)), "theirs");
    }
}

TEST(dns_files, who_has_files_of_his_own_leaves_dns_out) {
    Place place;
    std::filesystem::create_directories(place.root + "/client");
    for (const char* name : {"resolv.conf", "nsswitch.conf"})
        std::ofstream(place.file(name)) << "theirs";
    ASSERT_TRUE(place.make({}));
    place.undo_all();
    EXPECT_EQ(place.names(), (Names{"nsswitch.conf", "resolv.conf"}));
}

TEST(dns_files, a_folder_of_others_keeps_what_else_is_in_it) {
    Place place;
    std::filesystem::create_directories(place.root + "/client");
    std::ofstream(place.file("hosts")) << "theirs";
    ASSERT_TRUE(place.make());
    EXPECT_EQ(place.names(), (Names{"hosts", "nsswitch.conf", "resolv.conf"}));
    place.undo_all();
    EXPECT_EQ(place.names(), Names{"hosts"});
}

TEST(dns_files, an_empty_folder_of_others_stays) {
    Place place;
    std::filesystem::create_directories(place.root + "/client");
    ASSERT_TRUE(place.make());
    place.undo_all();
    EXPECT_TRUE(std::filesystem::exists(place.root + "/client"));
}

// /run and the journal in it are empty after a crash of the machine, /etc is not.
TEST(dns_files, what_a_lost_journal_told_of_is_ours_again) {
    Place place;
    ASSERT_TRUE(place.make());
    std::filesystem::remove(place.path);
    const Status made = place.make({{*IpAddress::parse("10.99.0.3")}, {}});
    ASSERT_TRUE(made) << describe(made.error());
    EXPECT_EQ(text_of_file(place.file("resolv.conf")),
              std::string(file_mark) + "nameserver 10.99.0.3\n");
    place.undo_all();
    EXPECT_FALSE(std::filesystem::exists(place.root + "/client"));
}

TEST(dns_files, a_view_has_the_same_without_a_file) {
    Place place;
    const auto texts = dns_texts("client", servers, place.root);
    ASSERT_TRUE(texts);
    ASSERT_EQ(texts->size(), 2U);
    EXPECT_EQ((*texts)[0].name, "resolv.conf");
    EXPECT_EQ((*texts)[0].text, resolv_conf(servers));
    EXPECT_EQ((*texts)[1].text, nsswitch_conf());
    EXPECT_FALSE(std::filesystem::exists(place.root));
    // Those of an instance that is up are no hindrance, those of others are.
    ASSERT_TRUE(place.make());
    EXPECT_TRUE(dns_texts("client", servers, place.root));
    std::ofstream(place.file("resolv.conf")) << "theirs";
    const auto refused = dns_texts("client", servers, place.root);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EEXIST);
    const auto none = dns_texts("client", {}, place.root);
    ASSERT_TRUE(none);
    EXPECT_EQ(none->size(), 1U);
    std::ofstream(place.file("nsswitch.conf")) << "theirs";
    const auto all_theirs = dns_texts("client", {}, place.root);
    ASSERT_TRUE(all_theirs);
    EXPECT_TRUE(all_theirs->empty());
}

// Noted, and killed before it was made.
TEST(dns_files, what_somebody_else_made_meanwhile_stays) {
    Place place;
    std::filesystem::create_directories(place.root + "/client");
    auto journal = Journal::open(place.path);
    ASSERT_TRUE(journal);
    ASSERT_TRUE(journal->will_make(MadeFolder{place.root + "/client"}));
    ASSERT_TRUE(journal->will_make(MadeFile{place.file("resolv.conf")}));
    std::ofstream(place.file("resolv.conf")) << "theirs";
    place.undo_all();
    EXPECT_EQ(text_of_file(place.file("resolv.conf")), "theirs");
}

}  // namespace
}  // namespace wgns
