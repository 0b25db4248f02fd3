// Ports of memory for workers that run on threads of their own: whoever has a packet for one puts
// it into the worker's inbox, which wakes it.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <iterator>
#include <mutex>
#include <vector>

#include "base/unique_fd.h"
#include "dataplane/io.h"
#include "dataplane/turn.h"

namespace wgns {

// One UDP receive, of datagrams of `segment_size`.
struct CarriedTrain {
    Endpoint from;
    std::uint32_t segment_size = 0;
    std::vector<std::uint8_t> bytes;
};

// What waits for one worker: its TUN queue and its UDP queue. Any thread.
class Inbox {
public:
    Inbox() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

    void push_frames(std::vector<std::vector<std::uint8_t>> frames) {
        const std::lock_guard lock(mutex_);
        std::move(frames.begin(), frames.end(), std::back_inserter(frames_));
        wake();
    }
    void push_train(CarriedTrain train) {
        const std::lock_guard lock(mutex_);
        trains_.push_back(std::move(train));
        wake();
    }
    // The TUN device goes.
    void close() {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
        wake();
    }

    [[nodiscard]] int event_fd() const noexcept { return event_.get(); }
    // Moves as many as a turn takes to the ends of both. False: closed.
    [[nodiscard]] bool take(std::deque<std::vector<std::uint8_t>>& frames,
                            std::deque<CarriedTrain>& trains) {
        const std::lock_guard lock(mutex_);
        std::uint64_t ignored = 0;
        static_cast<void>(!::read(event_.get(), &ignored, sizeof ignored));
        move_some(frames_, frames, Turn::frames_max);
        move_some(trains_, trains, Turn::trains_max);
        if (!frames_.empty() || !trains_.empty()) wake();
        return !is_closed_;
    }

private:
    void wake() {
        const std::uint64_t one = 1;
        static_cast<void>(!::write(event_.get(), &one, sizeof one));
    }
    template <class T>
    static void move_some(std::deque<T>& from, std::deque<T>& to, std::size_t most) {
        const auto count = static_cast<std::ptrdiff_t>(std::min(from.size(), most));
        std::move(from.begin(), from.begin() + count, std::back_inserter(to));
        from.erase(from.begin(), from.begin() + count);
    }

    std::mutex mutex_;
    std::deque<std::vector<std::uint8_t>> frames_;
    std::deque<CarriedTrain> trains_;
    bool is_closed_ = false;
    UniqueFd event_;
};

// Where a worker's packets go; both are called on its thread.
struct Outlets {
    std::function<void(const Train&)> send;
    std::function<void(const Turn&)> write;
};

class QueueIo final : public Io {
public:
    // The inbox outlives it.
    QueueIo(Inbox& inbox, int mailbox_event, Outlets outlets)
        : inbox_(inbox), mailbox_event_(mailbox_event), outlets_(std::move(outlets)) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "queue"; }
    [[nodiscard]] Offloads offloads() const noexcept override { return {}; }
    [[nodiscard]] std::uint32_t segments_max() const noexcept override {
        return Train::old_segments_max;
    }
    void wait(Duration longest) override {
        pollfd fds[] = {{inbox_.event_fd(), POLLIN, 0}, {mailbox_event_, POLLIN, 0}};
        const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(
            std::min<Duration>(longest, std::chrono::hours(1)));
        ::poll(fds, std::size(fds), static_cast<int>(milliseconds.count()));
    }
    [[nodiscard]] bool collect(Turn& turn) override {
        turn.clear_received();
        frames_.clear();
        trains_.clear();
        std::uint64_t ignored = 0;
        turn.has_commands = ::read(mailbox_event_, &ignored, sizeof ignored) == sizeof ignored;
        const bool has_tun = inbox_.take(frames_, trains_);
        for (auto& frame : frames_)
            turn.from_tun.push_back({frame});
        for (CarriedTrain& train : trains_)
            turn.from_udp.push_back({train.from, 0, train.segment_size, train.bytes});
        return has_tun;
    }
    void end() override {}
    void submit(Turn& turn) override {
        for (const TrainRef& train : turn.to_udp.trains())
            outlets_.send(*train);
        turn.to_udp.trains().clear();
        if (!turn.to_tun.empty()) outlets_.write(turn);
    }

private:
    Inbox& inbox_;
    int mailbox_event_;
    Outlets outlets_;
    std::deque<std::vector<std::uint8_t>> frames_;  // lent for the turn
    std::deque<CarriedTrain> trains_;
};

}  // namespace wgns
