#include "control/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "crypto/x25519.h"
#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

std::string line_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

TEST(KeyFile, IsMadeOnceWithItsFolder) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "all" / "keys" / "private.key";
    const auto made = make_missing_key_file(path);
    ASSERT_TRUE(made) << describe(made.error());
    const std::string key = line_of(path);
    PrivateKey parsed;
    EXPECT_TRUE(parse_key(key, parsed.mutable_bytes())) << key.size();
    EXPECT_FALSE(parsed.is_zero());
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U);
    ASSERT_EQ(::stat(path.parent_path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700U);

    EXPECT_TRUE(make_missing_key_file(path));
    EXPECT_EQ(line_of(path), key);
}

TEST(KeyFile, WhatCannotHoldItIsAnError) {
    EXPECT_FALSE(make_missing_key_file("/proc/wgns-user/private.key"));
}

}  // namespace
}  // namespace wgns
