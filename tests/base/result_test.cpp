#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>

namespace wgns {
namespace {

Error some_error() {
    return {.code = ENOENT, .operation = "open", .subject = "/none", .hint = ""};
}

TEST(Result, HoldsAValue) {
    Result<std::string> result(std::string("word"));
    EXPECT_TRUE(result.has_value());
    EXPECT_TRUE(static_cast<bool>(result));
    EXPECT_EQ(*result, "word");
    EXPECT_EQ(result->size(), 4u);
    *result += "s";
    const Result<std::string>& same = result;
    EXPECT_EQ(*same, "words");
    EXPECT_EQ(same->size(), 5u);
}

TEST(Result, HoldsAnError) {
    Result<std::string> result(some_error());
    EXPECT_FALSE(result.has_value());
    EXPECT_FALSE(static_cast<bool>(result));
    EXPECT_EQ(result.error().code, ENOENT);
    result.error().hint = "make it";
    const Result<std::string>& same = result;
    EXPECT_EQ(same.error().hint, "make it");
    EXPECT_EQ(std::move(result).error().subject, "/none");
}

TEST(Result, GivesUpAValueThatOnlyMoves) {
    Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
    const std::unique_ptr<int> taken = *std::move(result);
    EXPECT_EQ(*taken, 7);
}

TEST(Result, ErrorsOfAnotherType) {
    enum class Reason { full, empty };
    const Result<int, Reason> result(Reason::empty);
    EXPECT_EQ(result.error(), Reason::empty);
}

TEST(Status, DoneOrWhyNot) {
    const Status done = Done{};
    EXPECT_TRUE(done);
    const Status failed = some_error();
    EXPECT_FALSE(failed);
}

TEST(ResultDeathTest, TheOtherSideIsABug) {
    Result<int> value(1);
    Result<int> error(some_error());
    EXPECT_DEATH(static_cast<void>(*error), "has_value");
    EXPECT_DEATH(static_cast<void>(value.error()), "has_value");
}

TEST(Check, PassesWhateverIsNotMinusOne) {
    errno = EIO;
    for (const int passed : {0, 1, 42, -2}) {
        const auto result = check(passed, "read");
        ASSERT_TRUE(result) << passed;
        EXPECT_EQ(*result, passed);
    }
}

TEST(Check, TurnsMinusOneIntoTheErrorOfTheMoment) {
    errno = EPERM;
    const auto result = check(-1, "setns", "/run/netns/a");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, EPERM);
    EXPECT_STREQ(result.error().operation, "setns");
    EXPECT_EQ(result.error().subject, "/run/netns/a");
    EXPECT_EQ(result.error().hint, "");
}

TEST(Describe, Table) {
    const struct {
        Error error;
        const char* text;
    } table[] = {
        /* 1 */ {{ENOENT, "open", "/none", ""}, "open /none: No such file or directory"},
        /* 2 */ {{ENOENT, "open", "", ""}, "open: No such file or directory"},
        /* 3 */ {{0, "parse", "a.conf", ""}, "parse a.conf"},
        /* 4 */
        {{EPERM, "setns", "/a", "run as root"}, "setns /a: Operation not permitted; run as root"},
        /* 5 */ {{0, "", "a.conf:3", "remove it"}, "a.conf:3; remove it"},
        /* 6 */ {{0, "", "", ""}, ""},
    };
    for (const auto& row : table)
        EXPECT_EQ(describe(row.error), row.text);
}

TEST(Describe, UnknownNumberIsStillALine) {
    const std::string text = describe({.code = 99999, .operation = "x", .subject = "", .hint = ""});
    EXPECT_NE(text.find("99999"), std::string::npos);
    EXPECT_EQ(text.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace wgns
