#include "cli/bench/output_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/read_file.h"

namespace wgns::bench {
namespace {

struct BenchOutputFile : testing::Test {
    BenchOutputFile() { std::filesystem::create_directory(folder); }
    ~BenchOutputFile() override { std::filesystem::remove_all(folder); }
    [[nodiscard]] std::string content() const { return text_of_file(path); }

    std::string folder =
        std::filesystem::temp_directory_path() / ("wgns-output-" + std::to_string(::getpid()));
    std::string path = folder + "/result";
};

TEST_F(BenchOutputFile, IsWrittenAtTheEnd) {
    {
        auto file = OutputFile::open(path);
        ASSERT_TRUE(file);
        EXPECT_EQ(content(), "");
        EXPECT_TRUE(file->write("first"));
    }
    EXPECT_EQ(content(), "first");
    auto again = OutputFile::open(path);
    ASSERT_TRUE(again);
    EXPECT_EQ(content(), "first") << "until it is written";
    EXPECT_TRUE(again->write("2nd"));
    EXPECT_EQ(content(), "2nd");
}

TEST_F(BenchOutputFile, IsAsBeforeWhenNothingIsWritten) {
    { EXPECT_TRUE(OutputFile::open(path)); }
    EXPECT_FALSE(std::filesystem::exists(path));
    std::ofstream(path) << "old";
    { EXPECT_TRUE(OutputFile::open(path)); }
    EXPECT_EQ(content(), "old");
}

TEST_F(BenchOutputFile, WhereNobodyCanWriteIsSaidAtOnce) {
    const auto nowhere = OutputFile::open(folder + "/none/result");
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().code, ENOENT);
    EXPECT_FALSE(OutputFile::open(folder));
    auto full = OutputFile::open("/dev/full");
    ASSERT_TRUE(full);
    EXPECT_FALSE(full->write("text"));
}

}  // namespace
}  // namespace wgns::bench
