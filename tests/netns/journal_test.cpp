#include "netns/journal.h"

#include <fstream>

#include "base/read_file.h"
#include "netns/marked_file.h"
#include "tests/netns/test_network.h"

namespace wgns {
namespace {

std::vector<std::string> described(const std::string& path) {
    std::vector<std::string> lines;
    const auto all = read_journal(path);
    EXPECT_TRUE(all);
    for (const Made& made : *all)
        lines.push_back(describe(made));
    return lines;
}

using Lines = std::vector<std::string>;

TEST(journal, keeps_what_it_is_told_in_order_over_openings) {
    const TestFolder folder;
    const std::string path = folder.file("journal");
    for (const char* file : {"/run/a", "/run/b \"quoted\" \\ \n"}) {
        auto journal = Journal::open(path);
        ASSERT_TRUE(journal) << describe(journal.error());
        ASSERT_TRUE(journal->will_make(MadeNamespace{"client", 4026531840}));
        ASSERT_TRUE(journal->will_make(MadeFile{file}));
        ASSERT_TRUE(journal->will_make(MadeFolder{file}));
    }
    const auto all = read_journal(path);
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 6U);
    EXPECT_EQ(std::get<MadeNamespace>((*all)[0]).name, "client");
    EXPECT_EQ(std::get<MadeNamespace>((*all)[0]).identity, 4026531840U);
    EXPECT_EQ(std::get<MadeFile>((*all)[1]).path, "/run/a");
    EXPECT_EQ(std::get<MadeFile>((*all)[4]).path, "/run/b \"quoted\" \\ \n");
    EXPECT_EQ(std::get<MadeFolder>((*all)[2]).path, "/run/a");
    EXPECT_EQ(described(path)[2], "folder /run/a");
}

TEST(journal, a_missing_one_is_empty_and_a_missing_folder_is_an_error) {
    const TestFolder folder;
    EXPECT_EQ(described(folder.file("nothing")), Lines{});
    const auto refused = Journal::open(folder.file("no/such/folder"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENOENT);
}

// A crash may cut the last line anywhere.
TEST(journal, a_torn_last_line_is_passed_over_wherever_it_is_cut) {
    const TestFolder folder;
    const std::string path = folder.file("journal");
    {
        auto journal = Journal::open(path);
        ASSERT_TRUE(journal);
        ASSERT_TRUE(journal->will_make(MadeFile{"/run/a"}));
        ASSERT_TRUE(journal->will_make(MadeNamespace{"client", 7}));
    }
    const std::string text = text_of_file(path);
    const std::size_t first = text.find('\n') + 1;
    for (std::size_t size = first; size + 1 < text.size(); ++size) {
        std::filesystem::resize_file(path, 0);
        std::ofstream(path) << text.substr(0, size);
        EXPECT_EQ(described(path), Lines{"file /run/a"}) << text.substr(0, size);
    }
}

TEST(journal, lines_that_say_nothing_are_passed_over) {
    const TestFolder folder;
    const char* const rows[] = {
        /* 1 */ "",
        /* 2 */ "[]",
        /* 3 */ "null",
        /* 4 */ "{}",
        /* 5 */ R"({"file":7})",
        /* 6 */ R"({"namespace":"a"})",
        /* 7 */ R"({"namespace":"a","identity":-1})",
        /* 8 */ R"({"namespace":"a","identity":"7"})",
        /* 9 */ "{\"file\":\"\xff\"}",
        /* 10 */ "[[[[[[[[",
        /* 11 */ R"({"folder":null})",
    };
    for (const char* row : rows) {
        const std::string path = folder.file("journal");
        std::ofstream(path) << row << "\n"
                            << R"({"file":"/run/a"})"
                            << "\n";
        EXPECT_EQ(described(path), Lines{"file /run/a"}) << row;
    }
}

TEST(journal, undo_takes_files_away_and_may_be_done_twice) {
    const TestFolder folder;
    const std::string one = folder.file("one");
    const std::string two = folder.file("two");
    ASSERT_TRUE(write_marked_file(one, "1"));
    ASSERT_TRUE(write_marked_file(two, "2"));
    const std::vector<Made> made{MadeFile{one}, MadeFile{folder.file("never")}, MadeFile{two}};
    EXPECT_TRUE(undo(made).empty());
    EXPECT_FALSE(std::filesystem::exists(one));
    EXPECT_FALSE(std::filesystem::exists(two));
    EXPECT_TRUE(undo(made).empty());
}

TEST(journal, undo_leaves_files_of_others_and_folders_that_hold_some) {
    const TestFolder folder;
    const std::string ours = folder.file("ours");
    const std::string theirs = folder.file("theirs");
    std::ofstream(theirs) << "1";
    std::filesystem::create_directories(ours + "/empty");
    std::filesystem::create_directories(ours + "/full/theirs");
    EXPECT_TRUE(undo({MadeFile{theirs}, MadeFolder{ours + "/full"}, MadeFolder{ours + "/empty"},
                      MadeFolder{ours + "/never"}})
                    .empty());
    EXPECT_TRUE(std::filesystem::exists(theirs));
    EXPECT_TRUE(std::filesystem::exists(ours + "/full/theirs"));
    EXPECT_FALSE(std::filesystem::exists(ours + "/empty"));
}

TEST(journal, undo_goes_on_over_a_failure_and_names_it) {
    const TestFolder folder;
    const std::string first = folder.file("first");
    const std::string file = folder.file("file");
    ASSERT_TRUE(write_marked_file(first, "1"));
    std::ofstream(file) << "1";
    const auto failures = undo({MadeFile{first}, MadeFolder{file}});
    ASSERT_EQ(failures.size(), 1U);
    EXPECT_EQ(failures[0].subject, file);
    EXPECT_FALSE(std::filesystem::exists(first));
}

// Every point at which `up` can be killed, from the journal's line on.
TEST(journal, undo_after_a_kill_at_any_point) {
    WGNS_SKIP_UNLESS_ROOT();
    const TestName name("j");
    const auto before = names_of_this_test();
    for (const char* point : {"journalled", "file made", "named"}) {
        const auto ns = Namespace::create();
        ASSERT_TRUE(ns);
        const std::vector<Made> made{MadeNamespace{name.text(), ns->identity()}};
        const std::string at = point;
        if (at != "journalled") {
            ASSERT_TRUE(give_name(*ns, name.text()));
        }
        if (at == "file made") {
            ASSERT_EQ(::umount2(name.path().c_str(), MNT_DETACH), 0);
        }
        EXPECT_TRUE(undo(made).empty()) << point;
        EXPECT_EQ(names_of_this_test(), before) << point;
    }
}

TEST(journal, undo_leaves_a_namespace_of_the_same_name_that_is_another) {
    WGNS_SKIP_UNLESS_ROOT();
    const TestName name("k");
    const auto ours = Namespace::create();
    const auto theirs = Namespace::create();
    ASSERT_TRUE(ours && theirs);
    ASSERT_TRUE(give_name(*theirs, name.text()));
    EXPECT_TRUE(undo({MadeNamespace{name.text(), ours->identity()}}).empty());
    EXPECT_TRUE(Namespace::named(name.text()));
}

}  // namespace
}  // namespace wgns
