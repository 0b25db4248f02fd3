#include "cli/top_model.h"

#include <algorithm>
#include <utility>

namespace wgns {

using nlohmann::json;

namespace {

const json& member(const json& object, const char* key) {
    static const json nothing;
    const auto at = object.is_object() ? object.find(key) : object.end();
    return at == object.end() ? nothing : *at;
}

std::string text_of(const json& object, const char* key) {
    const json& value = member(object, key);
    return value.is_string() ? value.get<std::string>() : "";
}

std::uint64_t count_of(const json& value) {
    if (!value.is_number_integer()) return 0;
    return static_cast<std::uint64_t>(std::max(value.get<std::int64_t>(), std::int64_t{0}));
}

std::uint64_t count_of(const json& object, const char* key) {
    return count_of(member(object, key));
}

// `last` is the same counter as it was `seconds` ago, if it was there.
TopCounter counter_of(std::uint64_t total, const TopCounter* last, double seconds) {
    if (last == nullptr || seconds <= 0) return {total, {}};
    TopCounter counter{total, last->rates};
    if (counter.rates.size() == TopModel::history_max) counter.rates.erase(counter.rates.begin());
    const std::uint64_t more = total < last->total ? total : total - last->total;
    counter.rates.push_back(static_cast<double>(more) / seconds);
    return counter;
}

TopPeer peer_of(const json& status, const TopPeer* last, double seconds) {
    TopPeer peer;
    peer.name = text_of(status, "name");
    if (peer.name.empty()) peer.name = text_of(status, "public_key");
    peer.endpoint = text_of(status, "endpoint");
    peer.latest_handshake = static_cast<std::int64_t>(count_of(status, "latest_handshake"));
    peer.staged_packets = count_of(status, "staged_packets");
    peer.received =
        counter_of(count_of(status, "rx_bytes"), last ? &last->received : nullptr, seconds);
    peer.sent = counter_of(count_of(status, "tx_bytes"), last ? &last->sent : nullptr, seconds);
    return peer;
}

template <class Value>
const Value* find(const std::map<std::string, Value>& all, const std::string& name) {
    const auto at = all.find(name);
    return at == all.end() ? nullptr : &at->second;
}

}  // namespace

std::optional<double> TopCounter::rate() const {
    if (rates.empty()) return std::nullopt;
    return rates.back();
}

void TopModel::read(const std::vector<TopReading>& readings, Time now) {
    instances_.clear();
    for (const TopReading& reading : readings)
        instances_.push_back(read_one(reading, now));
    std::erase_if(last_, [&](const auto& known) { return known.second.time != now; });
}

TopInstance TopModel::read_one(const TopReading& reading, Time now) {
    TopInstance instance;
    instance.name = reading.instance;
    instance.trouble = reading.trouble;
    if (!instance.trouble.empty()) return instance;

    const json& status = reading.status;
    instance.listen_port = count_of(status, "listen_port");
    instance.io = text_of(status, "io");
    instance.aead = text_of(status, "aead");
    const json& queues = member(status, "queues");
    instance.handshake_messages = count_of(queues, "handshake_messages");
    instance.longest_turn_us = count_of(queues, "longest_turn_us");

    const Last* const last = find(last_, reading.instance);
    const double seconds =
        last == nullptr ? 0 : std::chrono::duration<double>(now - last->time).count();
    const TopCounter zero;  // a reason that did not happen yet is not listed
    const json& drops = member(status, "drops");
    for (auto at = drops.begin(); drops.is_object() && at != drops.end(); ++at) {
        const TopCounter* const before = last == nullptr ? nullptr : find(last->drops, at.key());
        instance.drops[at.key()] =
            counter_of(count_of(at.value()), before == nullptr ? &zero : before, seconds);
    }
    std::map<std::string, TopPeer> peers;
    for (const json& each : member(status, "peers")) {
        const std::string key = text_of(each, "public_key");
        const TopPeer* const before = last == nullptr ? nullptr : find(last->peers, key);
        instance.peers.push_back(peer_of(each, before, seconds));
        peers[key] = instance.peers.back();
    }
    last_[reading.instance] = {now, instance.drops, std::move(peers)};
    return instance;
}

}  // namespace wgns
