// Two instances joined in memory: what one's worker sends, the other's receives in its next turn,
// in the buffers in which it was sealed. Nothing is copied and nothing sleeps.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "crypto/aead_choice.h"
#include "crypto/random.h"
#include "dataplane/worker.h"

namespace wgns::bench {

using SteadyClock = std::chrono::steady_clock;

// Counts the time spent in another Aead.
class TimedAead final : public Aead {
public:
    explicit TimedAead(std::unique_ptr<Aead> aead) : aead_(std::move(aead)) {}
    [[nodiscard]] std::string_view name() const noexcept override { return aead_->name(); }
    void seal(std::span<AeadJob> jobs) noexcept override {
        const auto start = SteadyClock::now();
        aead_->seal(jobs);
        spent += SteadyClock::now() - start;
    }
    void open(std::span<AeadJob> jobs) noexcept override {
        const auto start = SteadyClock::now();
        aead_->open(jobs);
        spent += SteadyClock::now() - start;
    }

    std::chrono::nanoseconds spent{};

private:
    std::unique_ptr<Aead> aead_;
};

// What a worker has instead of a kernel.
struct MemoryPorts {
    std::vector<std::vector<std::uint8_t>> frames;  // read from the TUN in every turn
    std::vector<TrainRef> sent;                     // until the other side has received them
    std::uint64_t written = 0;                      // bytes of inner packets, without their headers
    bool has_commands = false;
};

class MemoryIo final : public Io {
public:
    // Both outlive it. `from`: where the other side's ports are, which are at 192.0.2.`number`.
    MemoryIo(MemoryPorts& ports, MemoryPorts& other, std::uint8_t number);

    [[nodiscard]] std::string_view name() const noexcept override { return "memory"; }
    [[nodiscard]] Offloads offloads() const noexcept override { return {true, true}; }
    [[nodiscard]] std::uint32_t segments_max() const noexcept override {
        return Train::segments_max;
    }
    void wait(Duration) override {}
    [[nodiscard]] bool collect(Turn& turn) override;
    void submit(Turn& turn) override;
    void end() override {}

private:
    MemoryPorts& ports_;
    MemoryPorts& other_;
    Endpoint from_;
};

// A worker of each of two devices, and the ports between them.
class Lane {
public:
    Lane(SharedDevice& sender, SharedDevice& receiver, AeadKind aead);

    void set_frames(std::vector<std::vector<std::uint8_t>> frames) {
        sender_ports_.frames = std::move(frames);
    }
    void post_to_sender(Command command) {
        post(sender_ports_, sender_mailbox_, std::move(command));
    }
    void post_to_receiver(Command command) {
        post(receiver_ports_, receiver_mailbox_, std::move(command));
    }
    void send() { WG_ASSERT(sender_->turn()); }
    void receive() { WG_ASSERT(receiver_->turn()); }

    [[nodiscard]] std::uint64_t written() const noexcept { return receiver_ports_.written; }
    [[nodiscard]] std::chrono::nanoseconds sealing() const noexcept { return sealer_->spent; }
    [[nodiscard]] std::chrono::nanoseconds opening() const noexcept { return opener_->spent; }

private:
    static void post(MemoryPorts& ports, Mailbox& mailbox, Command command);

    SystemClock clock_;
    Mailbox sender_mailbox_ = *Mailbox::create();
    Mailbox receiver_mailbox_ = *Mailbox::create();
    TimedAead* sealer_ = nullptr;
    TimedAead* opener_ = nullptr;
    std::unique_ptr<Worker> sender_;  // before the ports, which hold its trains
    std::unique_ptr<Worker> receiver_;
    MemoryPorts sender_ports_;
    MemoryPorts receiver_ports_;
};

// Two devices that know each other, with `lanes` workers each.
class Link {
public:
    Link(std::size_t lanes, AeadKind aead);

    // Every lane sends these in each of its turns; returns once packets go through.
    void connect(const std::vector<std::vector<std::uint8_t>>& frames);
    [[nodiscard]] Lane& lane(std::size_t i) { return *lanes_[i]; }

private:
    SystemEntropy entropy_;
    SharedDevice sender_{entropy_};
    SharedDevice receiver_{entropy_};
    std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace wgns::bench
