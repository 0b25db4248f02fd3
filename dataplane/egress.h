// TUN to network:  read → superpacket → route (allowed IPs), counters → stage, or split into a
// train → seal, as one batch.
#pragma once

#include <vector>

#include "crypto/aead.h"
#include "dataplane/superpacket.h"
#include "dataplane/turn.h"
#include "dataplane/unreachable.h"
#include "protocol/device.h"

namespace wgns {

class Egress {
public:
    // Outlives the egress.
    explicit Egress(Aead& aead);

    // Between them, every frame of turn.from_tun is either counted as dropped, staged at its peer,
    // or lies sealed in turn.to_udp. Packets that were staged and may go now go first. Whoever
    // sends to nobody is told so by a write to the TUN, which must be done before the next turn.
    void route(Turn& turn, Device& device, Moment moment);
    // Without the device.
    void seal(Turn& turn);

private:
    // Jobs of one AEAD call: enough to fill every lane, few enough to stay in the cache.
    static constexpr std::size_t jobs_enough = 32, jobs_max = 128;

    // What route decided about a superpacket.
    struct Parcel {
        Superpacket packet;
        Endpoint to;
        const AeadKey* key = nullptr;  // of a session that the turn pins
        std::uint64_t counter = 0;     // of the first segment
        std::uint32_t remote_index = 0;
    };

    void route_staged(Turn& turn, Device& device, Moment moment);
    void route(Turn& turn, Device& device, MutableBytes frame, Moment moment);
    void accept(Turn& turn, Device& device, Peer& peer, const Superpacket& packet, Moment moment);
    void pack(Turn& turn, const Parcel& parcel);
    void run_jobs();

    Aead& aead_;
    std::uint32_t mtu_ = 0;
    std::vector<Parcel> parcels_;
    std::vector<std::vector<std::uint8_t>> unstaged_;  // what parcels of staged packets point into
    std::vector<AeadJob> jobs_;
    UnreachableAnswers unreachable_;
};

}  // namespace wgns
