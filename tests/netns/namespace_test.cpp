#include "netns/namespace.h"

#include <sys/socket.h>

#include <cerrno>
#include <fstream>

#include "base/read_file.h"
#include "tests/netns/test_network.h"

namespace wgns {
namespace {

// As a thread inside reads it.
std::string setting_in(const Namespace& ns, const std::string& name) {
    const auto text =
        ns.run([&] { return Result<std::string>(text_of_file("/proc/sys/" + name)); });
    return text ? *text : describe(text.error());
}

TEST(namespace, names) {
    const struct {
        std::string name;
        bool is_valid;
    } rows[] = {
        /* 1 */ {"client", true},
        /* 2 */ {"a", true},
        /* 3 */ {std::string(64, 'n'), true},
        /* 4 */ {std::string(65, 'n'), false},
        /* 5 */ {"", false},
        /* 6 */ {".", false},
        /* 7 */ {"..", false},
        /* 8 */ {"...", true},
        /* 9 */ {"a/b", false},
        /* 10 */ {"a b", false},
        /* 11 */ {"a\nb", false},
        /* 12 */ {std::string("a\0b", 3), false},
        /* 13 */ {"a\x7f", false},
        /* 14 */ {"caf\xc3\xa9", false},
        /* 15 */ {"vpn-1.example_2", true},
    };
    for (const auto& row : rows)
        EXPECT_EQ(valid_namespace_name(row.name), row.is_valid) << row.name;
}

TEST(namespace, open_tells_what_is_wrong) {
    const TestFolder folder;
    const auto missing = Namespace::open(folder.file("nothing"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ENOENT);
    std::ofstream(folder.file("empty")).flush();
    const auto leftover = Namespace::open(folder.file("empty"));
    ASSERT_FALSE(leftover);
    EXPECT_EQ(leftover.error().code, EINVAL);
    EXPECT_FALSE(leftover.error().hint.empty());
}

TEST(namespace, run_moves_only_its_own_thread) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto here = Namespace::current();
    ASSERT_TRUE(here);
    const auto other = Namespace::create();
    ASSERT_TRUE(other);
    EXPECT_NE(other->identity(), here->identity());
    const auto inside = other->run([] { return Namespace::current(); });
    ASSERT_TRUE(inside);
    EXPECT_EQ(inside->identity(), other->identity());
    const auto after = Namespace::current();
    ASSERT_TRUE(after);
    EXPECT_EQ(after->identity(), here->identity());
}

TEST(namespace, run_hands_an_error_back) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    const Status failed = ns->run([] { return Status(Error{EIO, "anything", {}, {}}); });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, EIO);
}

TEST(namespace, a_name_leads_to_its_namespace_until_it_is_removed) {
    WGNS_SKIP_UNLESS_ROOT();
    const TestName name("a");
    const auto before = names_of_this_test();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    const Status given = give_name(*ns, name.text());
    ASSERT_TRUE(given) << describe(given.error());
    const auto found = Namespace::named(name.text());
    ASSERT_TRUE(found) << describe(found.error());
    EXPECT_EQ(found->identity(), ns->identity());
    EXPECT_TRUE(remove_name(name.text(), ns->identity()));
    EXPECT_EQ(names_of_this_test(), before);
    EXPECT_TRUE(remove_name(name.text(), ns->identity())) << "twice is fine";
}

// Others must find it under its name too: `ip netns exec`, systemd's NetworkNamespacePath=.
TEST(namespace, the_folder_is_one_shared_mount) {
    WGNS_SKIP_UNLESS_ROOT();
    const TestName name("b");
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    ASSERT_TRUE(give_name(*ns, name.text()));
    std::ifstream lines("/proc/self/mountinfo");
    std::string line;
    int mounts = 0;
    while (std::getline(lines, line)) {
        if (line.find(" /run/netns ") == std::string::npos) continue;
        ++mounts;
        EXPECT_NE(line.find(" shared:"), std::string::npos) << line;
    }
    EXPECT_EQ(mounts, 1);
}

TEST(namespace, a_taken_name_stays_its_owners) {
    WGNS_SKIP_UNLESS_ROOT();
    const TestName name("c");
    const auto owner = Namespace::create();
    const auto late = Namespace::create();
    ASSERT_TRUE(owner && late);
    ASSERT_TRUE(give_name(*owner, name.text()));
    const Status taken = give_name(*late, name.text());
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, EEXIST);
    EXPECT_NE(taken.error().hint.find("ip netns del " + name.text()), std::string::npos);
    EXPECT_TRUE(remove_name(name.text(), late->identity()));
    const auto still = Namespace::named(name.text());
    ASSERT_TRUE(still) << "a namespace that was not made here is not removed";
    EXPECT_EQ(still->identity(), owner->identity());
}

TEST(namespace, somebody_elses_file_by_that_name_stays) {
    WGNS_SKIP_UNLESS_ROOT();
    const TestName name("d");
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    std::filesystem::create_directories(netns_folder);
    std::ofstream(name.path()) << "";
    EXPECT_FALSE(give_name(*ns, name.text()));
    EXPECT_TRUE(remove_name(name.text(), ns->identity()));
    EXPECT_TRUE(name.exists());
}

// The file below the mount is what is left when give_name is killed before it mounts.
TEST(namespace, what_a_killed_give_name_leaves_is_removed) {
    WGNS_SKIP_UNLESS_ROOT();
    const TestName name("e");
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    ASSERT_TRUE(give_name(*ns, name.text()));
    ASSERT_EQ(::umount2(name.path().c_str(), MNT_DETACH), 0);
    ASSERT_TRUE(name.exists());
    EXPECT_TRUE(remove_name(name.text(), ns->identity()));
    EXPECT_FALSE(name.exists());
}

TEST(namespace, a_setting_is_written_inside_alone) {
    WGNS_SKIP_UNLESS_ROOT();
    constexpr const char* setting = "net/ipv4/ping_group_range";
    const std::string outside = text_of_file(std::string("/proc/sys/") + setting);
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    const auto written = write_sysctl(*ns, setting, "0 2147483647");
    ASSERT_TRUE(written) << describe(written.error());
    EXPECT_TRUE(*written);
    EXPECT_EQ(setting_in(*ns, setting), "0\t2147483647\n");
    EXPECT_EQ(text_of_file(std::string("/proc/sys/") + setting), outside);
}

TEST(namespace, a_missing_setting_is_no_error_and_a_bad_value_is) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    const auto missing = write_sysctl(*ns, "net/ipv4/conf/all/no_such_setting", "1");
    ASSERT_TRUE(missing) << describe(missing.error());
    EXPECT_FALSE(*missing);
    const auto bad = write_sysctl(*ns, "net/ipv4/ping_group_range", "none");
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, EINVAL);
}

}  // namespace
}  // namespace wgns
