// Network to TUN:  receive → classify → look up → open, as one batch → replay and source check →
// coalesce → TUN write. Handshake messages are looked at when the data of the turn is through: most
// of a flood's need no more than that. Those that are let in wait in a bounded queue.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "crypto/aead.h"
#include "dataplane/coalesce.h"
#include "dataplane/offloads.h"
#include "dataplane/shared_device.h"
#include "dataplane/turn.h"
#include "protocol/inner_packet.h"
#include "protocol/limits.h"
#include "protocol/messages.h"

namespace wgns {

class Ingress {
public:
    // Both outlive the ingress.
    Ingress(SharedDevice& device, Aead& aead, Offloads offloads);

    // Every datagram of turn.from_udp is written to the TUN, consumed by the protocol or counted as
    // dropped.
    void run(Turn& turn, Moment moment);
    // Handshake messages that a turn left for the next one.
    [[nodiscard]] std::size_t backlog() const noexcept { return backlog_count_; }

private:
    // Datagrams that are handled together: enough to fill every lane of the AEAD and to make the
    // device's lock cheap, few enough to stay in the cache.
    static constexpr std::size_t batch_max = 128;
    // Handshake messages that are looked at while the device is held: a few hashes each, so that
    // together they are no longer than one handshake.
    static constexpr std::size_t admissions_max = 64;

    // A data message on its way through a batch; its AeadJob stands at the same place in jobs_.
    struct Opening {
        const ReceivedTrain* train = nullptr;  // of this turn
        std::uint32_t receiver = 0;
        std::uint32_t datagram_size = 0;
        Session* session = nullptr;        // pinned by the turn
        std::optional<InnerPacket> inner;  // none: a keepalive, or not IP
    };
    // Authentic datagrams of one session in one train, told to the device at once.
    struct Heard {
        Session* session = nullptr;
        const ReceivedTrain* train = nullptr;
        std::uint64_t bytes = 0;
        bool has_data = false;
    };
    // Anything but data, of this turn.
    struct Arrived {
        const ReceivedTrain* train = nullptr;
        Bytes message;
    };
    struct Waiting {
        std::array<std::uint8_t, initiation_size> bytes;  // the largest handshake message
        std::uint8_t size = 0;
        Admission admission{};
        Endpoint from;
    };

    void classify(Turn& turn, const ReceivedTrain& train, MutableBytes datagram, Moment moment);
    void run_batch(Turn& turn, Moment moment);
    void look_up(Turn& turn, Moment moment);
    void open();
    void judge(Turn& turn, Moment moment);
    [[nodiscard]] static std::optional<Drop> check_replay(const Opening& opening,
                                                          const AeadJob& job);
    [[nodiscard]] static std::optional<Drop> check_source(const Device& device,
                                                          const Opening& opening,
                                                          const AeadJob& job);
    void write(Turn& turn);
    void admit(Turn& turn, Moment moment);
    void enqueue(Turn& turn, const Arrived& arrived, Admission admission);
    void run_handshakes(Turn& turn, Moment moment);

    SharedDevice& device_;
    Aead& aead_;
    Coalescer coalescer_;
    std::vector<Opening> openings_;
    std::vector<AeadJob> jobs_;
    std::vector<Arrived> arrived_;
    std::vector<Waiting> backlog_;  // a ring
    std::size_t backlog_first_ = 0;
    std::size_t backlog_count_ = 0;
};

}  // namespace wgns
