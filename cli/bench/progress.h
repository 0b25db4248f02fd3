// One line on a terminal that says what is being measured and how long it will take; nothing where
// standard error is something else.
#pragma once

#include <chrono>
#include <string>

namespace wgns::bench {

class Progress {
public:
    Progress(std::size_t steps, double seconds_a_step);
    ~Progress() { clear(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // The next step begins.
    void step(const std::string& what);
    void clear() const;

private:
    std::size_t steps_;
    std::size_t begun_ = 0;
    double seconds_a_step_;  // until some have been seen
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    bool is_shown_;
};

}  // namespace wgns::bench
