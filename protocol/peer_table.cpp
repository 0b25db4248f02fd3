#include "protocol/peer_table.h"

namespace wgns {

PeerTable::PeerTable(Entropy& entropy) noexcept {
    entropy.fill(secret_.mutable_bytes());
}

PeerTable::Place PeerTable::place_of(const PublicKey& key) const noexcept {
    return blake2s_mac(secret_.bytes(), {key.bytes});
}

}  // namespace wgns
