#include "cli/top.h"

#include <fmt/format.h>
#include <langinfo.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <clocale>
#include <cstring>
#include <ctime>
#include <thread>
#include <utility>
#include <vector>

#include "cli/top_screen.h"
#include "cli/top_view.h"
#include "control/instance.h"

namespace wgns {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds period{1};
// Wide enough for every column; a pipe has no width of its own.
constexpr std::size_t columns_of_text = 120;

TopReading read_instance(const std::string& name) {
    auto status = query_status(name);
    if (!status) return {name, {}, status.error().line};
    return {name, *std::move(status), ""};
}

// Of every instance where `name` is empty.
Result<Done, Failure> read_into(TopModel& model, const std::string& name) {
    std::vector<TopReading> readings;
    if (name.empty()) {
        const auto all = list_instances();
        if (!all) return all.error();
        for (const ListedInstance& each : *all)
            readings.push_back(read_instance(each.name));
    } else {
        readings.push_back(read_instance(name));
    }
    model.read(readings, Clock::now());
    return Done{};
}

std::vector<TopLine> frame_of(const TopModel& model, std::size_t columns) {
    const bool is_utf8 = std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
    return top_lines(model.instances(), {columns, is_utf8, std::time(nullptr)});
}

Result<Done, Failure> print_once(const std::string& name) {
    TopModel model;
    auto read = read_into(model, name);
    if (!read) return read.error();
    // A rate is what happens in a span of time.
    std::this_thread::sleep_for(period);
    read = read_into(model, name);
    if (!read) return read.error();
    for (const TopLine& line : frame_of(model, columns_of_text)) {
        std::string text;
        for (const TopPart& part : line)
            text += part.text;
        fmt::print("{}\n", text.substr(0, text.find_last_not_of(' ') + 1));
    }
    return Done{};
}

Result<Done, Failure> show(const std::string& name) {
    TopModel model;
    auto screen = TopScreen::open();
    if (!screen) return step_failed("top", screen.error());
    auto next_reading = Clock::now();
    for (;;) {
        if (Clock::now() >= next_reading) {
            const auto read = read_into(model, name);
            if (!read) return read.error();
            // What took longer than a period is not made up for.
            next_reading = std::max(next_reading + period, Clock::now());
        }
        (*screen)->draw(frame_of(model, (*screen)->columns()));
        if ((*screen)->wait(next_reading) == TopScreen::Wish::quit) return Done{};
    }
}

}  // namespace

Result<Done, Failure> run_top(const std::string& name, bool once) {
    std::setlocale(LC_CTYPE, "");
    if (!once && (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0))
        return Failure{exit_status::usage, "top: this is no terminal; use `wgns-user top --once`"};
    if (!name.empty()) {
        // Who is not there now is an error; who goes away later is shown as gone.
        const auto status = query_status(name);
        if (!status) return status.error();
    }
    return once ? print_once(name) : show(name);
}

}  // namespace wgns
