// What set-up and control return: a value, or why there is none. A bad packet is a Drop
// (protocol/drop.h). The spelling is std::expected's, to be replaced by it once both compilers have
// it.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace wgns {

struct Error {
    int code = 0;                // errno, or 0 where none applies
    const char* operation = "";  // static: "setns", "RTM_NEWADDR"
    std::string subject;         // what it was done to: a path, an interface, an address
    std::string hint;            // what the user can do about it; may be empty
};

// "operation subject: reason; hint", one line, for people.
std::string describe(const Error& error);

// T and E must differ.
template <class T, class E = Error>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] explicit operator bool() const noexcept { return state_.index() == 0; }
    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }

    // Only with a value.
    [[nodiscard]] T& operator*() & noexcept {
        WG_ASSERT(has_value());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] const T& operator*() const& noexcept {
        WG_ASSERT(has_value());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] T&& operator*() && noexcept { return std::move(**this); }
    [[nodiscard]] T* operator->() noexcept { return &**this; }
    [[nodiscard]] const T* operator->() const noexcept { return &**this; }

    // Only without a value.
    [[nodiscard]] E& error() & noexcept {
        WG_ASSERT(!has_value());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] const E& error() const& noexcept {
        WG_ASSERT(!has_value());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] E&& error() && noexcept { return std::move(this->error()); }

private:
    std::variant<T, E> state_;
};

using Done = std::monostate;
using Status = Result<Done>;

// Turns a system call's -1 and errno into an Error at the call; any other value passes.
Result<int> check(int result, const char* operation, std::string subject = {});

}  // namespace wgns
