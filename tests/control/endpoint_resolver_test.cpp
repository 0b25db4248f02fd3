#include "control/endpoint_resolver.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <optional>

namespace wgns {
namespace {

std::vector<Endpoint> endpoints(const std::vector<const char*>& texts) {
    std::vector<Endpoint> parsed;
    for (const char* text : texts)
        parsed.push_back(*Endpoint::parse(text));
    return parsed;
}

TEST(Reachable, KeepsWhatASocketCanReachInItsOrder) {
    struct Case {
        std::vector<const char*> answers;
        Families families;
        std::vector<const char*> kept;
    };
    const char* const v4 = "192.0.2.1:7";
    const char* const v6 = "[2001:db8::1]:7";
    const Case cases[] = {
        /* 0 */ {{}, {true, true}, {}},
        /* 1 */ {{v6, v4}, {true, true}, {v6, v4}},
        /* 2 */ {{v4, v6}, {true, true}, {v4, v6}},
        /* 3 */ {{v6, v4}, {true, false}, {v4}},
        /* 4 */ {{v6}, {true, false}, {}},
        /* 5 */ {{v4}, {false, true}, {}},
    };
    for (std::size_t i = 0; i < std::size(cases); ++i)
        EXPECT_EQ(reachable(endpoints(cases[i].answers), cases[i].families),
                  endpoints(cases[i].kept))
            << i;
}

// A device of one peer, which answers at once.
struct EndpointResolverTest : testing::Test {
    boost::asio::io_context context;
    DeviceSnapshot device;
    std::vector<std::string> written;
    std::vector<std::string> failed;
    int busy_looks = 0;  // to come
    int busy_writes = 0;
    std::optional<EndpointResolver> resolver;

    void SetUp() override {
        device.peers.emplace_back();
        EndpointResolver::Calls calls;
        calls.look = [this](auto seen) {
            if (busy_looks-- > 0) return false;
            boost::asio::post(context, [this, seen] { seen(device); });
            return true;
        };
        calls.write = [this](const PublicKey& peer, const Endpoint& endpoint) {
            if (busy_writes-- > 0) return false;
            EXPECT_EQ(peer, device.peers[0].public_key);
            device.peers[0].endpoint = endpoint;
            written.push_back(endpoint.to_string());
            resolver->stop();
            return true;
        };
        calls.failed = [this](const std::string& host, const std::string&) {
            failed.push_back(host);
            if (failed.size() == 2) resolver->stop();
        };
        resolver.emplace(context, Families{}, std::move(calls));
    }
    void run() { context.run_for(std::chrono::seconds(10)); }
};

// A literal goes the same way through the resolver, without needing a name server.
TEST_F(EndpointResolverTest, FindsAName) {
    resolver->follow({NamedEndpoint{{}, "127.0.0.1", 51820}});
    run();
    EXPECT_EQ(written, std::vector<std::string>{"127.0.0.1:51820"});
    EXPECT_TRUE(failed.empty());
}

TEST_F(EndpointResolverTest, TellsFailuresTriesAgainAndStops) {
    // No label may be empty, so no name server is asked.
    resolver->follow({NamedEndpoint{{}, "no..such..name.invalid", 1}});
    run();
    EXPECT_TRUE(written.empty());
    EXPECT_EQ(failed, std::vector<std::string>(2, "no..such..name.invalid"));
}

TEST_F(EndpointResolverTest, WaitsForABusyDevice) {
    busy_looks = 2;
    busy_writes = 1;
    resolver->follow({NamedEndpoint{{}, "127.0.0.1", 51820}});
    run();
    EXPECT_EQ(written, std::vector<std::string>{"127.0.0.1:51820"});
    EXPECT_EQ(failed, std::vector<std::string>{"127.0.0.1"});
}

TEST_F(EndpointResolverTest, LeavesAPeerThatCameByItself) {
    device.peers[0].endpoint = *Endpoint::parse("192.0.2.9:9");
    device.peers[0].last_handshake = SystemClock().wall_time();
    resolver->follow({NamedEndpoint{{}, "127.0.0.1", 51820}});
    context.run_for(std::chrono::seconds(1));
    EXPECT_TRUE(written.empty());
    resolver->stop();
    run();
}

}  // namespace
}  // namespace wgns
