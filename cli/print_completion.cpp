// `print_completion SHELL`: what packaging/ installs for that shell.
#include <cstdio>

#include "cli/commands.h"

int main(int argc, char** argv) {
    const auto shell = wgns::parse_shell(argc == 2 ? argv[1] : "");
    if (!shell) {
        std::fputs("usage: print_completion bash|zsh|fish\n", stderr);
        return 2;
    }
    std::fputs(wgns::completion_of_command_line(*shell).c_str(), stdout);
    return 0;
}
