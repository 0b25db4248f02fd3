// wgns-user is several programs in one file: the command, and the processes that it leaves behind
// or has beside it.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string_view>

#include "cli/commands.h"
#include "control/failure.h"
#include "control/roles.h"

namespace {

int run(int argc, char** argv) {
    spdlog::set_default_logger(spdlog::stderr_logger_mt("wgns-user"));
    spdlog::set_pattern(::isatty(STDERR_FILENO) != 0 ? "%l: %v" : "%Y-%m-%dT%H:%M:%S%z %l: %v");
    const std::string_view role = argc == 3 ? argv[1] : "";
    if (role == "supervise") return wgns::supervisor_role(argv[2]);
    if (role == "keep") return wgns::keeper_role(argv[2]);
    if (role == "daemon") return wgns::daemon_role(argv[2]);
    return wgns::run_command_line(argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "wgns-user: %s\n", error.what());
        return wgns::exit_status::failed;
    }
}
