#include "cli/bench/result.h"

#include <gtest/gtest.h>

#include "tests/cli/bench/fixed_result.h"

namespace wgns::bench {
namespace {

using nlohmann::json;

TEST(BenchResultJson, HasEverySampleAndWhatFollows) {
    const json value = json_of(fixed_pair());
    EXPECT_EQ(value.at("machine").at("cpus"), 2);
    EXPECT_EQ(value.at("command_line"), json({"wgns-user", "bench"}));
    EXPECT_EQ(value.at("figures").at("tcp1.gbit").at("better"), "higher");
    EXPECT_EQ(value.at("figures").at("idle-p50.ms").at("unit"), "ms");
    const json& other = value.at("contestants").at(1).at("figures").at("tcp1.gbit");
    EXPECT_EQ(other.at("samples"), json({6, 2, 4}));
    EXPECT_EQ(other.at("median"), 4);
    EXPECT_EQ(other.at("low"), 2);
    EXPECT_EQ(other.at("high"), 6);
    EXPECT_EQ(other.at("ours_to_this"), 0.5);
    EXPECT_FALSE(
        value.at("contestants").at(0).at("figures").at("tcp1.gbit").contains("ours_to_this"));
}

TEST(BenchResultJson, IsReadBack) {
    BenchResult written = fixed_pair();
    written.busy_before = 0.25;
    const BenchResult read = result_of(json::parse(json_of(written).dump()));
    EXPECT_EQ(read.when, written.when);
    EXPECT_EQ(read.command_line, written.command_line);
    EXPECT_EQ(read.machine, written.machine);
    EXPECT_EQ(read.busy_before, 0.25);
    EXPECT_EQ(read.extent.rounds, 3U);
    EXPECT_EQ(read.extent.seconds, 0.5);
    ASSERT_EQ(read.contestants.size(), 2U);
    EXPECT_EQ(read.contestants[1].name, "other");
    EXPECT_EQ(read.contestants[1].samples, written.contestants[1].samples);
}

TEST(BenchResultJson, OnlyAPathIsNamed) {
    BenchResult written = fixed_result();
    EXPECT_FALSE(json_of(written).contains("path"));
    EXPECT_EQ(result_of(json_of(written)).path, "");
    written.path = "home to 10.0.0.1:51830";
    EXPECT_EQ(result_of(json_of(written)).path, written.path);
}

TEST(BenchResultJson, AnythingElseIsRefused) {
    const json good = json_of(fixed_pair());
    const auto without = [&](const char* key) {
        json value = good;
        value.erase(key);
        return value;
    };
    json with_text = good;
    with_text["contestants"][0]["figures"]["tcp1.gbit"]["samples"] = "fast";
    const json rows[] = {
        /* 0 */ json(),          /* 1 */ json::array(),
        /* 2 */ json("text"),    /* 3 */ without("machine"),
        /* 4 */ with_text,       /* 5 */ without("contestants"),
        /* 6 */ without("when"),
    };
    for (std::size_t i = 0; i < std::size(rows); ++i)
        EXPECT_THROW(static_cast<void>(result_of(rows[i])), json::exception) << i;
}

}  // namespace
}  // namespace wgns::bench
