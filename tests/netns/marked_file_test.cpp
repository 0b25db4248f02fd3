#include "netns/marked_file.h"

#include <cerrno>
#include <fstream>

#include "base/read_file.h"
#include "tests/netns/test_network.h"

namespace wgns {
namespace {

std::size_t count_in(const std::string& folder) {
    const std::filesystem::directory_iterator entries(folder);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

TEST(marked_file, is_written_replaced_and_removed) {
    const TestFolder folder;
    const std::string path = folder.file("a");
    EXPECT_EQ(owner_of(path), FileOwner::nobody);
    for (const char* text : {"one\n", "two\n"}) {
        const Status written = write_marked_file(path, text);
        ASSERT_TRUE(written) << describe(written.error());
        EXPECT_EQ(owner_of(path), FileOwner::us);
        EXPECT_EQ(text_of_file(path), std::string(file_mark) + text);
        EXPECT_EQ(count_in(folder.file("")), 1U) << "nothing beside it";
    }
    EXPECT_TRUE(remove_marked_file(path));
    EXPECT_EQ(owner_of(path), FileOwner::nobody);
    EXPECT_TRUE(remove_marked_file(path)) << "twice is fine";
}

TEST(marked_file, everybody_may_read_it) {
    const TestFolder folder;
    const mode_t before = ::umask(077);
    EXPECT_TRUE(write_marked_file(folder.file("a"), "text"));
    ::umask(before);
    const auto rights = std::filesystem::status(folder.file("a")).permissions();
    EXPECT_EQ(static_cast<unsigned>(rights), 0644U);
}

TEST(marked_file, what_others_have_there_stays) {
    const TestFolder folder;
    const std::string mark(file_mark);
    const std::string texts[] = {
        /* 0 */ "",
        /* 1 */ "nameserver 192.0.2.1\n",
        /* 2 */ mark.substr(0, mark.size() - 1),
        /* 3 */ "\n" + mark,
    };
    for (const std::string& text : texts) {
        const std::string path = folder.file("theirs");
        std::ofstream(path) << text;
        EXPECT_EQ(owner_of(path), FileOwner::others) << text;
        const Status refused = write_marked_file(path, "ours");
        ASSERT_FALSE(refused) << text;
        EXPECT_EQ(refused.error().code, EEXIST);
        EXPECT_TRUE(remove_marked_file(path));
        EXPECT_EQ(text_of_file(path), text);
    }
}

TEST(marked_file, a_link_or_a_folder_is_somebody_elses) {
    const TestFolder folder;
    ASSERT_TRUE(write_marked_file(folder.file("ours"), ""));
    std::filesystem::create_symlink(folder.file("ours"), folder.file("link"));
    std::filesystem::create_directory(folder.file("folder"));
    std::filesystem::create_symlink(folder.file("nowhere"), folder.file("dangling"));
    for (const char* name : {"link", "folder", "dangling"}) {
        EXPECT_EQ(owner_of(folder.file(name)), FileOwner::others) << name;
        EXPECT_FALSE(write_marked_file(folder.file(name), "text")) << name;
        EXPECT_TRUE(remove_marked_file(folder.file(name))) << name;
        EXPECT_EQ(owner_of(folder.file(name)), FileOwner::others) << name;
    }
    EXPECT_FALSE(std::filesystem::exists(folder.file("nowhere")));
}

// The text is gathered under another name first.
TEST(marked_file, what_a_killed_write_leaves_is_removed) {
    const TestFolder folder;
    std::ofstream(folder.file(".a.wgns-user")) << file_mark.substr(0, 9);
    EXPECT_TRUE(remove_marked_file(folder.file("a")));
    EXPECT_EQ(count_in(folder.file("")), 0U);
}

TEST(marked_file, a_missing_folder_is_an_error_and_nothing_to_remove) {
    const TestFolder folder;
    const Status refused = write_marked_file(folder.file("no/a"), "text");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENOENT);
    EXPECT_TRUE(remove_marked_file(folder.file("no/a")));
}

}  // namespace
}  // namespace wgns
