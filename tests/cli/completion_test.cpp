#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <string>

namespace wgns {
namespace {

using testing::HasSubstr;
using testing::Not;

class Completion : public testing::Test {
protected:
    Completion() {
        CLI::App* up = program_.add_subcommand("up", "Make `it`: all [of] it's parts");
        up->add_option("config", config_);
        up->add_flag("-f,--foreground", stays_, "Stay");
        up->add_option("--io", io_, "How")->check(CLI::IsMember({"auto", "uring"}));
        CLI::App* exec = program_.add_subcommand("exec", "Run");
        exec->add_option("name", name_);
        exec->add_option("--user", user_, "As");
        exec->add_option("command", command_);
    }

    CLI::App program_{"What it is.", "wgns-user"};
    std::string config_, io_, name_, user_;
    std::vector<std::string> command_;
    bool stays_ = false;
};

TEST_F(Completion, KnowsItsShells) {
    EXPECT_EQ(parse_shell("bash"), Shell::bash);
    EXPECT_EQ(parse_shell("zsh"), Shell::zsh);
    EXPECT_EQ(parse_shell("fish"), Shell::fish);
    EXPECT_FALSE(parse_shell("").has_value());
    EXPECT_FALSE(parse_shell("csh").has_value());
}

TEST_F(Completion, BashHasARowForEachPlace) {
    const std::string text = completion(program_, Shell::bash);
    EXPECT_THAT(text, HasSubstr("' 0') printf '%s\\n' up exec ;;"));
    EXPECT_THAT(text, HasSubstr("up) printf '%s\\n' -h --help -f --foreground --io ;;"));
    EXPECT_THAT(text, HasSubstr("'up 0') _wgns_user_configurations \"$2\" ;;"));
    EXPECT_THAT(text, HasSubstr("'up --io') printf '%s\\n' auto uring ;;"));
    EXPECT_THAT(text, HasSubstr("'exec 0') _wgns_user_instances ;;"));
    EXPECT_THAT(text, HasSubstr("'exec 1') printf '%s\\n' -- ;;"));
    EXPECT_THAT(text, HasSubstr("'exec --user') compgen -u -- \"$2\" ;;"));
}

TEST_F(Completion, BashSkipsOnlyValuesOfOptions) {
    EXPECT_THAT(completion(program_, Shell::bash), HasSubstr("--io | --user) return 0 ;;"));
}

TEST_F(Completion, ZshQuotesHelp) {
    const std::string text = completion(program_, Shell::zsh);
    EXPECT_THAT(text, HasSubstr("'up:Make `it`\\: all \\[of\\] it'\\''s parts'"));
    EXPECT_THAT(text, HasSubstr("'(--io)--io=[How]:--io:(auto uring)'"));
    EXPECT_THAT(text, HasSubstr("'(-f --foreground)-f[Stay]'"));
    EXPECT_THAT(text, HasSubstr("'1:config:_wgns_user_configurations'"));
    EXPECT_THAT(text, HasSubstr("'*:::command:_wgns_user_command'"));
}

TEST_F(Completion, FishHasARowForEachArgument) {
    const std::string text = completion(program_, Shell::fish);
    EXPECT_THAT(text, HasSubstr("-n __fish_use_subcommand -a up -d 'Make `it`: all [of] it\\'s"));
    EXPECT_THAT(text,
                HasSubstr("-n '__fish_seen_subcommand_from up' -s f -l foreground -d 'Stay'"));
    EXPECT_THAT(text, HasSubstr("from up' -l io -x -a 'auto uring' -d 'How'"));
    EXPECT_THAT(text, HasSubstr("from exec' -a '(__wgns_user_instances)'"));
}

TEST_F(Completion, AProgramWithoutOptionsThatTakeValues) {
    CLI::App plain{"", "wgns-user"};
    plain.add_subcommand("list", "Print");
    const std::string text = completion(plain, Shell::bash);
    EXPECT_THAT(text, HasSubstr("'') return 0 ;;"));
    EXPECT_THAT(text, Not(HasSubstr("'list 0'")));
}

}  // namespace
}  // namespace wgns
