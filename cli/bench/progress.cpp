#include "cli/bench/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace wgns::bench {

Progress::Progress(std::size_t steps, double seconds_a_step)
    : steps_(steps), seconds_a_step_(seconds_a_step), is_shown_(::isatty(STDERR_FILENO) != 0) {}

void Progress::step(const std::string& what) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    if (begun_ > 2) seconds_a_step_ = passed.count() / static_cast<double>(begun_);
    const double left = seconds_a_step_ * static_cast<double>(steps_ - begun_);
    ++begun_;
    if (is_shown_)
        fmt::print(stderr, "\r\033[K[{}/{}] {} ({:.0f} s left)", begun_, steps_, what, left);
}

void Progress::clear() const {
    if (is_shown_) fmt::print(stderr, "\r\033[K");
}

}  // namespace wgns::bench
