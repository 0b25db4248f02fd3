// Network to TUN:  receive → classify → open, as one batch → replay check → source check → TUN
// write. Handshake messages wait in a bounded queue until the data of the turn is through.
#pragma once

#include <array>
#include <vector>

#include "crypto/aead.h"
#include "dataplane/turn.h"
#include "protocol/device.h"
#include "protocol/limits.h"
#include "protocol/messages.h"

namespace wgns {

class Ingress {
public:
    // Both outlive the ingress.
    Ingress(Device& device, Aead& aead);

    // Every datagram of turn.from_udp is written to the TUN, consumed by the protocol or counted as
    // dropped.
    void run(Turn& turn, Moment moment);
    // Handshake messages that a turn left for the next one.
    [[nodiscard]] bool has_backlog() const noexcept { return backlog_first_ != backlog_.size(); }

private:
    static constexpr std::size_t jobs_max = 128;

    // A datagram that is being opened, in place.
    struct Opening {
        SessionRef ref;
        const Endpoint* from = nullptr;  // of a train of this turn
        std::uint32_t datagram_size = 0;
    };
    struct Waiting {
        std::array<std::uint8_t, initiation_size> bytes;  // the largest handshake message
        std::uint32_t size = 0;
        Endpoint from;
    };

    void classify(Turn& turn, const ReceivedTrain& train, MutableBytes datagram, Moment moment);
    void open_later(Turn& turn, const ReceivedTrain& train, MutableBytes datagram, Moment moment);
    void open(Turn& turn, Moment moment);
    void deliver(Turn& turn, const Opening& opening, const AeadJob& job, Moment moment);
    void enqueue(Turn& turn, const ReceivedTrain& train, Bytes message);
    void run_handshakes(Turn& turn, Moment moment);

    Device& device_;
    Aead& aead_;
    std::vector<AeadJob> jobs_;
    std::vector<Opening> openings_;  // beside jobs_
    std::vector<Waiting> backlog_;
    std::size_t backlog_first_ = 0;
};

}  // namespace wgns
