// One simulated host: a worker on ports of memory, with a clock and an entropy that the test
// drives.
#pragma once

#include <memory>

#include <gtest/gtest.h>

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

class Host {
public:
    // `number`: its outer address is 192.0.2.number, its inner ones 10.0.0.number and fd00::number.
    Host(std::uint8_t number, const SimClock& clock);

    // Makes `other` a peer; `knows_endpoint`: may send first.
    void add_peer(const Host& other, bool knows_endpoint, const PresharedKey& psk = {},
                  std::uint16_t keepalive_seconds = 0);
    void turn() { EXPECT_TRUE(worker_->turn()); }
    void post(Command command);
    [[nodiscard]] WorkerSnapshot snapshot();
    void send(std::vector<std::uint8_t> inner_packet) {
        ports.to_read.push_back(std::move(inner_packet));
    }
    // A UDP packet of IPv4 from this host's inner address to the other's, `size` bytes in all.
    [[nodiscard]] std::vector<std::uint8_t> packet_to(const Host& other, std::size_t size) const;
    [[nodiscard]] std::uint64_t drops(Drop reason) { return snapshot().drops[reason]; }

    MemoryPorts ports;
    const PublicKey& public_key() const { return public_key_; }

private:
    std::uint8_t number_;
    SeededEntropy entropy_;
    PublicKey public_key_;
    Mailbox mailbox_;
    SharedDevice device_{entropy_};
    std::unique_ptr<Worker> worker_;
};

// Both hosts take turns, and every datagram arrives, until nobody has anything left to say.
void settle(Host& a, Host& b);

}  // namespace wgns::sim
