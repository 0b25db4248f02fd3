// The Noise_IKpsk2 handshake of one peer (whitepaper 5.4.2 to 5.4.5). No I/O, no clock, no
// randomness of its own.
#pragma once

#include <cstdint>
#include <variant>

#include "base/clock.h"
#include "crypto/symmetric_state.h"
#include "crypto/tai64n.h"
#include "protocol/drop.h"
#include "protocol/messages.h"

namespace wgns {

// Our own long-term keys.
class StaticIdentity {
public:
    explicit StaticIdentity(PrivateKey secret) noexcept
        : secret_(std::move(secret)), public_key_(public_key_of(secret_)) {}

    [[nodiscard]] const PrivateKey& secret() const noexcept { return secret_; }
    [[nodiscard]] const PublicKey& public_key() const noexcept { return public_key_; }

private:
    PrivateKey secret_;
    PublicKey public_key_;
};

// What a finished handshake gives each side.
struct SessionKeys {
    AeadKey send;
    AeadKey receive;
    std::uint32_t local_index = 0;   // ours: stands in what we receive
    std::uint32_t remote_index = 0;  // theirs: stands in what we send
    bool initiator = false;
};

// An initiation whose static key was opened, so that its peer can be looked up. Not yet authentic.
struct OpenedInitiation {
    SymmetricState noise;
    PublicKey ephemeral;
    PublicKey static_key;
    std::uint32_t sender = 0;
};
[[nodiscard]] Verdict<OpenedInitiation> open_initiation(const InitiationView& view,
                                                        const StaticIdentity& self) noexcept;

struct Answer {
    ResponseMessage message;  // macs still to be stamped
    SessionKeys keys;
};

// clang-format off
// state           event                     next state
// Idle            create_initiation         InitiationSent
// InitiationSent  create_initiation         InitiationSent (the older one has no answer any more)
// InitiationSent  consume_response, ok      Idle
// any             consume_initiation, ok    Idle (ours is abandoned, as in the kernel)
// any             clear, set_identities     Idle
// any             anything refused          unchanged
// clang-format on
class Handshake {
public:
    // Who the handshake is with. The static-static secret is computed once; of a key of low order
    // there is none, and every handshake with it is refused.
    void set_identities(const StaticIdentity& self, const PublicKey& remote) noexcept;
    // For the next handshake; the one on its way goes on with it too.
    void set_preshared_key(PresharedKey psk) noexcept { psk_ = std::move(psk); }
    [[nodiscard]] const PresharedKey& preshared_key() const noexcept { return psk_; }

    // Macs still to be stamped. `index` is a fresh receiver index of ours; `stamp` later than all
    // before it.
    [[nodiscard]] Verdict<InitiationMessage> create_initiation(const StaticIdentity& self,
                                                               std::uint32_t index, Tai64n stamp,
                                                               Entropy& entropy) noexcept;

    // Authenticates the initiation: its timestamp must be later than every one before it, and 20 ms
    // must have passed since the last one consumed.
    [[nodiscard]] Verdict<Done> consume_initiation(OpenedInitiation& opened,
                                                   const InitiationView& view,
                                                   TimePoint now) noexcept;
    // Only right after a consume_initiation that succeeded, with the same `opened`.
    [[nodiscard]] Verdict<Answer> create_response(OpenedInitiation& opened, std::uint32_t index,
                                                  Entropy& entropy) noexcept;

    [[nodiscard]] Verdict<SessionKeys> consume_response(const ResponseView& view,
                                                        const StaticIdentity& self) noexcept;

    // The index of an initiation that waits for its answer.
    [[nodiscard]] std::optional<std::uint32_t> pending_index() const noexcept;
    // Forgets an initiation of ours, ephemeral key and all.
    void clear() noexcept { state_ = Idle{}; }

private:
    struct Idle {};
    struct InitiationSent {  // the only state in which a response means anything
        SymmetricState noise;
        PrivateKey ephemeral;
        std::uint32_t index = 0;
    };

    std::variant<Idle, InitiationSent> state_;
    PublicKey remote_;
    std::optional<SharedSecret> static_static_;
    PresharedKey psk_;
    Tai64n latest_stamp_;           // of the initiations consumed
    TimePoint last_initiation_at_;  // consumed
};

}  // namespace wgns
