#include "cli/completion.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <utility>
#include <vector>

namespace wgns {

namespace {

// Where the words for an argument come from.
enum class Source { nothing, words, instances, configurations, commands, users };

struct Argument {
    std::vector<std::string> names;  // "-f", "--foreground"; one without dashes for a positional
    std::string help;
    bool takes_value = false;
    Source source = Source::nothing;
    std::vector<std::string> words;
};

struct Command {
    std::string name;
    std::string help;
    std::vector<Argument> options;
    std::vector<Argument> positionals;
};

Source source_of(std::string_view name) {
    constexpr std::pair<std::string_view, Source> sources[] = {
        {"name", Source::instances},
        {"config", Source::configurations},
        {"command", Source::commands},
        {"--user", Source::users},
    };
    for (const auto& [known, source] : sources)
        if (known == name) return source;
    return Source::nothing;
}

// CLI11 tells the words of IsMember only within the type that help shows: "TEXT:{auto,uring}".
std::vector<std::string> words_of(const std::string& type) {
    const std::size_t open = type.find('{');
    if (open == std::string::npos || type.back() != '}') return {};
    return CLI::detail::split(type.substr(open + 1, type.size() - open - 2), ',');
}

Argument argument_of(const CLI::Option& option) {
    Argument argument;
    for (const std::string& name : option.get_snames())
        argument.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames())
        argument.names.push_back("--" + name);
    if (argument.names.empty()) argument.names.push_back(option.get_name());
    argument.help = option.get_description();
    argument.takes_value = option.get_items_expected_max() > 0;
    argument.words = words_of(option.get_type_name());
    argument.source = argument.words.empty() ? source_of(argument.names.back()) : Source::words;
    return argument;
}

Command command_of(const CLI::App& app) {
    Command command{app.get_name(), app.get_description(), {}, {}};
    for (const CLI::Option* option : app.get_options())
        (option->get_positional() ? command.positionals : command.options)
            .push_back(argument_of(*option));
    return command;
}

std::vector<Command> commands_of(const CLI::App& program) {
    std::vector<Command> commands;
    const auto keep_order = [](const CLI::App*) { return true; };
    for (const CLI::App* app : program.get_subcommands(keep_order))
        commands.push_back(command_of(*app));
    return commands;
}

std::string joined(const std::vector<std::string>& words, std::string_view separator = " ") {
    return fmt::format("{}", fmt::join(words, separator));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

// ---- bash ----

constexpr std::string_view bash_sources = R"(
_wgns_user_instances() {
    local path
    for path in /run/wgns-user/*/; do
        path=${path%/}
        [[ -d $path ]] && echo "${path##*/}"
    done
}

_wgns_user_configurations() {
    local path
    for path in /etc/wgns-user/*.conf; do
        path=${path##*/}
        [[ $path == '*.conf' ]] || echo "${path%.conf}"
    done
    compgen -f -X '!*.conf' -- "$1"
    compgen -d -S / -- "$1"
}
)";

constexpr std::string_view bash_walk = R"sh(
_wgns_user() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' word position=0 i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; ++i)); do
        word=${COMP_WORDS[i]}
        if [[ $word == -- ]]; then
            if declare -F _command_offset >/dev/null; then
                _command_offset $((i + 1))
            elif ((i + 1 == COMP_CWORD)); then
                mapfile -t COMPREPLY < <(compgen -c -- "$current")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
            fi
            return
        elif _wgns_user_takes_value "$word"; then
            [[ ${COMP_WORDS[i + 1]} == = ]] && ((++i))
            ((++i))
        elif [[ $word != -* && -z $command ]]; then
            command=$word
        elif [[ $word != -* ]]; then
            ((++position))
        fi
    done
    # "--io=uring" comes in three words.
    [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
    [[ $current == = ]] && current=''
    local source
    if _wgns_user_takes_value "$previous"; then
        source=(_wgns_user_values "$command $previous" "$current")
    elif [[ $current == -* ]]; then
        source=(_wgns_user_options "$command")
    else
        source=(_wgns_user_values "$command $position" "$current")
    fi
    # Not `compgen -W`, which would run what stands in the name of a file.
    while IFS= read -r word; do
        [[ $word == "$current"* ]] && COMPREPLY+=("$(printf %q "$word")")
    done < <("${source[@]}")
    # A folder is only the beginning of an answer.
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace
    return 0
}

complete -F _wgns_user wgns-user
)sh";

// Prints each in a line of its own.
std::string bash_list(const std::vector<std::string>& words) {
    return "printf '%s\\n' " + joined(words);
}

std::string bash_words(const Argument& argument) {
    switch (argument.source) {
        case Source::words:
            return bash_list(argument.words);
        case Source::instances:
            return "_wgns_user_instances";
        case Source::configurations:
            return "_wgns_user_configurations \"$2\"";
        case Source::commands:
            return bash_list({"--"});
        case Source::users:
            return "compgen -u -- \"$2\"";
        case Source::nothing:
            break;
    }
    return ":";
}

std::string bash_options(const Command& command) {
    std::vector<std::string> names;
    for (const Argument& option : command.options)
        names.insert(names.end(), option.names.begin(), option.names.end());
    return bash_list(names);
}

// `name() { case $1 in … esac; }`
std::string bash_cases(std::string_view name, const std::string& rows) {
    return fmt::format("\n{}() {{\n    case $1 in\n{}    esac\n}}\n", name, rows);
}

std::string bash_completion(const Command& program, const std::vector<Command>& commands) {
    std::string options = fmt::format("        '') {} ;;\n", bash_options(program));
    std::string values;
    std::vector<std::string> names;
    std::vector<std::string> with_value;
    for (const Command& command : commands) {
        names.push_back(command.name);
        options += fmt::format("        {}) {} ;;\n", command.name, bash_options(command));
        for (std::size_t i = 0; i < command.positionals.size(); ++i)
            values += fmt::format("        '{} {}') {} ;;\n", command.name, i,
                                  bash_words(command.positionals[i]));
        for (const Argument& option : command.options) {
            if (!option.takes_value) continue;
            for (const std::string& name : option.names) {
                with_value.push_back(name);
                values +=
                    fmt::format("        '{} {}') {} ;;\n", command.name, name, bash_words(option));
            }
        }
    }
    values = fmt::format("        ' 0') {} ;;\n", bash_list(names)) + values;
    std::sort(with_value.begin(), with_value.end());
    with_value.erase(std::unique(with_value.begin(), with_value.end()), with_value.end());
    const std::string patterns = with_value.empty() ? "''" : joined(with_value, " | ");
    return "# Completion of wgns-user for bash, made from its command line.\n" +
           std::string(bash_sources) +
           bash_cases("_wgns_user_takes_value",
                      "        " + patterns + ") return 0 ;;\n        *) return 1 ;;\n") +
           bash_cases("_wgns_user_options", options) + bash_cases("_wgns_user_values", values) +
           std::string(bash_walk);
}

// ---- zsh ----

constexpr std::string_view zsh_sources = R"(
_wgns_user_instances() {
    local -a names=(/run/wgns-user/*(N/:t))
    compadd -a names
}

_wgns_user_configurations() {
    local -a names=(/etc/wgns-user/*.conf(N:t:r))
    compadd -a names
    _files -g '*.conf'
}

_wgns_user_command() {
    if [[ $words[1] == -- ]]; then
        shift words
        ((--CURRENT))
    fi
    _normal
}
)";

std::string zsh_quoted(std::string text) {
    for (const char* special : {"\\", "[", "]", ":"})
        text = replaced(std::move(text), special, "\\" + std::string(special));
    return replaced(std::move(text), "'", "'\\''");
}

std::string zsh_words(const Argument& argument) {
    switch (argument.source) {
        case Source::words:
            return "(" + joined(argument.words) + ")";
        case Source::instances:
            return "_wgns_user_instances";
        case Source::configurations:
            return "_wgns_user_configurations";
        case Source::commands:
            return "_wgns_user_command";
        case Source::users:
            return "_users";
        case Source::nothing:
            break;
    }
    return "";
}

std::string zsh_option(const Argument& option) {
    std::string value;
    if (option.takes_value)
        value = fmt::format(":{}:{}", zsh_quoted(option.names.back()), zsh_words(option));
    std::string rows;
    for (const std::string& name : option.names) {
        const bool is_long = name.starts_with("--");
        rows +=
            fmt::format(" \\\n            '({}){}{}[{}]{}'", joined(option.names), name,
                        option.takes_value && is_long ? "=" : "", zsh_quoted(option.help), value);
    }
    return rows;
}

std::string zsh_arguments(const Command& command) {
    std::string rows = "_arguments -S";
    for (const Argument& option : command.options)
        rows += zsh_option(option);
    for (std::size_t i = 0; i < command.positionals.size(); ++i) {
        const Argument& positional = command.positionals[i];
        const std::string place =
            positional.source == Source::commands ? "*::" : std::to_string(i + 1);
        rows += fmt::format(" \\\n            '{}:{}:{}'", place, positional.names.front(),
                            zsh_words(positional));
    }
    return rows;
}

std::string zsh_completion(const Command& program, const std::vector<Command>& commands) {
    std::string names;
    std::string cases;
    for (const Command& command : commands) {
        names += fmt::format("        '{}:{}'\n", command.name, zsh_quoted(command.help));
        cases += fmt::format("        {}) {} ;;\n", command.name, zsh_arguments(command));
    }
    std::string options;
    for (const Argument& option : program.options)
        options += zsh_option(option);
    return "#compdef wgns-user\n# Completion of wgns-user for zsh, made from its command line.\n" +
           std::string(zsh_sources) +
           fmt::format(
               "\n_wgns_user() {{\n"
               "    local curcontext=$curcontext state line\n"
               "    local -a known=(\n{}    )\n"
               "    _arguments -C{} \\\n            '1: :->command' '*:: :->rest'\n"
               "    [[ $state == command ]] && _describe command known\n"
               "    [[ $state == rest ]] || return\n"
               "    case $words[1] in\n{}    esac\n}}\n\n_wgns_user \"$@\"\n",
               names, options, cases);
}

// ---- fish ----

constexpr std::string_view fish_sources = R"(
function __wgns_user_instances
    for path in /run/wgns-user/*/
        basename $path
    end
end

function __wgns_user_configurations
    for path in /etc/wgns-user/*.conf
        basename $path .conf
    end
    __fish_complete_suffix .conf
end

complete -c wgns-user -f
)";

std::string fish_quoted(std::string text) {
    text = replaced(std::move(text), "\\", "\\\\");
    return "'" + replaced(std::move(text), "'", "\\'") + "'";
}

std::string fish_words(const Argument& argument) {
    switch (argument.source) {
        case Source::words:
            return fish_quoted(joined(argument.words));
        case Source::instances:
            return "'(__wgns_user_instances)'";
        case Source::configurations:
            return "'(__wgns_user_configurations)'";
        case Source::commands:
            return "'(__fish_complete_command)'";
        case Source::users:
            return "'(__fish_complete_users)'";
        case Source::nothing:
            break;
    }
    return "";
}

std::string fish_rows(const Command& command, const std::string& condition) {
    const std::string start = fmt::format("complete -c wgns-user -n '{}'", condition);
    std::string rows;
    for (const Argument& option : command.options) {
        rows += start;
        for (const std::string& name : option.names)
            rows += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        const std::string words = fish_words(option);
        if (option.takes_value) rows += " -x" + (words.empty() ? "" : " -a " + words);
        rows += " -d " + fish_quoted(option.help) + "\n";
    }
    for (const Argument& positional : command.positionals)
        if (positional.source != Source::nothing)
            rows += start + " -a " + fish_words(positional) + "\n";
    return rows;
}

std::string fish_completion(const Command& program, const std::vector<Command>& commands) {
    std::string rows = fish_rows(program, "__fish_use_subcommand");
    for (const Command& command : commands) {
        rows += fmt::format("complete -c wgns-user -n __fish_use_subcommand -a {} -d {}\n",
                            command.name, fish_quoted(command.help));
        rows += fish_rows(command, "__fish_seen_subcommand_from " + command.name);
    }
    return "# Completion of wgns-user for fish, made from its command line.\n" +
           std::string(fish_sources) + rows;
}

}  // namespace

std::optional<Shell> parse_shell(std::string_view name) noexcept {
    if (name == "bash") return Shell::bash;
    if (name == "zsh") return Shell::zsh;
    if (name == "fish") return Shell::fish;
    return std::nullopt;
}

std::string completion(const CLI::App& program, Shell shell) {
    const Command whole = command_of(program);
    const std::vector<Command> commands = commands_of(program);
    if (shell == Shell::bash) return bash_completion(whole, commands);
    if (shell == Shell::zsh) return zsh_completion(whole, commands);
    return fish_completion(whole, commands);
}

}  // namespace wgns
