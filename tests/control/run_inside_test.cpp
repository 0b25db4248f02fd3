#include "control/run_inside.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

TEST(ChooseUser, OptionFirstThenSudoThenNobodyElse) {
    struct Case {
        const char* option;
        const char* sudo_uid;
        const char* sudo_gid;
        std::optional<std::pair<unsigned, unsigned>> ids;
    };
    const Case cases[] = {
        /* 0 */ {"", "", "", std::nullopt},
        /* 1 */ {"", "4000001", "4000002", std::pair(4000001U, 4000002U)},
        /* 2 */ {"", "4000001", "", std::pair(4000001U, 4000001U)},
        /* 3 */ {"4000003", "4000001", "4000002", std::pair(4000003U, 4000003U)},
        /* 4 */ {"4000003:4000004", "", "", std::pair(4000003U, 4000004U)},
        /* 5 */ {"root", "4000001", "4000002", std::pair(0U, 0U)},
        /* 6 */ {"root:4000004", "", "", std::pair(0U, 4000004U)},
    };
    for (std::size_t i = 0; i < std::size(cases); ++i) {
        const auto chosen = choose_user(cases[i].option, cases[i].sudo_uid, cases[i].sudo_gid);
        ASSERT_TRUE(chosen) << i;
        ASSERT_EQ(chosen->user.has_value(), cases[i].ids.has_value()) << i;
        if (!cases[i].ids) continue;
        EXPECT_EQ(chosen->user->uid, cases[i].ids->first) << i;
        EXPECT_EQ(chosen->user->gid, cases[i].ids->second) << i;
    }
}

TEST(ChooseUser, RefusesWhoIsNotKnown) {
    for (const char* option : {"no-such-user-here", ":", "root:", "root:no-such-group-here",
                               ":root", "4294967295", "99999999999"})
        EXPECT_FALSE(choose_user(option, "", "")) << option;
}

TEST(RunInside, TellsAMissingNamespace) {
    const Failure failure = run_inside({"/nowhere/at/all", "home", {}}, {}, {"true"});
    EXPECT_EQ(failure.status, exit_status::exec_failed);
    EXPECT_NE(failure.line.find("/nowhere/at/all"), std::string::npos);
}

}  // namespace
}  // namespace wgns
