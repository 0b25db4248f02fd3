#include "cli/bench/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>

#include "tests/cli/bench/served.h"

namespace wgns::bench {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(BenchSession, NobodyThereIsToldWhatToRun) {
    const Interrupt interrupt;
    const auto session = Session::begin(*Endpoint::parse("127.0.0.1:1"), "1", interrupt);
    ASSERT_FALSE(session);
    EXPECT_THAT(session.error().line, HasSubstr("nobody answers at 127.0.0.1:1 (Connection refu"));
    EXPECT_THAT(session.error().line, HasSubstr("wgns-user bench --serve 127.0.0.1:1"));
}

TEST(BenchSession, AnotherVersionIsRefused) {
    const Served server("1");
    const Interrupt interrupt;
    const auto session = Session::begin(server.at(), "2", interrupt);
    ASSERT_FALSE(session);
    EXPECT_THAT(session.error().line, HasSubstr("has wgns-user 1, this is 2"));
}

TEST(BenchSession, SomethingElseThereIsNoServer) {
    const Interrupt interrupt;
    for (const char* const word : {"SSH-2.0\n", "{}\n", "[1]\n", ""}) {
        auto listener = bound_socket(SOCK_STREAM, *Endpoint::parse("127.0.0.1:0"));
        ASSERT_TRUE(listener);
        ASSERT_EQ(::listen(listener->get(), 1), 0);
        Endpoint at = *Endpoint::parse("127.0.0.1:0");
        at.port = port_of(*listener);
        const auto other = Child::start([&](Channel&) {
            const UniqueFd client(::accept(listener->get(), nullptr, nullptr));
            static_cast<void>(::send(client.get(), word, std::strlen(word), MSG_NOSIGNAL));
        });
        const auto session = Session::begin(at, "1", interrupt);
        ASSERT_FALSE(session);
        EXPECT_THAT(session.error().line, HasSubstr("is no `wgns-user bench --serve`"));
    }
}

}  // namespace
}  // namespace wgns::bench
