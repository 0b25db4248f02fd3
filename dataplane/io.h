// The one interface between the stages and the kernel. A turn is: wait, collect, stages, submit.
#pragma once

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "dataplane/offloads.h"

namespace wgns {

struct Turn;

// One thread: the one that first calls wait().
class Io {
public:
    virtual ~Io() = default;
    // "uring", "epoll": as --io and status spell it.
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;
    // What may be written to the TUN device.
    [[nodiscard]] virtual Offloads offloads() const noexcept = 0;
    // Datagrams that a train may have.
    [[nodiscard]] virtual std::uint32_t segments_max() const noexcept = 0;

    // Sleeps until something has arrived, and at most for `longest`; Duration::max() is no limit.
    virtual void wait(Duration longest) = 0;
    // Fills `turn` with what has arrived. Lent until submit. False: the TUN device is gone.
    [[nodiscard]] virtual bool collect(Turn& turn) = 0;
    // Takes the turn's trains and writes. What they point to must stay until the next collect.
    virtual void submit(Turn& turn) = 0;
    // The last call, on the thread of the others: on return the kernel has let go of everything, so
    // that a device is gone once its descriptors are closed.
    virtual void end() = 0;
    // Sends and receives by these sockets from now on. `done` gets 0 once the old ones are closed,
    // so that their port is free, which may be some turns later; or an errno value when the old
    // ones stay. An Io without sockets has none to replace.
    virtual void set_udp(UniqueFd v4, UniqueFd v6, std::function<void(int error)> done);
};

// The descriptors that a worker moves packets between. An absent UDP family has no descriptor.
struct Ports {
    UniqueFd tun;
    UniqueFd udp_v4;
    UniqueFd udp_v6;
    bool has_virtio_header = true;   // before each packet of the TUN device
    Offloads offloads{};             // what the TUN device has accepted
    std::uint32_t segments_max = 1;  // datagrams that one send may have
    int mailbox_event = -1;          // of the worker's Mailbox, which outlives the Io
};

// What failed might fail again at once, and for ever: an Io that is to try again waits for so long
// first, so that trying does not take a whole processor.
void pause_after_failure();
// Whether `result`, which is -errno if negative, is a reason to. That nothing is there, that time
// is over, that all buffers are full or that somebody wanted it is none.
[[nodiscard]] bool is_failure(int result) noexcept;

enum class IoKind { automatic, uring, epoll };

// What any Io is made by and calls afterwards, and what one of that kind calls beside it: names of
// system calls (seccomp(2)). No filter sees what a ring does, so a ring's are for who may have one.
[[nodiscard]] std::span<const char* const> calls_of_io() noexcept;
[[nodiscard]] std::span<const char* const> more_calls_of_io(IoKind kind) noexcept;

// "auto", "uring" or "epoll", as --io takes them.
[[nodiscard]] std::optional<IoKind> parse_io_kind(std::string_view text) noexcept;

struct IoChoice {
    std::unique_ptr<Io> io;
    std::string reason;  // why not the first choice; empty where it was taken
};

// `automatic` takes io_uring where the kernel has what we need, and epoll elsewhere. Turns may lend
// at most Turn::frames_max frames and Turn::trains_max trains at a time.
Result<IoChoice> make_io(IoKind kind, Ports ports);

}  // namespace wgns
