#include "protocol/allowed_ips.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace wgns {

AllowedIps::AllowedIps() : nodes_(3) {
    nodes_[root_v4].is_v4 = true;
}

AllowedIps::Key AllowedIps::key_of(const IpAddress& address) noexcept {
    const Bytes bytes = address.bytes();
    if (bytes.size() == 4) return {std::uint64_t{load_be<std::uint32_t>(bytes)} << 32, 0};
    return {load_be<std::uint64_t>(bytes), load_be<std::uint64_t>(bytes.subspan(8))};
}

IpPrefix AllowedIps::prefix_of(const Node& node) noexcept {
    std::array<std::uint8_t, 16> raw{};
    store_be(raw, node.key.high);
    store_be(std::span(raw).subspan(8), node.key.low);
    const IpAddress address =
        node.is_v4 ? IpAddress::v4(std::span(raw).first<4>()) : IpAddress::v6(raw);
    return {address, node.length};
}

unsigned AllowedIps::bit_at(const Key& key, unsigned position) noexcept {
    const std::uint64_t word = position < 64 ? key.high : key.low;
    return static_cast<unsigned>(word >> (63 - position % 64)) & 1;
}

unsigned AllowedIps::common_bits(const Key& a, const Key& b) noexcept {
    const std::uint64_t high = a.high ^ b.high;
    if (high != 0) return static_cast<unsigned>(std::countl_zero(high));
    return 64 + static_cast<unsigned>(std::countl_zero(a.low ^ b.low));
}

Peer* AllowedIps::find(const IpAddress& address) const noexcept {
    const Key key = key_of(address);
    const Node* const nodes = nodes_.data();
    Peer* longest = nullptr;
    Index at = address.is_v4() ? root_v4 : root_v6;
    while (at != none) {
        const Node& node = nodes[at];
        if (common_bits(node.key, key) < node.length) break;
        if (node.peer != nullptr) longest = node.peer;
        at = node.children[bit_at(key, node.length)];
    }
    return longest;
}

void AllowedIps::insert(const IpPrefix& prefix, Peer* peer) {
    WG_ASSERT(peer != nullptr);
    WG_ASSERT(prefix.length <= prefix.address.bits());
    const Index node = find_or_make(prefix.masked());
    if (nodes_[node].peer == peer) return;
    take(node);
    give(node, peer);
}

bool AllowedIps::remove(const IpPrefix& prefix, const Peer* peer) noexcept {
    WG_ASSERT(peer != nullptr);
    WG_ASSERT(prefix.length <= prefix.address.bits());
    const Path path = path_to(prefix.masked());
    if (path.node == none || nodes_[path.node].peer != peer) return false;
    remove_node(path);
    return true;
}

void AllowedIps::remove_all(const Peer* peer) noexcept {
    for (auto owned = owned_.find(peer); owned != owned_.end(); owned = owned_.find(peer))
        remove_node(path_to(prefix_of(nodes_[owned->second.first])));
}

AllowedIps::Index AllowedIps::make_node(const IpPrefix& masked) {
    Index made = free_;
    if (made != none) {
        free_ = nodes_[made].children[0];
    } else {
        WG_ASSERT(nodes_.size() < UINT32_MAX);
        made = static_cast<Index>(nodes_.size());
        nodes_.emplace_back();
    }
    nodes_[made] = Node{};
    nodes_[made].key = key_of(masked.address);
    nodes_[made].length = masked.length;
    nodes_[made].is_v4 = masked.address.is_v4();
    return made;
}

AllowedIps::Index AllowedIps::find_or_make(const IpPrefix& masked) {
    const Key key = key_of(masked.address);
    Index at = masked.address.is_v4() ? root_v4 : root_v6;
    // `at` holds the wanted prefix at each step.
    while (nodes_[at].length != masked.length) {
        const unsigned side = bit_at(key, nodes_[at].length);
        const Index child = nodes_[at].children[side];
        if (child == none) {
            const Index leaf = make_node(masked);
            return nodes_[at].children[side] = leaf;
        }
        const Key child_key = nodes_[child].key;
        const unsigned child_length = nodes_[child].length;
        const unsigned shared =
            std::min({common_bits(child_key, key), child_length, unsigned{masked.length}});
        if (shared == child_length) {
            at = child;
            continue;
        }
        // The child does not hold the prefix, so what both share goes between: the prefix itself,
        // or a fork that the next step hangs the prefix on.
        const Index between =
            make_node(IpPrefix{masked.address, static_cast<std::uint8_t>(shared)}.masked());
        nodes_[between].children[bit_at(child_key, shared)] = child;
        nodes_[at].children[side] = between;
        at = between;
    }
    return at;
}

AllowedIps::Path AllowedIps::path_to(const IpPrefix& masked) const noexcept {
    const Key key = key_of(masked.address);
    Path path{none, none, masked.address.is_v4() ? root_v4 : root_v6};
    while (path.node != none && nodes_[path.node].length < masked.length) {
        const unsigned side = bit_at(key, nodes_[path.node].length);
        path = {path.parent, path.node, nodes_[path.node].children[side]};
    }
    if (path.node == none) return path;
    const Node& node = nodes_[path.node];
    if (node.length != masked.length || common_bits(node.key, key) < node.length) path.node = none;
    return path;
}

void AllowedIps::give(Index node, Peer* peer) {
    Owned& owned = owned_[peer];
    nodes_[node].peer = peer;
    nodes_[node].previous_owned = owned.last;
    nodes_[node].next_owned = none;
    (owned.last == none ? owned.first : nodes_[owned.last].next_owned) = node;
    owned.last = node;
}

void AllowedIps::take(Index node) noexcept {
    const Peer* const peer = nodes_[node].peer;
    if (peer == nullptr) return;
    const auto owned = owned_.find(peer);
    WG_ASSERT(owned != owned_.end());
    const Index previous = nodes_[node].previous_owned;
    const Index next = nodes_[node].next_owned;
    (previous == none ? owned->second.first : nodes_[previous].next_owned) = next;
    (next == none ? owned->second.last : nodes_[next].previous_owned) = previous;
    if (owned->second.first == none) owned_.erase(owned);
    nodes_[node].peer = nullptr;
}

void AllowedIps::remove_node(const Path& path) noexcept {
    take(path.node);
    collapse(path.parent, path.node);
    // The parent may have been a fork, and is none any more.
    collapse(path.grandparent, path.parent);
}

// Frees a node that stands for nothing: its only child, if it has one, takes its place.
void AllowedIps::collapse(Index parent, Index node) noexcept {
    if (parent == none) return;  // a root stays
    const auto [zero, one] = nodes_[node].children;
    if (nodes_[node].peer != nullptr || (zero != none && one != none)) return;
    auto& siblings = nodes_[parent].children;
    siblings[siblings[0] == node ? 0 : 1] = zero != none ? zero : one;
    nodes_[node].children[0] = free_;
    free_ = node;
}

}  // namespace wgns
