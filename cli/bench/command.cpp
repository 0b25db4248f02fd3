#include "cli/bench/command.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "cli/bench/compare.h"
#include "cli/bench/output_file.h"
#include "cli/bench/result.h"
#include "cli/bench/rounds.h"
#include "cli/bench/server.h"
#include "cli/bench/service.h"
#include "cli/bench/svg.h"
#include "cli/bench/table.h"
#include "control/uapi_socket.h"

namespace wgns {

using nlohmann::json;

namespace bench {
namespace {

// Each host has a folder of sockets of its own, for which there must be a place.
class SocketFolder {
public:
    [[nodiscard]] Status make() {
        is_ours_ = ::mkdir(path().c_str(), 0755) == 0;
        if (!is_ours_ && errno != EEXIST) return Error{errno, "mkdir", path(), ""};
        return Done{};
    }
    SocketFolder() = default;
    SocketFolder(const SocketFolder&) = delete;
    SocketFolder& operator=(const SocketFolder&) = delete;
    ~SocketFolder() {
        if (is_ours_) ::rmdir(path().c_str());
    }

private:
    static const std::filesystem::path& path() { return UapiSocket::default_folder; }
    bool is_ours_ = false;
};

Extent extent_of(const BenchRequest& request) {
    Extent extent = request.quick ? quick_extent : Extent{};
    if (request.rounds) extent.rounds = *request.rounds;
    if (request.seconds) extent.seconds = *request.seconds;
    return extent;
}

Failure bad_file(const std::string& path, const std::string& why) {
    return {exit_status::usage,
            fmt::format("{}: {}; give a file that `bench --json` wrote", path, why)};
}

Result<std::optional<BenchResult>, Failure> read_old(const std::string& path) {
    if (path.empty()) return std::optional<BenchResult>();
    std::ifstream file(path);
    if (!file) return bad_file(path, std::strerror(errno));
    try {
        return std::optional(result_of(json::parse(file)));
    } catch (const json::exception& wrong) {
        return bad_file(path, fmt::format("not a result of bench ({})", wrong.what()));
    }
}

Result<std::optional<OutputFile>, Failure> open_output(const std::string& path) {
    if (path.empty()) return std::optional<OutputFile>();
    auto file = OutputFile::open(path);
    if (!file) return failed("a file for the result", file.error());
    return std::optional<OutputFile>(*std::move(file));
}

Result<Done, Failure> write(std::optional<OutputFile>& file, const std::string& text) {
    if (!file) return Done{};
    const auto written = file->write(text);
    if (!written) return failed("a file for the result", written.error());
    return Done{};
}

Result<BenchResult, Failure> measure(const BenchRequest& request) {
    const Interrupt interrupt;
    SocketFolder folder;
    if (request.path.empty())
        if (const auto made = folder.make(); !made) return failed("a folder", made.error());
    const auto to = parse_service(request.to);
    try {
        return run_rounds({request.peer, extent_of(request), request.path, to.value_or(Endpoint{})},
                          WGNS_VERSION, interrupt);
    } catch (const json::exception&) {
        // Only what comes from elsewhere has another shape than it should have.
        return failed(request.to + " says what this version does not understand");
    }
}

Result<Done, Failure> serve(const std::string& where) {
    const Interrupt interrupt;
    auto server = Server::open(*parse_service(where), WGNS_VERSION);
    if (!server) return server.error();
    fmt::print("serves `wgns-user bench --path NAME --to {}` until Ctrl-C\n",
               server->at().to_string());
    static_cast<void>(std::fflush(stdout));
    server->serve(interrupt);
    return Done{};
}

std::string names_service(const std::string& text) {
    return parse_service(text) ? "" : "give one address, or ADDRESS:PORT ([ADDRESS]:PORT for IPv6)";
}

std::string names_interface(const std::string& command) {
    return command.find("{}") == std::string::npos
               ? "put {} where the name of the interface goes, as in 'wireguard-go {}'"
               : "";
}

}  // namespace
}  // namespace bench

void add_bench_options(CLI::App& command, BenchRequest& request) {
    auto* const peer =
        command
            .add_option(
                "--peer", request.peer,
                "Measure this as well, in turns, and print ratios: a command of the shell that "
                "serves the interface {}, as 'wireguard-go {}' does")
            ->check(bench::names_interface);
    command.add_option("--rounds", request.rounds, "Rounds, of which the medians are printed (3)")
        ->check(CLI::Range(1, 1000));
    command.add_option("--seconds", request.seconds, "Seconds that each measure takes (3)")
        ->check(CLI::Range(0.1, 600.0));
    command.add_flag("--quick", request.quick, "One short round: about ten seconds");
    command.add_option("--json", request.json, "Write every sample to this file");
    command.add_option("--svg", request.svg, "Draw a picture into this file");
    command.add_option("--compare", request.compare,
                       "Print what has moved since the run that wrote this file with --json");
    auto* const path = command.add_option(
        "--path", request.path,
        "Measure through this instance, which is up, to where `bench --serve` runs");
    auto* const to =
        command
            .add_option("--to", request.to,
                        "Where that is: ADDRESS or ADDRESS:PORT, in the tunnel (51830)")
            ->check(bench::names_service);
    path->needs(to)->excludes(peer);
    to->needs(path);
    auto* const serve =
        command
            .add_option(
                "--serve", request.serve,
                "Be the far end of --path at this ADDRESS or ADDRESS:PORT until Ctrl-C, for "
                "one client at a time")
            ->check(bench::names_service);
    for (CLI::Option* const each : command.get_options())
        if (each != serve && each != command.get_help_ptr()) serve->excludes(each);
}

Result<Done, Failure> run_bench(const BenchRequest& request) {
    if (!request.serve.empty()) return bench::serve(request.serve);
    const auto old = bench::read_old(request.compare);
    if (!old) return old.error();
    if (::geteuid() != 0)
        return bench::failed(
            "it makes or enters network namespaces, which only root may; run it with sudo");
    auto json_file = bench::open_output(request.json);
    if (!json_file) return json_file.error();
    auto svg_file = bench::open_output(request.svg);
    if (!svg_file) return svg_file.error();
    const auto result = bench::measure(request);
    if (!result) return result.error();
    // First, in case nobody reads all that is printed.
    auto done = bench::write(*json_file, bench::json_of(*result).dump(1) + "\n");
    if (done) done = bench::write(*svg_file, bench::print_svg(*result));
    fmt::print("{}", bench::print_table(*result));
    if (*old) fmt::print("\n{}", bench::print_comparison(**old, *result));
    return done;
}

}  // namespace wgns
