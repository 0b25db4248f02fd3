// Which peer owns an inner address: longest prefix over the whole device ("cryptokey routing",
// whitepaper 2). A binary trie with compressed paths per family, all nodes in one vector.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/ip_address.h"

namespace wgns {

class Peer;

// Peers are names here, never looked into; a peer must be taken out by remove_all before it dies.
// One thread.
class AllowedIps {
public:
    AllowedIps();

    // Gives the prefix to the peer, whoever had it. Bits behind the prefix length are ignored.
    void insert(const IpPrefix& prefix, Peer* peer);
    // False: the prefix is not this peer's.
    bool remove(const IpPrefix& prefix, const Peer* peer) noexcept;
    void remove_all(const Peer* peer) noexcept;

    // The owner of the longest prefix that holds the address, or null. No allocation.
    [[nodiscard]] Peer* find(const IpAddress& address) const noexcept;

    // Calls fn(IpPrefix) for each prefix of the peer, masked, in the order they were given to it.
    // Looks at no other peer's. fn must not change the table.
    template <class Fn>
    void for_each(const Peer* peer, Fn fn) const {
        const auto owned = owned_.find(peer);
        if (owned == owned_.end()) return;
        for (Index at = owned->second.first; at != none; at = nodes_[at].next_owned)
            fn(prefix_of(nodes_[at]));
    }

    // What the table takes of memory: it never shrinks, but is used again.
    [[nodiscard]] std::size_t node_count() const noexcept { return nodes_.size(); }

private:
    using Index = std::uint32_t;
    static constexpr Index none = 0, root_v4 = 1, root_v6 = 2;

    // An address as bits, the first one on top; IPv4 fills the upper half of `high`, so that its
    // walk never gets past one word.
    struct Key {
        std::uint64_t high = 0;
        std::uint64_t low = 0;
    };
    // A prefix. Without a peer it is a root, a fork of two children, or free.
    struct Node {
        Key key;
        std::array<Index, 2> children{};  // by the first bit behind the prefix
        Index previous_owned = none;      // the list of one peer's nodes
        Index next_owned = none;
        Peer* peer = nullptr;
        std::uint8_t length = 0;
        bool is_v4 = false;
    };
    static_assert(sizeof(Node) <= 48);
    struct Owned {
        Index first = none;
        Index last = none;
    };
    struct Path {
        Index grandparent = none;
        Index parent = none;
        Index node = none;  // none: there is no such node
    };

    [[nodiscard]] static Key key_of(const IpAddress& address) noexcept;
    [[nodiscard]] static IpPrefix prefix_of(const Node& node) noexcept;
    [[nodiscard]] static unsigned bit_at(const Key& key, unsigned position) noexcept;
    [[nodiscard]] static unsigned common_bits(const Key& a, const Key& b) noexcept;

    [[nodiscard]] Index make_node(const IpPrefix& masked);
    [[nodiscard]] Index find_or_make(const IpPrefix& masked);
    [[nodiscard]] Path path_to(const IpPrefix& masked) const noexcept;
    void give(Index node, Peer* peer);
    void take(Index node) noexcept;
    void remove_node(const Path& path) noexcept;
    void collapse(Index parent, Index node) noexcept;

    std::vector<Node> nodes_;
    Index free_ = none;  // chained by children[0]
    std::unordered_map<const Peer*, Owned> owned_;
};

}  // namespace wgns
