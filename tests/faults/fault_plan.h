// Which operation of which process is to fail, and how: a file that a test writes and that the
// process under test has mapped. tests/system/fault_plan.py has the same layout.
#pragma once

#include <dlfcn.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wgns::faults {

// What an operation shall come to instead of what it would.
struct Fault {
    static constexpr std::int32_t half = 0, one_byte = 1;
    std::int32_t result;  // -errno, or how much is done of what was asked

    [[nodiscard]] bool is_error() const noexcept { return result < 0; }
    [[nodiscard]] std::size_t part_of(std::size_t whole) const noexcept {
        return result == one_byte || whole < 2 ? 1 : whole / 2;
    }
};

struct Rule {
    std::array<char, 24> operation;  // ends with a zero
    std::int32_t result;
    std::uint32_t one_in;  // of so many calls, the first one
    std::uint32_t limit;   // so many in all
    std::atomic<std::uint32_t> calls, injected;
    std::atomic<std::uint32_t> pid;  // whose; 0: the rule is off. Written last.
};
static_assert(sizeof(Rule) == 48);

// What a thread is for: it moves packets from its first call about them on, lives inside once it
// has gone there, and controls where it is the process's first.
enum class Role { other, control, worker, inside };
Role role() noexcept;
void become(Role role) noexcept;

// Decides on one call of `operation` of this thread, and counts it. In the plan, those of a thread
// inside have "inside_" before them.
std::optional<Fault> next_fault(std::string_view operation) noexcept;

// The function that the program would have called without us. Looked up when it is first called: by
// then the dynamic linker has everything, and constructors of other libraries may be first.
template <class Function>
class RealFunction {
public:
    explicit constexpr RealFunction(const char* name) noexcept : name_(name) {}

    template <class... Arguments>
    auto operator()(Arguments... arguments) noexcept {
        Function* found = found_;
        if (found == nullptr) {
            found = reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name_));
            found_ = found;
        }
        return found(arguments...);
    }

private:
    const char* name_;
    std::atomic<Function*> found_ = nullptr;
};

}  // namespace wgns::faults
