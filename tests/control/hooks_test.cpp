#include "control/hooks.h"

#include <gtest/gtest.h>

#include "base/read_file.h"
#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

using enum Hook::Moment;

struct HooksTest : testing::Test {
    TemporaryFolder folder;
    std::string out = (folder.path() / "out").string();
    Place place{"/run/netns/there-is-none", "home", {}};

    [[nodiscard]] Hook on_host(Hook::Moment moment, const std::string& command) const {
        return {moment, true, command + " >> " + out};
    }
    [[nodiscard]] std::string told() const { return text_of_file(out); }
};

TEST_F(HooksTest, RunInTheirOrderAndOnlyThoseOfTheMoment) {
    const std::vector<Hook> hooks{on_host(post_up, "echo one"), on_host(pre_up, "echo none"),
                                  on_host(post_up, "echo $WGNS_NAME")};
    const auto done = run_hooks(hooks, post_up, place);
    ASSERT_TRUE(done) << describe(done.error());
    EXPECT_EQ(told(), "one\nhome\n");
}

TEST_F(HooksTest, StopAtTheFirstThatFails) {
    const std::vector<Hook> hooks{{pre_up, true, "exit 3"}, on_host(pre_up, "echo more")};
    const auto done = run_hooks(hooks, pre_up, place);
    ASSERT_FALSE(done);
    EXPECT_EQ(describe(done.error()), "PreUpHost 'exit 3'; ended with status 3");
    EXPECT_EQ(told(), "");
}

TEST_F(HooksTest, OnTheWayDownAllOfThemRun) {
    const std::vector<Hook> hooks{{post_down, true, "kill $$"}, on_host(post_down, "echo more")};
    const auto failures = run_all_hooks(hooks, post_down, true, place);
    ASSERT_EQ(failures.size(), 1U);
    EXPECT_EQ(describe(failures[0]), "PostDownHost 'kill $$'; ended by signal 15");
    EXPECT_EQ(told(), "more\n");
}

TEST_F(HooksTest, NothingRunsInsideWhereThereIsNoInside) {
    const std::vector<Hook> hooks{{pre_up, false, "echo one >> " + out}};
    EXPECT_FALSE(run_hooks(hooks, pre_up, place));
    EXPECT_EQ(told(), "");
}

TEST_F(HooksTest, TheInterfacesNameIsPutIn) {
    const auto hooks = with_interface({{pre_up, false, "ip link show %i; echo %i%i 100%"}}, "%i0");
    EXPECT_EQ(hooks[0].command, "ip link show %i0; echo %i0%i0 100%");
}

TEST_F(HooksTest, AreReadBackAsTheyWere) {
    const std::vector<Hook> hooks{{pre_down, false, "a \"b\" 'c' \\"}, {post_down, true, "d"}};
    EXPECT_EQ(parse_hooks(to_text(hooks)), hooks);
    for (const char* text : {"", "{}", "[1]", "[{\"moment\":0}]"})
        EXPECT_TRUE(parse_hooks(text).empty()) << text;
}

}  // namespace
}  // namespace wgns
