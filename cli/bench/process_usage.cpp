#include "cli/bench/process_usage.h"

#include <unistd.h>

#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

namespace wgns::bench {

namespace {

// The same time as fields 14 and 15 of /proc/PID/stat, in nanoseconds instead of ticks of 10 ms,
// which would be too coarse for short measures.
double cpu_seconds_of(pid_t pid) {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double peak_resident_mib_of(pid_t pid) {
    std::ifstream lines("/proc/" + std::to_string(pid) + "/status");
    std::string line;
    while (std::getline(lines, line))
        if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
    return 0;
}

}  // namespace

ProcessUsage usage_of(pid_t pid) {
    return {cpu_seconds_of(pid), peak_resident_mib_of(pid)};
}

ProcessUsage usage_of_others() {
    ProcessUsage sum;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        const std::string name = entry.path().filename();
        pid_t pid = 0;
        const auto [stop, failure] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (failure != std::errc{} || *stop != '\0' || pid == ::getpid()) continue;
        const ProcessUsage one = usage_of(pid);
        sum.cpu_seconds += one.cpu_seconds;
        sum.peak_resident_mib += one.peak_resident_mib;
    }
    return sum;
}

}  // namespace wgns::bench
