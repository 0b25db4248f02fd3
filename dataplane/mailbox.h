// How the control thread and a worker talk: values in, values out. The control side posts commands
// from any thread; the worker applies them between two turns, a bounded number a turn.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "dataplane/shared_device.h"
#include "protocol/device_change.h"
#include "protocol/device_snapshot.h"
#include "protocol/drop.h"

namespace wgns {

// What a worker tells of itself.
struct WorkerSnapshot {
    DeviceSnapshot device;
    DropCounters drops;
    Queues queues;
    std::string io;    // "uring", "epoll"
    std::string aead;  // "wide", "ipsecmb", "sodium"
};

// The callbacks run on the worker's thread and must only hand the value on.
struct ApplyChange {
    DeviceChange change;
    std::function<void(int error)> done;  // errno, 0: applied; EINVAL: too many peers
};
struct TakeSnapshot {
    std::function<void(WorkerSnapshot)> done;
};
// The interface's MTU, which bounds padding (whitepaper 5.4.6).
struct SetMtu {
    std::uint32_t mtu = 0;
};
// The sockets of another port; a family that is absent has no descriptor. `done` is Io::set_udp's.
struct SetUdp {
    UniqueFd v4;
    UniqueFd v6;
    std::function<void(int error)> done;
};
// The mark of the sockets changed, and with it the way that packets take.
struct ForgetSources {};
// The interface came up or went down. A device begins as if it were up.
struct LinkUp {};
struct LinkDown {};
struct Stop {};
using Command =
    std::variant<ApplyChange, TakeSnapshot, SetMtu, SetUdp, ForgetSources, LinkUp, LinkDown, Stop>;

class Mailbox {
public:
    static constexpr std::size_t capacity = 256;

    static Result<Mailbox> create();

    // Any thread. False when `capacity` commands wait already or the worker cannot be woken; the
    // command is then dropped unanswered. Stop is always taken, for nobody may be left who takes
    // the others.
    [[nodiscard]] bool post(Command command);

    // The worker: readable while commands may wait.
    [[nodiscard]] int event_fd() const noexcept { return event_.get(); }
    // The worker: everything posted so far, in order.
    [[nodiscard]] std::vector<Command> take();

    Mailbox(Mailbox&& other) noexcept;

private:
    explicit Mailbox(UniqueFd event) noexcept : event_(std::move(event)) {}

    std::mutex mutex_;
    std::vector<Command> waiting_;
    UniqueFd event_;
};

}  // namespace wgns
