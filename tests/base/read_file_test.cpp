#include "base/read_file.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

namespace wgns {
namespace {

struct WrittenFile {
    explicit WrittenFile(const std::string& text) {
        const int fd = ::mkstemp(path.data());
        EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
        ::close(fd);
    }
    ~WrittenFile() { ::unlink(path.c_str()); }

    std::string path = testing::TempDir() + "wgns-read-XXXXXX";
};

TEST(read_file, all_of_it) {
    for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 1'000'000U}) {
        const std::string text(size, 'x');
        const WrittenFile file(text);
        EXPECT_EQ(*read_file(file.path), text) << size;
    }
}

TEST(read_file, what_says_no_size) {
    EXPECT_TRUE(read_file("/proc/self/status")->starts_with("Name:"));
    EXPECT_GT(read_file("/proc/kallsyms")->size(), 4096U);
}

TEST(read_file, errors) {
    EXPECT_EQ(read_file("/nowhere/at/all").error().code, ENOENT);
    EXPECT_EQ(read_file("/proc").error().code, EISDIR);
    EXPECT_EQ(text_of_file("/nowhere/at/all"), "");
}

// Whenever it ends, its file is read, or says that it has ended.
TEST(read_file, of_a_process_that_ends) {
    for (int i = 0; i < 200; ++i) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) ::_exit(0);
        const std::string path = "/proc/" + std::to_string(child) + "/stat";
        pid_t ended = 0;
        for (bool was_read = true; was_read;) {
            if (ended == 0) ended = ::waitpid(child, nullptr, WNOHANG);
            const auto text = read_file(path);
            was_read = text.has_value();
            const int code = text ? 0 : text.error().code;
            EXPECT_TRUE(code == 0 || code == ENOENT || code == ESRCH) << code;
        }
    }
}

}  // namespace
}  // namespace wgns
