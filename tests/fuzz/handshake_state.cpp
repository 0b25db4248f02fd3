// Any bytes as what happens to both sides of a handshake: messages made, changed, late, twice and
// in any order. What is accepted is intact and asked for, and then both sides have the same keys.
#include <array>
#include <optional>

#include "base/assert.h"
#include "protocol/handshake.h"
#include "reader.h"
#include "tests/crypto/seeded_entropy.h"

namespace {

using wgns::Handshake;
using wgns::InitiationMessage;
using wgns::ResponseMessage;
using wgns::SeededEntropy;
using wgns::SessionKeys;
using wgns::StaticIdentity;

const StaticIdentity& identity(std::size_t side) {
    static SeededEntropy entropy;
    static const std::array<StaticIdentity, 2> both{
        StaticIdentity(wgns::generate_private_key(entropy)),
        StaticIdentity(wgns::generate_private_key(entropy))};
    return both[side];
}

class Game {
public:
    explicit Game(wgns::Bytes input) : reader_(input) {
        for (std::size_t side = 0; side < 2; ++side)
            sides_[side].handshake.set_identities(identity(side), identity(1 - side).public_key());
    }
    void run() {
        // So that an input takes milliseconds: each step is a few multiplications.
        for (int steps = 0; steps < 40 && !reader_.done(); ++steps)
            step(reader_.byte());
    }

private:
    struct Side {
        Handshake handshake;
        std::uint8_t psk = 0;
        std::optional<std::uint32_t> pending;  // the index of its initiation without an answer
        std::optional<InitiationMessage> initiation;
        wgns::Tai64n stamp;        // of that
        wgns::Tai64n latest_seen;  // of the other's
        wgns::TimePoint consumed_at;
        // Its last answer, to which initiation, with what.
        std::optional<ResponseMessage> response;
        std::uint32_t answers = 0;
        std::uint8_t response_psk = 0;
        SessionKeys keys;
    };

    void step(std::uint8_t verb) {
        Side& own = sides_[verb & 1];
        const StaticIdentity& self = identity(verb & 1);
        Side& other = sides_[1 - (verb & 1)];
        switch ((verb >> 1) % 8) {
            case 0:
            case 1:
                return initiate(own, self);
            case 2:
            case 3:
                return consume_initiation(own, self, other);
            case 4:
            case 5:
                return consume_response(own, self, other);
            case 6:
                own.psk = static_cast<std::uint8_t>(reader_.byte() % 2);
                return own.handshake.set_preshared_key(psk(own.psk));
            default:
                if (reader_.byte() % 4 == 0) {
                    own.handshake.clear();
                    own.pending.reset();
                }
                now_ = now_ + std::chrono::milliseconds(reader_.byte());
        }
    }
    static wgns::PresharedKey psk(std::uint8_t number) {
        std::array<std::uint8_t, 32> bytes{number};
        return wgns::PresharedKey(bytes);
    }

    void initiate(Side& own, const StaticIdentity& self) {
        // Stamps may come twice and go back, as from a restarted host.
        wall_.seconds += reader_.byte() % 4 - 1;
        own.stamp = wgns::Tai64n::at(wall_);
        const std::uint32_t index = next_index_++;
        const auto made = own.handshake.create_initiation(self, index, own.stamp, entropy_);
        WG_ASSERT(made.has_value());
        own.initiation = *made;
        own.pending = index;
        check_pending(own);
    }
    void consume_initiation(Side& own, const StaticIdentity& self, Side& other) {
        if (!other.initiation) return;
        InitiationMessage message = *other.initiation;
        const bool is_intact = !change(message);
        const auto view = wgns::InitiationView::parse(message);
        if (!view) return;
        auto opened = wgns::open_initiation(*view, self);
        bool is_accepted = false;
        if (opened) {
            WG_ASSERT(opened->static_key == identity(&own == &sides_[0] ? 1 : 0).public_key());
            is_accepted = own.handshake.consume_initiation(*opened, *view, now_).has_value();
        }
        const bool is_flood =
            !own.consumed_at.is_never() && now_ - own.consumed_at < std::chrono::milliseconds(20);
        const bool is_expected = is_intact && other.stamp > own.latest_seen && !is_flood;
        WG_ASSERT(is_accepted == is_expected);
        if (!is_accepted) return check_pending(own);
        own.latest_seen = other.stamp;
        own.consumed_at = now_;
        own.pending.reset();
        check_pending(own);
        respond(own, *opened);
    }
    void respond(Side& own, wgns::OpenedInitiation& opened) {
        own.answers = opened.sender;
        auto answer = own.handshake.create_response(opened, next_index_++, entropy_);
        WG_ASSERT(answer.has_value());
        own.response = answer->message;
        own.response_psk = own.psk;
        own.keys = std::move(answer->keys);
    }
    void consume_response(Side& own, const StaticIdentity& self, Side& other) {
        if (!other.response) return;
        ResponseMessage message = *other.response;
        const bool is_intact = !change(message);
        const auto view = wgns::ResponseView::parse(message);
        if (!view) return;
        auto keys = own.handshake.consume_response(*view, self);
        const bool is_expected =
            is_intact && own.pending == other.answers && own.psk == other.response_psk;
        WG_ASSERT(keys.has_value() == is_expected);
        if (!keys) return check_pending(own);
        own.pending.reset();
        check_pending(own);
        const auto same = [](const wgns::AeadKey& a, const wgns::AeadKey& b) {
            return wgns::equal_constant_time(a.bytes(), b.bytes());
        };
        WG_ASSERT(keys->initiator && !other.keys.initiator);
        WG_ASSERT(keys->local_index == other.keys.remote_index);
        WG_ASSERT(keys->remote_index == other.keys.local_index);
        WG_ASSERT(same(keys->send, other.keys.receive) && same(keys->receive, other.keys.send));
        WG_ASSERT(!same(keys->send, keys->receive));
    }
    static void check_pending(const Side& side) {
        WG_ASSERT(side.handshake.pending_index() == side.pending);
    }
    // True: the message is another one now. The macs are not a handshake's affair, nor who it says
    // that it is for or from: those are looked up before.
    template <std::size_t size>
    bool change(std::array<std::uint8_t, size>& message) {
        const std::uint8_t at = reader_.byte(), flip = reader_.byte();
        if (at < 128) return false;
        const std::size_t first = size == wgns::response_size ? 12 : 8;
        const std::size_t place = first + at % (size - first - 2 * wgns::mac_size);
        message[place] ^= flip;
        // The top bit of a point does not count (RFC 7748, section 5), yet it is hashed.
        return flip != 0;
    }

    wgns::fuzz::Reader reader_;
    std::array<Side, 2> sides_;
    SeededEntropy entropy_;
    wgns::TimePoint now_{std::chrono::seconds(1000)};
    wgns::WallTime wall_{1'700'000'000, 0};
    std::uint32_t next_index_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Game({data, size}).run();
    return 0;
}
