#include "cli/commands.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/failure.h"

namespace wgns {
namespace {

struct Ran {
    int status = 0;
    std::string output;
    std::string errors;
};

Ran run(std::vector<std::string> words) {
    words.insert(words.begin(), "wgns-user");
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Ran ran;
    ran.status = run_command_line(static_cast<int>(argv.size()), argv.data());
    ran.output = testing::internal::GetCapturedStdout();
    ran.errors = testing::internal::GetCapturedStderr();
    return ran;
}

TEST(Commands, BadUsageIsOneLineAndStatusTwo) {
    const std::vector<std::vector<std::string>> lines{
        /* 0 */ {},
        /* 1 */ {"no/command/and/no/interface"},
        /* 2 */ {"up"},
        /* 3 */ {"up", "a", "b"},
        /* 4 */ {"up", "--io", "carrier-pigeon", "home"},
        /* 5 */ {"down"},
        /* 6 */ {"exec", "home"},
        /* 7 */ {"exec", "home", "ls", "-l"},
        /* 8 */ {"genkey", "--frob"},
        /* 9 */ {"-f"},
        /* 10 */ {"-f", "list"},
        /* 11 */ {"wg0", "list"},
        /* 12 */ {"wg0", "wg1"},
        /* 13 */ {"an-interface-of-31-bytes-is-long"},
        /* 14 */ {""},
        /* 15 */ {"wg%d"},
        /* 16 */ {"reload"},  // a command of the contract, though not there yet
        /* 17 */ {"plan"},
        /* 18 */ {"plan", "/nowhere/at/all.conf"},
        /* 19 */ {"plan", "--aead", "rot13", "home"},
        /* 20 */ {"check"},
        /* 21 */ {"doctor", "home"},
        /* 22 */ {"bench", "--rounds", "0"},
        /* 23 */ {"bench", "--seconds", "forever"},
        /* 24 */ {"bench", "--peer", "wireguard-go"},
        /* 25 */ {"bench", "--compare", "/nowhere/at/all.json"},
        /* 26 */ {"bench", "--compare", "/dev/null"},
        /* 27 */ {"run"},
        /* 28 */ {"run", "./home.conf"},
        /* 29 */ {"run", "./home.conf", "ls", "-l"},
    };
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Ran ran = run(lines[i]);
        EXPECT_EQ(ran.status, exit_status::usage) << i;
        EXPECT_EQ(ran.errors.find('\n'), ran.errors.size() - 1) << i << ' ' << ran.errors;
        EXPECT_EQ(ran.output, "") << i;
    }
}

TEST(Commands, HelpShowsAnExample) {
    for (const char* command : {"up", "plan", "down", "exec", "run", "status", "check", "doctor",
                                "list", "genkey", "genpsk", "pubkey"}) {
        const Ran ran = run({command, "--help"});
        EXPECT_EQ(ran.status, exit_status::done) << command;
        EXPECT_NE(ran.output.find("Example:\n  wgns-user " + std::string(command)),
                  std::string::npos)
            << command;
    }
    EXPECT_NE(run({"--help"}).output.find("wgns-user up"), std::string::npos);
    EXPECT_NE(run({"--help"}).output.find("IFACE"), std::string::npos);
}

TEST(Commands, VersionIsOneLine) {
    const Ran ran = run({"--version"});
    EXPECT_EQ(ran.status, exit_status::done);
    EXPECT_TRUE(ran.output.starts_with("wgns-user ")) << ran.output;
}

TEST(Commands, GenkeyPrintsAKey) {
    const Ran ran = run({"genkey"});
    EXPECT_EQ(ran.status, exit_status::done);
    EXPECT_EQ(ran.output.size(), 45U);
}

TEST(Commands, DoctorPrintsJson) {
    const Ran ran = run({"doctor", "--json"});
    const auto told = nlohmann::json::parse(ran.output, nullptr, false);
    ASSERT_TRUE(told.is_object()) << ran.output;
    EXPECT_EQ(told.at("able").get<bool>(), ran.status == exit_status::done);
    EXPECT_TRUE(told.at("findings").is_array());
}

TEST(Commands, CheckOfAnUnknownInstanceFails) {
    EXPECT_NE(run({"check", "no-such-instance-here"}).status, exit_status::done);
}

TEST(Commands, AMissingFileInRunIsOurOwnFailure) {
    const Ran ran = run({"run", "/nowhere/at/all.conf", "--", "true"});
    EXPECT_EQ(ran.status, exit_status::exec_failed);
    EXPECT_EQ(ran.errors.find('\n'), ran.errors.size() - 1) << ran.errors;
}

TEST(Commands, AnUnknownInstanceInExecIsOurOwnFailure) {
    const Ran ran = run({"exec", "no-such-instance-here", "--", "true"});
    EXPECT_EQ(ran.status, exit_status::exec_failed);
}

}  // namespace
}  // namespace wgns
