// Ports made of memory: what a worker sends lies in `sent` and `written` until the test moves it
// on. Nothing sleeps.
#pragma once

#include <deque>
#include <vector>

#include "dataplane/io.h"
#include "dataplane/turn.h"

namespace wgns::sim {

struct Datagram {
    Endpoint from;
    Endpoint to;
    std::vector<std::uint8_t> bytes;
    std::uint8_t tos = 0;
};

// What both the worker's Io and the test hold.
struct MemoryPorts {
    Endpoint address;                               // of this side
    std::deque<std::vector<std::uint8_t>> to_read;  // the next TUN reads
    std::deque<Datagram> to_receive;
    std::vector<std::vector<std::uint8_t>> written;  // TUN writes
    std::vector<Datagram> sent;
    bool has_commands = false;
};

class MemoryIo final : public Io {
public:
    explicit MemoryIo(MemoryPorts& ports) : ports_(ports) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "memory"; }
    [[nodiscard]] Offloads offloads() const noexcept override { return {}; }
    [[nodiscard]] std::uint32_t segments_max() const noexcept override { return 1; }
    void wait(Duration) override {}
    [[nodiscard]] bool collect(Turn& turn) override;
    void submit(Turn& turn) override;
    void end() override {}

private:
    MemoryPorts& ports_;
    std::deque<std::vector<std::uint8_t>> frames_;  // lent for the turn
    std::deque<Datagram> datagrams_;
};

}  // namespace wgns::sim
