// What shells need to complete a command line, made from its definition.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace wgns {

enum class Shell { bash, zsh, fish };

// "bash", "zsh", "fish".
[[nodiscard]] std::optional<Shell> parse_shell(std::string_view name) noexcept;

// The file that the shell reads, for `program` and its commands. What an argument stands for
// follows from its name: `name` is an instance (/run/wgns-user), `config` a configuration
// (/etc/wgns-user) or a file, `command` a command of the system, `--user` a user. An option that
// takes one of several words is completed with these.
[[nodiscard]] std::string completion(const CLI::App& program, Shell shell);

}  // namespace wgns
