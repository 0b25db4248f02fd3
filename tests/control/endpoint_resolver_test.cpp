#include "control/endpoint_resolver.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

std::vector<Endpoint> endpoints(const std::vector<const char*>& texts) {
    std::vector<Endpoint> parsed;
    for (const char* text : texts)
        parsed.push_back(*Endpoint::parse(text));
    return parsed;
}

TEST(ChooseEndpoint, TakesTheFirstThatASocketCanReach) {
    struct Case {
        std::vector<const char*> answers;
        Families families;
        const char* chosen;  // nullptr: none
    };
    const Case cases[] = {
        /* 0 */ {{}, {true, true}, nullptr},
        /* 1 */ {{"[2001:db8::1]:7", "192.0.2.1:7"}, {true, true}, "[2001:db8::1]:7"},
        /* 2 */ {{"192.0.2.1:7", "[2001:db8::1]:7"}, {true, true}, "192.0.2.1:7"},
        /* 3 */ {{"[2001:db8::1]:7", "192.0.2.1:7"}, {true, false}, "192.0.2.1:7"},
        /* 4 */ {{"[2001:db8::1]:7"}, {true, false}, nullptr},
        /* 5 */ {{"192.0.2.1:7"}, {false, true}, nullptr},
    };
    for (std::size_t i = 0; i < std::size(cases); ++i) {
        const auto chosen = choose_endpoint(endpoints(cases[i].answers), cases[i].families);
        EXPECT_EQ(chosen ? chosen->to_string() : "", cases[i].chosen ? cases[i].chosen : "") << i;
    }
}

struct EndpointResolverTest : testing::Test {
    boost::asio::io_context context;
    std::vector<std::string> found;
    std::vector<std::string> failed;
    Families families;
    std::optional<EndpointResolver> resolver;

    void SetUp() override {
        resolver.emplace(
            context, families,
            [this](const PublicKey&, const Endpoint& endpoint) {
                found.push_back(endpoint.to_string());
            },
            [this](const std::string& host, const std::string&) {
                failed.push_back(host);
                resolver->stop();
            });
    }
};

TEST_F(EndpointResolverTest, FindsAName) {
    // A literal goes the same way through the resolver, without needing a name server.
    resolver->resolve({{}, "127.0.0.1", 51820});
    context.run_for(std::chrono::seconds(10));
    EXPECT_EQ(found, std::vector<std::string>{"127.0.0.1:51820"});
    EXPECT_TRUE(failed.empty());
}

TEST_F(EndpointResolverTest, TellsAFailureAndStops) {
    // No label may be empty, so no name server is asked.
    resolver->resolve({{}, "no..such..name.invalid", 1});
    context.run_for(std::chrono::seconds(10));
    EXPECT_TRUE(found.empty());
    EXPECT_EQ(failed, std::vector<std::string>{"no..such..name.invalid"});
}

}  // namespace
}  // namespace wgns
