// TUN to network:  read → inner packet → route (allowed IPs) → stage or seal → train.
#pragma once

#include <vector>

#include "crypto/aead.h"
#include "dataplane/turn.h"
#include "protocol/device.h"

namespace wgns {

class Egress {
public:
    // Both outlive the egress.
    Egress(Device& device, Aead& aead);

    // Every packet of turn.from_tun leaves sealed in turn.to_udp, staged at its peer, or counted as
    // dropped. Packets that were staged and may go now go first.
    void run(Turn& turn, Moment moment);

private:
    // Jobs of one AEAD call: enough to fill every lane, few enough to stay in the cache.
    static constexpr std::size_t jobs_max = 128;

    void send_staged(Turn& turn, Moment moment);
    void send(Turn& turn, Bytes packet, Moment moment);
    [[nodiscard]] bool seal_later(Turn& turn, Peer& peer, Bytes packet);
    void seal();

    Device& device_;
    Aead& aead_;
    std::vector<AeadJob> jobs_;
};

}  // namespace wgns
