#include "control/uapi_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <fstream>

#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

struct UapiSocketTest : testing::Test {
    TemporaryFolder temporary;
    std::filesystem::path folder = temporary.path() / "wireguard";
    std::filesystem::path path = folder / "wg0.sock";

    Result<UapiSocket> create() { return UapiSocket::create("wg0", folder); }
    [[nodiscard]] static unsigned mode_of(const std::filesystem::path& what) {
        struct stat info {};
        EXPECT_EQ(::stat(what.c_str(), &info), 0);
        return info.st_mode & 0777U;
    }
};

TEST_F(UapiSocketTest, OnlyItsOwnerMayConnectAndAllMayLook) {
    const mode_t before = ::umask(0077);
    const auto socket = create();
    ::umask(before);
    ASSERT_TRUE(socket) << describe(socket.error());
    EXPECT_EQ(mode_of(folder), 0755U);
    EXPECT_EQ(mode_of(path), 0700U);
    EXPECT_EQ(socket->path(), path);
    EXPECT_TRUE(socket->is_named());
}

TEST_F(UapiSocketTest, ALiveOneIsRespected) {
    const auto first = create();
    ASSERT_TRUE(first);
    const auto second = create();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, EADDRINUSE);
    EXPECT_TRUE(first->is_named());
}

TEST_F(UapiSocketTest, AStaleOneIsReplaced) {
    { EXPECT_TRUE(create()); }
    EXPECT_TRUE(std::filesystem::exists(path));
    const auto second = create();
    ASSERT_TRUE(second) << describe(second.error());
    EXPECT_TRUE(second->is_named());
}

// As an instance of `up` leaves it when it is killed.
TEST_F(UapiSocketTest, ALinkToADeadOneIsReplaced) {
    const auto target = folder / "dead.sock";
    for (const bool is_there : {false, true}) {
        std::filesystem::create_directory(folder);
        if (is_there) {
            EXPECT_TRUE(UapiSocket::create("dead", folder));
        }
        std::filesystem::create_symlink(target, path);
        const auto socket = create();
        ASSERT_TRUE(socket) << describe(socket.error());
        EXPECT_TRUE(std::filesystem::is_socket(std::filesystem::symlink_status(path)));
        socket->remove();
    }
}

TEST_F(UapiSocketTest, WhatIsNoSocketStays) {
    std::filesystem::create_directory(folder);
    std::ofstream(path) << "somebody's";
    const auto socket = create();
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().code, EEXIST);
    EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST_F(UapiSocketTest, ANameTooLongForASocketIsAnError) {
    EXPECT_FALSE(UapiSocket::create(std::string(150, 'x'), folder));
}

TEST_F(UapiSocketTest, RemovesItsOwnNameOnly) {
    auto first = create();
    ASSERT_TRUE(first);
    std::filesystem::rename(path, folder / "moved");
    EXPECT_FALSE(first->is_named());
    const auto second = create();
    ASSERT_TRUE(second);
    first->remove();
    EXPECT_TRUE(second->is_named());
    second->remove();
    EXPECT_FALSE(std::filesystem::exists(path));
    second->remove();
}

TEST_F(UapiSocketTest, AdoptsASocketThatListens) {
    auto made = create();
    ASSERT_TRUE(made);
    auto adopted = UapiSocket::adopt(made->take_listener());
    ASSERT_TRUE(adopted) << describe(adopted.error());
    EXPECT_EQ(adopted->path(), path);
    EXPECT_TRUE(adopted->is_named());
    EXPECT_TRUE(adopted->take_listener());
}

TEST_F(UapiSocketTest, AdoptsNothingElse) {
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    const UniqueFd far(pair[1]);
    EXPECT_FALSE(UapiSocket::adopt(UniqueFd(pair[0])));
    EXPECT_FALSE(UapiSocket::adopt(UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))));
    EXPECT_FALSE(UapiSocket::adopt(UniqueFd()));
}

}  // namespace
}  // namespace wgns
