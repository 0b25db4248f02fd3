#include "cli/bench/service.h"

#include <gtest/gtest.h>

namespace wgns::bench {
namespace {

TEST(BenchService, OneAddressWithAPortOrWithout) {
    const struct {
        const char* text;
        const char* endpoint;  // null: refused
    } rows[] = {
        /* 0 */ {"10.0.0.1", "10.0.0.1:51830"},
        /* 1 */ {"10.0.0.1:7", "10.0.0.1:7"},
        /* 2 */ {"fd00::1", "[fd00::1]:51830"},
        /* 3 */ {"[fd00::1]:7", "[fd00::1]:7"},
        /* 4 */ {"0.0.0.0", nullptr},
        /* 5 */ {"::", nullptr},
        /* 6 */ {"10.0.0.1:0", nullptr},
        /* 7 */ {"10.0.0.1:65535", nullptr},  // no port behind it
        /* 8 */ {"example.org", nullptr},
        /* 9 */ {"", nullptr},
    };
    for (const auto& row : rows) {
        const auto endpoint = parse_service(row.text);
        ASSERT_EQ(endpoint.has_value(), row.endpoint != nullptr) << row.text;
        if (row.endpoint == nullptr) continue;
        EXPECT_EQ(endpoint->to_string(), row.endpoint);
    }
    EXPECT_EQ(traffic_endpoint(*parse_service("10.0.0.1")).to_string(), "10.0.0.1:51831");
}

TEST(BenchService, OnlyTextIsText) {
    EXPECT_EQ(text_in({{"a", "b"}}, "a"), "b");
    EXPECT_EQ(text_in({{"a", 1}}, "a"), "");
    EXPECT_EQ(text_in({{"a", "b"}}, "b"), "");
    EXPECT_EQ(text_in("a", "a"), "");
}

}  // namespace
}  // namespace wgns::bench
