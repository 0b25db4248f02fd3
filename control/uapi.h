// The cross-platform configuration protocol (https://www.wireguard.com/xplatform/) as text in and
// text out, without sockets. Where the page is silent, wireguard-go's answers hold
// (device/uapi.go), but for one: after an error the rest of that request is skipped, so that it is
// not taken for operations.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/device_change.h"
#include "protocol/device_snapshot.h"

namespace wgns {

// Answer with print_get.
struct UapiGet {};

// Apply `change`, then answer with print_set_reply.
struct UapiSet {
    DeviceChange change;  // of the lines before the refused one, if there was one
    int errno_value = 0;  // why that line was refused; 0: none was
};

// Nothing to apply; answer with print_set_reply.
struct UapiError {
    int errno_value = 0;
};

// No operation that we know: close the connection without an answer.
struct UapiHangUp {};

using UapiRequest = std::variant<UapiGet, UapiSet, UapiError, UapiHangUp>;

// The requests of one connection, in order. One thread.
class UapiReader {
public:
    // With its line end.
    static constexpr std::size_t max_line_bytes = std::size_t{64} * 1024;
    // In one request; with limits::peers_max what bounds the memory of a request.
    static constexpr std::size_t max_allowed_ips = std::size_t{1} << 20;

    UapiReader();
    ~UapiReader();  // wipes what it holds
    UapiReader(const UapiReader&) = delete;
    UapiReader& operator=(const UapiReader&) = delete;

    // Takes bytes from the front, up to the end of a request; the rest stays for the next call.
    // Nothing: all is taken and the request goes on. A request is known by its first error, not
    // only by its end.
    [[nodiscard]] std::optional<UapiRequest> next(std::string_view& bytes);
    // The peer sends no more, which counts as the blank line.
    [[nodiscard]] std::optional<UapiRequest> finish();

private:
    enum class State { operation, get, set, skipping, closed };

    bool take_line(std::string_view& bytes);
    void forget_line();
    std::optional<UapiRequest> handle_line();
    std::optional<UapiRequest> start(std::string_view operation);
    std::optional<UapiRequest> handle_set_line(std::string_view line);
    UapiRequest end_set(State next, int errno_value);
    UapiRequest refuse_long_line();
    int apply_line(std::string_view line);

    State state_ = State::operation;
    std::string line_;       // never grows beyond its first capacity, so keys are wiped completely
    bool too_long_ = false;  // the line; its text is then forgotten
    DeviceChange change_;    // of the request under way
    std::size_t allowed_ips_ = 0;
};

// The answer to get, "errno=0" included. Holds keys: wipe_key_text it.
[[nodiscard]] std::string print_get(const DeviceSnapshot& device);
// "errno=-22\n\n" for EINVAL (`errno_value` ≥ 0): wg(8) takes the value as -errno.
[[nodiscard]] std::string print_set_reply(int errno_value);
// The request "set=1…" that a UapiReader turns back into `change`, but for the local side of
// endpoints. Holds keys: wipe_key_text it.
[[nodiscard]] std::string print_set(const DeviceChange& change);

// Zeros all of the text's memory, and leaves it empty.
void wipe_key_text(std::string& text) noexcept;

}  // namespace wgns
