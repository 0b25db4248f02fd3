#include "session_model.h"

#include <string>

namespace wgns::sim {

namespace {

// Told again here, so that a wrong one in the product is seen.
constexpr Duration key_memory = std::chrono::seconds(540);
constexpr std::uint64_t window_size = 8128;

}  // namespace

SessionRecord* SessionModel::receive(const Flight& flight, TimePoint now) {
    const auto view = DataView::parse(flight.datagram.bytes);
    if (!view || !flight.is_intact || !flight.message) return nullptr;
    for (Slots& slots : slots_) {
        for (SessionRecord* const record : {slots.previous, slots.current, slots.next}) {
            if (!record || record->local_index != view->receiver()) continue;
            if (now - record->since >= key_life) return nullptr;
            if (!take_counter(*record, view->counter())) return nullptr;
            record->is_confirmed = true;
            if (record == slots.next) {
                slots.previous = slots.current;
                slots.current = slots.next;
                slots.next = nullptr;
            }
            return record;
        }
    }
    return nullptr;
}

bool SessionModel::take_counter(SessionRecord& record, std::uint64_t counter) {
    auto& accepted = record.accepted;
    if (!accepted.empty() && *accepted.rbegin() > counter &&
        *accepted.rbegin() - counter > window_size)
        return false;
    if (!accepted.insert(counter).second) return false;
    while (*accepted.rbegin() - *accepted.begin() > window_size)
        accepted.erase(accepted.begin());
    return true;
}

std::vector<SessionRecord*> SessionModel::refresh(const Node& node,
                                                  std::set<std::vector<std::uint8_t>>& keys,
                                                  TimePoint now) {
    std::vector<SessionRecord*> fresh;
    const auto look_at = [&](const Session* session, std::uint8_t peer) -> SessionRecord* {
        if (!session) return nullptr;
        const auto [place, is_new] = records_.try_emplace(session->local_index);
        SessionRecord& record = place->second;
        if (!is_new) return &record;
        record.peer = peer;
        record.since = now;
        record.local_index = session->local_index;
        record.remote_index = session->remote_index;
        record.is_initiator = session->is_initiator;
        record.send_key = session->send_key.duplicate();
        by_remote_[record.remote_index] = record.local_index;
        slots_[peer].last_derived = now;
        const Bytes key = record.send_key.bytes();
        if (!keys.emplace(key.begin(), key.end()).second)
            failures_.add("counter_reuse", "two sessions send under one key", now);
        fresh.push_back(&record);
        return &record;
    };
    for (const std::uint8_t number : node.peers) {
        Slots& slots = slots_[number];
        const Peer* const peer = node.peer(number);
        const Keypairs* const keypairs = peer ? &peer->keypairs : nullptr;
        slots.previous = look_at(keypairs ? keypairs->previous() : nullptr, number);
        slots.current = look_at(keypairs ? keypairs->current() : nullptr, number);
        slots.next = look_at(keypairs ? keypairs->next() : nullptr, number);
        const bool has_any = slots.previous || slots.current || slots.next;
        if (has_any && now - slots.last_derived >= key_memory)
            failures_.add("key_life", "keys are there 540 s after the last derivation", now);
    }
    if (!fresh.empty()) prune(now);
    return fresh;
}

void SessionModel::prune(TimePoint now) {
    std::erase_if(by_remote_, [&](const auto& entry) {
        const auto found = records_.find(entry.second);
        return now - found->second.since > 2 * key_memory;
    });
    std::erase_if(records_,
                  [&](const auto& entry) { return now - entry.second.since > 2 * key_memory; });
}

SessionRecord* SessionModel::find_sending(std::uint32_t remote_index) {
    const auto found = by_remote_.find(remote_index);
    return found == by_remote_.end() ? nullptr : &records_.at(found->second);
}

}  // namespace wgns::sim
