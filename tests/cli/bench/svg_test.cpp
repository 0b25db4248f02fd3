#include "cli/bench/svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/bench/fixed_result.h"

namespace wgns::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++found;
    return found;
}

TEST(BenchSvg, HasABarForEachFigureAndContestant) {
    const std::string picture = print_svg(fixed_pair());
    // And one each that says whose is whose.
    EXPECT_EQ(count(picture, "<rect class=\"c0\""), figures().size() + 1);
    EXPECT_EQ(count(picture, "<rect class=\"c1\""), figures().size() + 1);
    EXPECT_EQ(count(picture, ">0.500</text>"), figures().size());
    EXPECT_EQ(count(picture, "ours : the other"), sections().size());
}

TEST(BenchSvg, OursAloneHasNoRatios) {
    const std::string picture = print_svg(fixed_result());
    EXPECT_EQ(count(picture, "<rect class=\"c1\""), 0U);
    EXPECT_THAT(picture, Not(HasSubstr("ours :")));
}

TEST(BenchSvg, BarsOfOneSectionHaveOneScale) {
    BenchResult result = fixed_result();
    result.contestants[0].samples["tcp1.gbit"] = {1, 1, 1};
    const std::string picture = print_svg(result);
    EXPECT_THAT(picture, HasSubstr("width=\"476\""));  // the longest
    EXPECT_EQ(count(picture, "width=\"238\""), 1U);    // half of it
}

TEST(BenchSvg, WhatNobodyHasIsLeftOut) {
    BenchResult result = fixed_result();
    result.path = "home to 10.0.0.1:51830";
    result.contestants[0].samples.erase("daemon.start");
    result.contestants[0].samples.erase("tcp1.gbit");
    const std::string picture = print_svg(result);
    EXPECT_EQ(count(picture, "<rect class=\"c0\""), figures().size() - 1);
    EXPECT_THAT(picture, HasSubstr("Through the tunnel home to 10.0.0.1:51830<"));
    EXPECT_THAT(picture, Not(HasSubstr(">Start, ms<")));
}

TEST(BenchSvg, NeedsNothingFromElsewhereAndKnowsTheDark) {
    const std::string picture = print_svg(fixed_pair());
    EXPECT_THAT(picture, HasSubstr("prefers-color-scheme: dark"));
    EXPECT_EQ(count(picture, "http"), 1U) << "only the name of the format";
    EXPECT_THAT(picture, Not(HasSubstr("url(")));
    EXPECT_THAT(picture, HasSubstr("Fixed &lt;CPU&gt; &amp; Co"));
}

}  // namespace
}  // namespace wgns::bench
