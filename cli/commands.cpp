#include "cli/commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "cli/bench/command.h"
#include "cli/completion.h"
#include "cli/keys.h"
#include "cli/print_status.h"
#include "cli/top.h"
#include "control/failure.h"
#include "control/finding.h"
#include "control/host_report.h"
#include "control/instance.h"
#include "control/interface_daemon.h"
#include "control/leak_check.h"
#include "control/plan.h"
#include "control/run_inside.h"
#include "control/service_view.h"
#include "control/throwaway.h"
#include "netns/link.h"

namespace wgns {

namespace {

constexpr const char* version_line = "wgns-user " WGNS_VERSION;

int complain(const Failure& failure) {
    fmt::print(stderr, "wgns-user: {}\n", failure.line);
    return failure.status;
}

int report(const Outcome& outcome) {
    if (!outcome) return complain(outcome.error());
    fmt::print("{}\n", *outcome);
    return exit_status::done;
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// Everything that CLI11 fills in; one instance for one command line.
struct Arguments {
    UpRequest up;
    RunRequest run;
    InterfaceRequest interface;
    BenchRequest bench;
    std::string name;
    std::string file;
    std::string what;  // to print
    std::string user;
    std::vector<std::string> command;
    bool json = false;
    bool once = false;
};

int run_exec(const Arguments& arguments) {
    const auto run_as =
        choose_user(arguments.user, environment("SUDO_UID"), environment("SUDO_GID"));
    if (!run_as) return complain({exit_status::exec_failed, describe(run_as.error())});
    const auto place = place_of(arguments.name);
    if (!place) return complain({exit_status::exec_failed, place.error().line});
    return complain(run_inside(*place, *run_as, arguments.command));
}

int run_run(const Arguments& arguments) {
    RunRequest request = arguments.run;
    request.user = arguments.user;
    request.sudo_uid = environment("SUDO_UID");
    request.sudo_gid = environment("SUDO_GID");
    request.command = arguments.command;
    const auto status = run_throwaway(request);
    return status ? *status : complain(status.error());
}

int run_print(const Arguments& arguments) {
    const auto view = service_view_of(arguments.name);
    if (!view) return complain(view.error());
    fmt::print("{}", arguments.what == "podman" ? podman_options(*view) : systemd_dropin(*view));
    return exit_status::done;
}

int run_gc() {
    const auto cleared = collect_garbage();
    if (!cleared) return complain(cleared.error());
    for (const std::string& name : *cleared)
        fmt::print("{}: taken away\n", name);
    return exit_status::done;
}

int run_list() {
    const auto all = list_instances();
    if (!all) return complain(all.error());
    for (const ListedInstance& each : *all)
        fmt::print("{:<16} {}\n", each.name,
                   each.running ? "up" : "not running; `wgns-user down` takes its rest away");
    return exit_status::done;
}

void print_json(const nlohmann::json& value) {
    fmt::print("{}\n", value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

int print_statuses(const std::vector<std::string>& names, bool as_json) {
    int worst = exit_status::done;
    nlohmann::json all = nlohmann::json::array();
    for (const std::string& name : names) {
        auto status = query_status(name);
        if (!status)
            worst = complain(status.error());
        else
            all.push_back(std::move(*status));
    }
    if (as_json) print_json(all);
    for (std::size_t i = 0; !as_json && i < all.size(); ++i)
        fmt::print("{}{}", i == 0 ? "" : "\n", print_status(all[i], std::time(nullptr)));
    return worst;
}

int run_status(const Arguments& arguments) {
    if (arguments.name.empty()) {
        const auto all = list_instances();
        if (!all) return complain(all.error());
        std::vector<std::string> names;
        for (const ListedInstance& each : *all)
            names.push_back(each.name);
        return print_statuses(names, arguments.json);
    }
    const auto status = query_status(arguments.name);
    if (!status) return complain(status.error());
    if (!arguments.json) {
        fmt::print("{}", print_status(*status, std::time(nullptr)));
        return exit_status::done;
    }
    print_json(*status);
    return exit_status::done;
}

int run_doctor(const Arguments& arguments) {
    const auto findings = examine_host();
    const bool is_able = !lacks_needed(findings);
    if (arguments.json)
        print_json({{"able", is_able}, {"findings", json_of(findings)}});
    else
        fmt::print("{}", print(findings));
    return is_able ? exit_status::done : exit_status::failed;
}

int run_check(const Arguments& arguments) {
    const auto findings = check_leaks(arguments.name);
    if (!findings) return complain(findings.error());
    const bool holds = all_hold(*findings);
    if (arguments.json)
        print_json(
            {{"instance", arguments.name}, {"holds", holds}, {"findings", json_of(*findings)}});
    else
        fmt::print("{}{}: {}\n", print(*findings), arguments.name,
                   holds ? "everything inside goes through the tunnel or nowhere"
                         : "not everything is as it has to be");
    return holds ? exit_status::done : exit_status::failed;
}

int run_genkey() {
    fmt::print("{}", new_private_key_line());
    return exit_status::done;
}

int run_genpsk() {
    fmt::print("{}", new_preshared_key_line());
    return exit_status::done;
}

int run_pubkey() {
    const auto line = public_key_line(std::cin);
    if (!line)
        return complain({exit_status::failed,
                         "pubkey: standard input: not a private key; give what genkey prints"});
    fmt::print("{}", *line);
    return exit_status::done;
}

// Also those that are still to come: a command of the contract is never taken for an interface.
bool is_command(const std::string& name) {
    const auto commands = {"up",     "down",  "reload", "exec",   "run",   "status",
                           "list",   "top",   "gc",     "check",  "plan",  "bench",
                           "doctor", "print", "genkey", "genpsk", "pubkey"};
    return std::find(commands.begin(), commands.end(), name) != commands.end();
}

// A part of the data plane that may be chosen.
struct DataPlanePart {
    const char* option;
    const char* variable;  // of the environment
    std::string DataPlaneWords::*word;
    const char* help;
    std::vector<std::string> words;
};

const std::vector<DataPlanePart>& data_plane_parts() {
    static const std::vector<DataPlanePart> parts{
        {"--io",
         "WGNS_IO",
         &DataPlaneWords::io,
         "How packets come and go",
         {"auto", "uring", "epoll"}},
        {"--aead",
         "WGNS_AEAD",
         &DataPlaneWords::aead,
         "What seals and opens them",
         {"auto", "wide", "ipsecmb", "sodium"}},
        {"--offloads",
         "WGNS_OFFLOADS",
         &DataPlaneWords::offloads,
         "Superpackets of the TUN device",
         {"all", "none", "tcp", "udp"}},
        {"--workers",
         "WGNS_WORKERS",
         &DataPlaneWords::workers,
         "Threads that carry packets, or auto",
         {"auto", "1", "2", "3", "4", "5", "6", "7", "8"}},
    };
    return parts;
}

// There are no options for these beside a name alone: wg-quick could not give them.
DataPlaneWords data_plane_of_environment() {
    DataPlaneWords words;
    for (const DataPlanePart& part : data_plane_parts())
        if (const char* const value = std::getenv(part.variable)) words.*part.word = value;
    return words;
}

int run_up(const UpRequest& request) {
    // Options were checked, variables of the environment were not.
    const auto chosen = choose(request.data_plane);
    return chosen ? report(up(request)) : complain({exit_status::usage, describe(chosen.error())});
}

int run_plan(const UpRequest& request) {
    const auto plan = plan_of(request.config, request.data_plane);
    if (!plan) return complain(plan.error());
    fmt::print("{}", print(*plan));
    return exit_status::done;
}

int run_interface(InterfaceRequest request) {
    if (is_command(request.interface) || !valid_interface_name(request.interface))
        return complain(
            {exit_status::usage,
             fmt::format("{}: neither a command nor a name for an interface, which has 1 to 15 "
                         "bytes and no '/', ':', '%' or blank; see wgns-user --help",
                         request.interface)});
    request.foreground = request.foreground || environment("WG_PROCESS_FOREGROUND") == "1";
    request.data_plane = data_plane_of_environment();
    request.log_level = environment("LOG_LEVEL");
    request.tun_descriptor = environment("WG_TUN_FD");
    request.uapi_descriptor = environment("WG_UAPI_FD");
    const auto served = serve_interface(request);
    return served ? exit_status::done : complain(served.error());
}

class CommandLine {
public:
    CommandLine() {
        app_.require_subcommand(0, 1);
        app_.set_version_flag("--version", std::string(version_line));
        app_.footer(
            "Example:\n"
            "  wgns-user up ./home.conf\n"
            "  wgns-user exec home -- curl https://example.org/\n"
            "  wgns-user down home\n"
            "  WG_QUICK_USERSPACE_IMPLEMENTATION=wgns-user wg-quick up wg0");
        add_interface();
        add_up();
        add_plan();
        add_reload();
        add_down();
        add_gc();
        add_print();
        add_exec();
        add_run();
        add_status();
        add_top();
        add_check();
        add_doctor();
        add_bench();
        add("list", "Print the instances that are there", run_list, "wgns-user list");
        add("genkey", "Print a new private key", run_genkey, "wgns-user genkey > private.key");
        add("genpsk", "Print a new preshared key", run_genpsk, "wgns-user genpsk > preshared.key");
        add("pubkey", "Print the public key of the private key on standard input", run_pubkey,
            "wgns-user pubkey < private.key");
    }

    [[nodiscard]] const CLI::App& definition() const { return app_; }

    int run(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::Success& success) {
            return app_.exit(success);  // --help and --version print themselves
        } catch (const CLI::ParseError& error) {
            return complain({exit_status::usage, one_line(error.what()) + "; see " + help()});
        }
        const bool is_interface = app_.count("IFACE") != 0;
        const bool wants_more = is_interface || arguments_.interface.foreground;
        if (is_interface && !chosen_) return run_interface(std::move(arguments_.interface));
        if (!chosen_ || wants_more)
            return complain({exit_status::usage,
                             "give a command or the name of an interface; see wgns-user --help"});
        return chosen_();
    }

private:
    CLI::App* add(const std::string& name, const std::string& what, std::function<int()> action,
                  const std::string& example) {
        CLI::App* command = app_.add_subcommand(name, what);
        command->footer("Example:\n  " + example);
        command->callback([this, action = std::move(action)] { chosen_ = action; });
        return command;
    }
    void add_interface() {
        app_.add_option("IFACE", arguments_.interface.interface,
                        "Instead of a command: make this interface here and serve UAPI, as "
                        "wireguard-go does, for wg and wg-quick")
            ->option_text(" ");
        app_.add_flag("-f,--foreground", arguments_.interface.foreground,
                      "With IFACE: stay in the foreground");
    }
    void add_up() {
        CLI::App* command = add(
            "up", "Make a namespace with its tunnel, and return when it can carry traffic",
            [this] { return run_up(arguments_.up); }, "wgns-user up ./home.conf");
        add_config(command, arguments_.up.config);
        command->add_flag("-f,--foreground", arguments_.up.foreground,
                          "Stay; SIGINT and SIGTERM take everything down");
        command
            ->add_option("--wait-handshake", arguments_.up.wait_handshake_seconds,
                         "Be done only after a first handshake; undo everything if none comes")
            ->option_text("SECONDS")
            ->check(CLI::Range(1U, 3600U));
        arguments_.up.data_plane = data_plane_of_environment();
        add_data_plane(command, arguments_.up.data_plane);
    }
    void add_plan() {
        CLI::App* command = add(
            "plan", "Print what `up` would do, step by step, and change nothing",
            [this] { return run_plan(arguments_.up); }, "wgns-user plan ./home.conf");
        add_config(command, arguments_.up.config);
        add_data_plane(command, arguments_.up.data_plane);
    }
    static void add_config(CLI::App* command, std::string& config) {
        command
            ->add_option("config", config,
                         "A configuration file, or NAME for /etc/wgns-user/NAME.conf")
            ->required();
    }
    // The library would read the variables, and refuse what they say, for every other command too.
    static void add_data_plane(CLI::App* command, DataPlaneWords& words) {
        for (const DataPlanePart& part : data_plane_parts())
            command
                ->add_option(part.option, words.*part.word,
                             fmt::format("{} (or {})", part.help, part.variable))
                ->check(CLI::IsMember(part.words))
                ->default_str(part.words.front());
    }
    void add_reload() {
        CLI::App* command = add(
            "reload", "Bring a changed configuration in; sessions live on",
            [this] { return report(reload(arguments_.name, arguments_.file)); },
            "wgns-user reload home");
        add_name(command)->required();
        command->add_option("file", arguments_.file,
                            "The configuration, if not the file that it came from");
    }
    void add_print() {
        CLI::App* command = add(
            "print", "Print how to run a service or a container inside",
            [this] { return run_print(arguments_); }, "wgns-user print systemd-dropin home");
        command->add_option("what", arguments_.what, "systemd-dropin or podman")
            ->required()
            ->check(CLI::IsMember({"systemd-dropin", "podman"}));
        add_name(command)->required();
    }
    void add_gc() {
        add("gc", "Take away what instances left whose processes are dead", run_gc, "wgns-user gc");
    }
    void add_down() {
        CLI::App* command = add(
            "down", "Take away everything that `up` made",
            [this] { return report(down(arguments_.name)); }, "wgns-user down home");
        add_name(command)->required();
    }
    void add_exec() {
        CLI::App* command = add(
            "exec", "Run a command inside, as the caller", [this] { return run_exec(arguments_); },
            "wgns-user exec home -- curl https://example.org/");
        add_name(command)->required();
        add_command(command);
    }
    void add_run() {
        CLI::App* command = add(
            "run", "Run one command in a throw-away tunnel, without root where the host allows it",
            [this] { return run_run(arguments_); },
            "wgns-user run ./home.conf -- curl https://example.org/");
        add_config(command, arguments_.run.config);
        arguments_.run.data_plane = data_plane_of_environment();
        add_data_plane(command, arguments_.run.data_plane);
        add_command(command);
    }
    void add_command(CLI::App* command) {
        command->add_option("--user", arguments_.user, "Run as USER[:GROUP], names or numbers");
        command->add_option("command", arguments_.command, "What to run, behind --")->required();
    }
    void add_status() {
        CLI::App* command = add(
            "status", "Print what an instance, or each of them, is doing",
            [this] { return run_status(arguments_); }, "wgns-user status home");
        add_name(command);
        add_json(command);
    }
    void add_top() {
        CLI::App* command = add(
            "top", "Show what an instance, or each of them, is doing, every second",
            [this] {
                const auto done = run_top(arguments_.name, arguments_.once);
                return done ? exit_status::done : complain(done.error());
            },
            "wgns-user top home");
        add_name(command);
        command->add_flag("--once", arguments_.once, "Print one frame as text");
    }
    void add_check() {
        CLI::App* command = add(
            "check", "Look from inside for anything that does not go through the tunnel",
            [this] { return run_check(arguments_); }, "wgns-user check home");
        add_name(command)->required();
        add_json(command);
    }
    void add_doctor() {
        CLI::App* command = add(
            "doctor", "Print what this host can do, what follows and what to do about it",
            [this] { return run_doctor(arguments_); }, "wgns-user doctor");
        add_json(command);
    }
    void add_bench() {
        CLI::App* command = add(
            "bench", "Measure a tunnel between two namespaces of its own",
            [this] {
                const auto done = run_bench(arguments_.bench);
                return done ? exit_status::done : complain(done.error());
            },
            "wgns-user bench --peer 'wireguard-go {}' --svg bench.svg");
        add_bench_options(*command, arguments_.bench);
    }
    void add_json(CLI::App* command) { command->add_flag("--json", arguments_.json, "Print JSON"); }
    CLI::Option* add_name(CLI::App* command) {
        return command->add_option("name", arguments_.name, "The instance");
    }
    [[nodiscard]] std::string help() const {
        const auto used = app_.get_subcommands();
        return used.empty() ? "wgns-user --help"
                            : fmt::format("wgns-user {} --help", used.front()->get_name());
    }
    [[nodiscard]] static std::string one_line(std::string text) {
        for (char& c : text)
            if (c == '\n') c = ' ';
        return text;
    }

    CLI::App app_{"WireGuard in user space, inside a network namespace.", "wgns-user"};
    Arguments arguments_;
    std::function<int()> chosen_;
};

}  // namespace

int run_command_line(int argc, char** argv) {
    return CommandLine().run(argc, argv);
}

std::string completion_of_command_line(Shell shell) {
    return completion(CommandLine().definition(), shell);
}

}  // namespace wgns
