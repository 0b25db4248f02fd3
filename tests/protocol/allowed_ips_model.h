// What AllowedIps has to answer, found by searching a list from end to end.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "base/ip_address.h"

namespace wgns {

class Peer;

class AllowedIpsModel {
public:
    void insert(const IpPrefix& p, Peer* owner) {
        const IpPrefix masked = p.masked();
        for (auto& entry : entries_) {
            if (entry.first != masked) continue;
            entry.second = owner;
            return;
        }
        entries_.emplace_back(masked, owner);
    }
    bool remove(const IpPrefix& p, Peer* owner) {
        return std::erase(entries_, std::pair(p.masked(), owner)) != 0;
    }
    void remove_all(Peer* owner) {
        std::erase_if(entries_, [&](const auto& entry) { return entry.second == owner; });
    }
    Peer* find(const IpAddress& a) const {
        const std::pair<IpPrefix, Peer*>* best = nullptr;
        for (const auto& entry : entries_)
            if (entry.first.contains(a) &&
                (best == nullptr || entry.first.length > best->first.length))
                best = &entry;
        return best == nullptr ? nullptr : best->second;
    }
    std::set<IpPrefix> owned_by(const Peer* owner) const {
        std::set<IpPrefix> owned;
        for (const auto& entry : entries_)
            if (entry.second == owner) owned.insert(entry.first);
        return owned;
    }
    std::size_t size() const { return entries_.size(); }

private:
    std::vector<std::pair<IpPrefix, Peer*>> entries_;
};

}  // namespace wgns
