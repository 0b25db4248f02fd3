#include "cli/bench/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/bench/fixed_result.h"

namespace wgns::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(BenchTable, NumbersHaveThreeDigitsThatCount) {
    const struct {
        double value;
        const char* text;
    } rows[] = {
        /* 1 */ {0.1389, "0.139"}, /* 2 */ {3.0249, "3.02"},  /* 3 */ {13.94, "13.9"},
        /* 4 */ {188.2, "188"},    /* 5 */ {0, "0.000"},      /* 6 */ {9.999, "10.0"},
        /* 7 */ {99.99, "100"},    /* 8 */ {0.99999, "1.00"}, /* 9 */ {12345, "12345"},
    };
    for (const auto& row : rows)
        EXPECT_EQ(print_number(row.value), row.text);
}

TEST(BenchTable, ShowsMedianRangeAndRatio) {
    const std::string table = print_table(fixed_pair());
    EXPECT_THAT(table, HasSubstr("Linux 6.18.0 x86_64, 2 x Fixed <CPU> & Co"));
    EXPECT_THAT(table, HasSubstr("medians and lowest..highest of 3 rounds of 0.5 s a measure\n"));
    EXPECT_THAT(table, HasSubstr("other: other {}\n"));
    EXPECT_THAT(table, HasSubstr("\n  1 stream, reverse              2.00        1.00..3.00"
                                 "     4.00        2.00..6.00         0.500\n"));
    EXPECT_THAT(table, Not(HasSubstr(" \n")));
}

TEST(BenchTable, ABusyMachineIsSaid) {
    BenchResult result = fixed_result();
    EXPECT_THAT(print_table(result), Not(HasSubstr("others used")));
    result.busy_before = 0.42;
    EXPECT_THAT(print_table(result), HasSubstr("\nothers used 42 % of the processors"));
}

TEST(BenchTable, OneRoundHasNoRange) {
    BenchResult result = fixed_result();
    result.extent.rounds = 1;
    for (auto& [id, samples] : result.contestants[0].samples)
        samples.resize(1);
    const std::string table = print_table(result);
    EXPECT_THAT(table, HasSubstr("one round of 0.5 s a measure\n"));
    EXPECT_THAT(table, HasSubstr("\n  1 stream                       3.00\n"));
    EXPECT_THAT(table, Not(HasSubstr("..")));
    EXPECT_THAT(table, Not(HasSubstr("ours")));
}

TEST(BenchTable, APathIsSaidAndWhatItHasNotIsLeftOut) {
    BenchResult result = fixed_result();
    result.path = "home to 10.0.0.1:51830";
    result.contestants[0].samples.erase("daemon.start");
    const std::string table = print_table(result);
    EXPECT_THAT(table, HasSubstr("\nthrough home to 10.0.0.1:51830; CPU and memory are of"));
    EXPECT_THAT(table, Not(HasSubstr("\nStart, ms")));
    EXPECT_THAT(print_table(fixed_result()), HasSubstr("\nStart, ms"));
}

TEST(BenchTable, WhatWasNotMeasuredHasADash) {
    BenchResult result = fixed_result();
    result.contestants[0].samples.erase("tcp1.gbit");
    EXPECT_THAT(print_table(result), HasSubstr("\n  1 stream                          -\n"));
}

}  // namespace
}  // namespace wgns::bench
