// The peers by their public keys. Any stranger has any key looked up, by writing it into an
// initiation, so how long that takes must not tell which keys are here: they lie in the order of a
// keyed hash that nobody else can work out.
#pragma once

#include <map>
#include <memory>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "protocol/peer.h"

namespace wgns {

class PeerTable {
public:
    using Place = Mac;

    explicit PeerTable(Entropy& entropy) noexcept;

    // Null: it is not here.
    [[nodiscard]] Peer* find(const PublicKey& key) const noexcept {
        const auto found = peers_.find(place_of(key));
        if (found == peers_.end()) return nullptr;
        Peer* const peer = found->second.get();
        return equal_constant_time(peer->public_key.bytes, key.bytes) ? peer : nullptr;
    }
    // Of a key that is not here yet.
    Peer& insert(std::unique_ptr<Peer> peer) {
        const Place place = place_of(peer->public_key);
        return *peers_.emplace(place, std::move(peer)).first->second;
    }
    void erase(Peer& peer) noexcept { peers_.erase(place_of(peer.public_key)); }

    [[nodiscard]] std::size_t size() const noexcept { return peers_.size(); }
    [[nodiscard]] bool empty() const noexcept { return peers_.empty(); }
    // Pairs of a place and an owned peer, in no order that means anything.
    [[nodiscard]] auto begin() const noexcept { return peers_.begin(); }
    [[nodiscard]] auto end() const noexcept { return peers_.end(); }

private:
    [[nodiscard]] Place place_of(const PublicKey& key) const noexcept;

    Secret<32, struct PeerTableTag> secret_;
    std::map<Place, std::unique_ptr<Peer>> peers_;
};

}  // namespace wgns
