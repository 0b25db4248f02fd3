#include "tests/faults/fault_plan.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace wgns::faults {

namespace {

using Rules = std::array<Rule, 2>;

// Mapped before the program begins: later it may not open anything.
Rules* map_rules() noexcept {
    const char* const path = ::getenv("WGNS_FAULT_PLAN");
    const int fd = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return nullptr;
    void* const memory = ::mmap(nullptr, sizeof(Rules), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    return memory == MAP_FAILED ? nullptr : static_cast<Rules*>(memory);
}

Rules* const rules = map_rules();
const auto own_pid = static_cast<std::uint32_t>(::getpid());
constexpr std::string_view inside = "inside_";
thread_local Role chosen_role = Role::other;

// Counted so that a limit holds between threads, too.
bool may_inject(Rule& rule) noexcept {
    std::uint32_t injected = rule.injected;
    while (injected < rule.limit)
        if (rule.injected.compare_exchange_weak(injected, injected + 1)) return true;
    return false;
}

bool is_about(const Rule& rule, std::string_view operation) noexcept {
    std::string_view planned = rule.operation.data();
    const bool is_inside = planned.starts_with(inside);
    if (is_inside) planned.remove_prefix(inside.size());
    return is_inside == (chosen_role == Role::inside) && operation == planned;
}

}  // namespace

std::optional<Fault> next_fault(std::string_view operation) noexcept {
    if (rules == nullptr) return std::nullopt;
    for (Rule& rule : *rules) {
        if (rule.pid != own_pid || !is_about(rule, operation)) continue;
        if (rule.calls++ % rule.one_in == 0 && may_inject(rule)) return Fault{rule.result};
    }
    return std::nullopt;
}

Role role() noexcept {
    if (chosen_role != Role::other) return chosen_role;
    thread_local const bool is_first = ::gettid() == ::getpid();
    return is_first ? Role::control : Role::other;
}

void become(Role role) noexcept {
    chosen_role = role;
}

}  // namespace wgns::faults
