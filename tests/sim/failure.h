// What a simulation ends with when something that must hold does not.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"

namespace wgns::sim {

struct Failure {
    std::string invariant;
    std::string what;
    TimePoint at;
};

// One line: the seed, the virtual time since the start and what broke.
[[nodiscard]] inline std::string describe(std::uint64_t seed, const Failure& failure) {
    const auto ms = failure.at.since_boot() / std::chrono::milliseconds(1) - 1'000'000;
    std::string thousandths = std::to_string(ms % 1000);
    thousandths.insert(0, 3 - thousandths.size(), '0');
    return "seed " + std::to_string(seed) + " at " + std::to_string(ms / 1000) + "." + thousandths +
           " s: " + failure.invariant + ": " + failure.what;
}

// The first thing that broke; what follows from it says nothing new.
class Failures {
public:
    void add(std::string invariant, std::string what, TimePoint at) {
        if (!first_) first_ = Failure{std::move(invariant), std::move(what), at};
    }
    [[nodiscard]] const std::optional<Failure>& first() const { return first_; }

private:
    std::optional<Failure> first_;
};

}  // namespace wgns::sim
