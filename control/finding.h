// One thing that was looked into, by `doctor` or by `check`: what was found, what follows from it
// and what can be done about it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace wgns {

enum class Judgement {
    ok,
    limited,  // it works, with less
    missing,
    failed,   // it is not as it has to be
    unknown,  // it could not be looked into
};
// The enumerator's own name.
[[nodiscard]] const char* name_of(Judgement judgement) noexcept;

struct Finding {
    std::string name;  // "io_uring"
    Judgement judgement = Judgement::ok;
    std::string found = {};        // for people
    std::string consequence = {};  // may be empty
    std::string cure = {};         // may be empty
    bool is_needed = false;        // `up` can do nothing without it
};

// [{"name", "verdict", "found", "consequence", "cure", "needed"}], every member always there.
[[nodiscard]] nlohmann::json json_of(const std::vector<Finding>& findings);
// A line each, and one more for what follows and what to do, where there is such a thing. Whatever
// a text holds, it does not steer the terminal.
[[nodiscard]] std::string print(const std::vector<Finding>& findings);

[[nodiscard]] bool all_hold(const std::vector<Finding>& findings) noexcept;
// Whether something is missing that `up` can do nothing without.
[[nodiscard]] bool lacks_needed(const std::vector<Finding>& findings) noexcept;

}  // namespace wgns
