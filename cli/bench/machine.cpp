#include "cli/bench/machine.h"

#include <fmt/format.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <ctime>
#include <sstream>

#include "base/read_file.h"

namespace wgns::bench {

namespace {}  // namespace

std::string cpu_name(const std::string& cpuinfo, const std::string& kind) {
    std::istringstream lines(cpuinfo);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos)
            return line.substr(colon + 2);
    }
    return kind;
}

Ticks ticks_of(const std::string& stat) {
    std::istringstream line(stat.substr(0, stat.find('\n')));
    std::string name;
    line >> name;
    Ticks ticks;
    // user nice system idle iowait irq softirq steal; guest time is in user already (proc(5)).
    double value = 0;
    for (int field = 0; field < 8 && line >> value; ++field) {
        ticks.all += value;
        if (field != 3 && field != 4) ticks.busy += value;
    }
    return ticks;
}

Ticks ticks_now() {
    return ticks_of(text_of_file("/proc/stat"));
}

double busy_share(const Ticks& before, const Ticks& after) {
    const double all = after.all - before.all;
    return all > 0 ? (after.busy - before.busy) / all : 0;
}

Machine this_machine() {
    utsname name{};
    struct sysinfo memory {};
    ::uname(&name);
    ::sysinfo(&memory);
    Machine machine;
    machine.kernel = fmt::format("{} {}", name.release, name.machine);
    machine.cpu = cpu_name(text_of_file("/proc/cpuinfo"), name.machine);
    machine.cpus = static_cast<unsigned>(::get_nprocs());
    machine.memory_mib =
        static_cast<unsigned>((std::uint64_t{memory.totalram} * memory.mem_unit) >> 20);
    return machine;
}

std::vector<std::string> own_command_line() {
    std::vector<std::string> words;
    std::istringstream text(text_of_file("/proc/self/cmdline"));
    for (std::string word; std::getline(text, word, '\0');)
        words.push_back(word);
    return words;
}

std::string time_now() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace wgns::bench
