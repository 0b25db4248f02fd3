#include "cli/bench/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/bench/session.h"
#include "tests/cli/bench/served.h"
#include "tests/cli/bench/traffic_pair.h"

namespace wgns::bench {
namespace {

using nlohmann::json;
using testing::HasSubstr;

SteadyTime soon() {
    return std::chrono::steady_clock::now() + std::chrono::seconds(20);
}

TEST(BenchServer, CarriesOutOneTaskAfterTheOther) {
    const Served server("1");
    const Interrupt interrupt;
    const auto session = Session::begin(server.at(), "1", interrupt);
    ASSERT_TRUE(session) << session.error().line;
    for (const bool is_reverse : {false, true}) {
        Task task;
        task.is_reverse = is_reverse;
        task.phases = short_phases;
        auto listener = session->start_listener(task);
        ASSERT_TRUE(listener) << listener.error().line;
        const auto ready = listener->hear(interrupt, soon());
        ASSERT_TRUE(ready) << ready.error().line;
        EXPECT_EQ(ready->at("port"), server.at().port + 1);
        const auto called = call(traffic_endpoint(server.at()), task);
        ASSERT_TRUE(called);
        const auto listened = listener->hear(interrupt, soon());
        ASSERT_TRUE(listened) << listened.error().line;
        EXPECT_EQ((is_reverse ? *listened : *called).at("sent"),
                  (is_reverse ? *called : *listened).at("bytes"));
    }
}

TEST(BenchServer, HasOneClientAtATimeAndGoesOnWithTheNext) {
    const Served server("1");
    const Interrupt interrupt;
    {
        const auto first = Session::begin(server.at(), "1", interrupt);
        ASSERT_TRUE(first);
        const auto second = Session::begin(server.at(), "1", interrupt);
        ASSERT_FALSE(second);
        EXPECT_THAT(second.error().line, HasSubstr("measures already; try again"));
        // One that is in the middle of something ends like any other.
        Task task;
        task.traffic = Traffic::ping;
        ASSERT_TRUE(first->start_listener(task));
    }
    EXPECT_TRUE(Session::begin(server.at(), "1", interrupt));
}

TEST(BenchServer, ATaskThatIsRefusedIsSaid) {
    const Served server("1");
    const Interrupt interrupt;
    const auto session = Session::begin(server.at(), "1", interrupt);
    ASSERT_TRUE(session);
    Task task;
    task.streams = 1000;
    auto listener = session->start_listener(task);
    ASSERT_TRUE(listener);
    const auto ready = listener->hear(interrupt, soon());
    ASSERT_FALSE(ready);
    EXPECT_THAT(ready.error().line, HasSubstr("streams"));
}

TEST(BenchServer, AnAddressOfSomebodyElseIsNoPlace) {
    const auto server = Server::open(*Endpoint::parse("192.0.2.77:4000"), "1");
    ASSERT_FALSE(server);
    EXPECT_THAT(server.error().line, HasSubstr("192.0.2.77:4000"));
}

}  // namespace
}  // namespace wgns::bench
