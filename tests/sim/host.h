// One simulated host: a worker on ports of memory, with a clock and an entropy that the test
// drives.
#pragma once

#include <memory>

#include "crypto/x25519.h"
#include "dataplane/worker.h"
#include "memory_io.h"
#include "tests/crypto/seeded_entropy.h"

namespace wgns::sim {

class SimClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const noexcept override { return now_; }
    [[nodiscard]] WallTime wall_time() const noexcept override {
        const auto count = now_.since_boot().count();
        return {.seconds = 1'700'000'000 + count / 1'000'000'000,
                .nanoseconds = static_cast<std::uint32_t>(count % 1'000'000'000)};
    }
    void advance(Duration by) noexcept { now_ = now_ + by; }

private:
    TimePoint now_{std::chrono::seconds(1000)};
};

// One host's: all were booted together, but each has a wall clock of its own.
class HostClock final : public Clock {
public:
    explicit HostClock(const SimClock& clock) : clock_(clock) {}
    [[nodiscard]] TimePoint now() const noexcept override { return clock_.now(); }
    [[nodiscard]] WallTime wall_time() const noexcept override {
        WallTime wall = clock_.wall_time();
        wall.seconds += ahead_seconds;
        return wall;
    }

    std::int64_t ahead_seconds = 0;

private:
    const SimClock& clock_;
};

class Host {
public:
    // `number`: its outer address is 192.0.2.number, its inner ones 10.0.0.number and fd00::number.
    // Whatever it draws follows from `seed`.
    Host(std::uint8_t number, const SimClock& shared, std::uint64_t seed);
    Host(std::uint8_t number, const SimClock& shared) : Host(number, shared, number) {}

    // Makes `other` a peer; `knows_endpoint`: may send first.
    void add_peer(const Host& other, bool knows_endpoint, const PresharedKey& psk = {},
                  std::uint16_t keepalive_seconds = 0);
    void turn() {
        const bool goes_on = worker_->turn();
        WG_ASSERT(goes_on);
    }
    void post(Command command);
    [[nodiscard]] WorkerSnapshot snapshot();
    void send(std::vector<std::uint8_t> inner_packet) {
        ports.to_read.push_back(std::move(inner_packet));
    }
    // A UDP packet of IPv4 from this host's inner address to the other's, `size` bytes in all.
    [[nodiscard]] std::vector<std::uint8_t> packet_to(const Host& other, std::size_t size) const;
    [[nodiscard]] std::uint64_t drops(Drop reason) { return snapshot().drops[reason]; }
    // When it wants a turn though nothing arrives.
    [[nodiscard]] TimePoint next_deadline() { return device_.hold()->next_deadline(); }
    // Whom it sends to at this inner address, or null. Between turns nobody else has the device.
    [[nodiscard]] Peer* route(const IpAddress& address) { return device_.hold()->route(address); }

    MemoryPorts ports;
    HostClock clock;
    const PublicKey& public_key() const { return public_key_; }

private:
    std::uint8_t number_;
    SeededEntropy entropy_;
    PublicKey public_key_;
    Mailbox mailbox_;
    SharedDevice device_{entropy_};
    std::unique_ptr<Worker> worker_;
};

}  // namespace wgns::sim
