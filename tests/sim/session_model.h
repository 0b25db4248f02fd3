// What one host's sessions allow, told again from what was seen of them: which datagrams are to be
// accepted, by the plainest means there are. Only the receiver's slots are read from the product.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>

#include "failure.h"
#include "node.h"

namespace wgns::sim {

// Nothing is sent or accepted under an older one (whitepaper 6.1).
inline constexpr Duration key_life = std::chrono::seconds(180);

struct SessionRecord {
    std::uint8_t peer = 0;
    TimePoint since;
    std::uint32_t local_index = 0;
    std::uint32_t remote_index = 0;
    bool is_initiator = false;
    bool is_confirmed = false;  // something was accepted under it
    AeadKey send_key;
    std::optional<std::uint64_t> last_counter_sent;
    std::set<std::uint64_t> accepted;  // counters
};

class SessionModel {
public:
    explicit SessionModel(Failures& failures) : failures_(failures) {}

    // A datagram that is about to be received. The session under which it must be accepted, or
    // null.
    [[nodiscard]] SessionRecord* receive(const Flight& flight, TimePoint now);
    // After a turn: looks at the slots. `keys` are all that were ever used. Returns the new
    // sessions.
    [[nodiscard]] std::vector<SessionRecord*> refresh(const Node& node,
                                                      std::set<std::vector<std::uint8_t>>& keys,
                                                      TimePoint now);
    // By the index that we write into what we send. Null: never seen.
    [[nodiscard]] SessionRecord* find_sending(std::uint32_t remote_index);

    // By our own index. Null: never seen.
    [[nodiscard]] const SessionRecord* find_receiving(std::uint32_t local_index) const {
        const auto found = records_.find(local_index);
        return found == records_.end() ? nullptr : &found->second;
    }

private:
    struct Slots {
        SessionRecord* previous = nullptr;
        SessionRecord* current = nullptr;
        SessionRecord* next = nullptr;
        TimePoint last_derived;
    };

    [[nodiscard]] static bool take_counter(SessionRecord& record, std::uint64_t counter);
    void prune(TimePoint now);

    Failures& failures_;
    std::map<std::uint32_t, SessionRecord> records_;    // by local index
    std::map<std::uint32_t, std::uint32_t> by_remote_;  // local index
    std::array<Slots, nodes_max + 1> slots_;            // by the peer's number
};

}  // namespace wgns::sim
