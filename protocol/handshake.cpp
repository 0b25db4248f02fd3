#include "protocol/handshake.h"

#include "protocol/limits.h"

namespace wgns {

namespace {

constexpr std::string_view construction = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
constexpr std::string_view identifier = "WireGuard v1 zx2c4 Jason@zx2c4.com";

// Both sides know the responder's static key before the first message (IK: "<- s").
SymmetricState start(const PublicKey& responder) noexcept {
    SymmetricState noise(construction, identifier);
    noise.mix_hash(responder.bytes);
    return noise;
}

}  // namespace

// -> e, es, s, ss, {t}
Verdict<InitiationMessage> Handshake::create_initiation(const StaticIdentity& self,
                                                        std::uint32_t index, Tai64n stamp,
                                                        Entropy& entropy) noexcept {
    if (!static_static_) return Drop::bad_point;
    InitiationMessage message{};
    const MutableBytes bytes = message;
    SymmetricState noise = start(remote_);
    PrivateKey ephemeral = generate_private_key(entropy);
    const PublicKey ephemeral_public = public_key_of(ephemeral);
    store_le(bytes, MessageType::initiation);
    store_le(bytes.subspan(4), index);
    copy_bytes(bytes.subspan(InitiationView::ephemeral_at), ephemeral_public.bytes);
    noise.mix_ephemeral(ephemeral_public);                                              // e
    if (!noise.mix_dh(ephemeral, remote_)) return Drop::bad_point;                      // es
    noise.seal(self.public_key().bytes, bytes.subspan(InitiationView::static_at, 48));  // s
    noise.mix_shared(*static_static_);                                                  // ss
    noise.seal(stamp.bytes, bytes.subspan(InitiationView::timestamp_at, 28));           // {t}
    state_ = InitiationSent{std::move(noise), std::move(ephemeral), index};
    return message;
}

Verdict<OpenedInitiation> open_initiation(const InitiationView& view,
                                          const StaticIdentity& self) noexcept {
    OpenedInitiation opened{start(self.public_key()), view.ephemeral(), {}, view.sender()};
    opened.noise.mix_ephemeral(opened.ephemeral);                                       // e
    if (!opened.noise.mix_dh(self.secret(), opened.ephemeral)) return Drop::bad_point;  // es
    if (!opened.noise.open(view.sealed_static(), opened.static_key.bytes))
        return Drop::bad_tag;  // s
    return opened;
}

Verdict<Done> Handshake::consume_initiation(OpenedInitiation& opened, const InitiationView& view,
                                            TimePoint now) noexcept {
    if (!static_static_) return Drop::bad_point;
    opened.noise.mix_shared(*static_static_);  // ss
    Tai64n stamp;
    if (!opened.noise.open(view.sealed_timestamp(), stamp.bytes)) return Drop::bad_tag;  // {t}
    if (stamp <= latest_stamp_) return Drop::replayed_initiation;
    const bool is_flood = !last_initiation_at_.is_never() &&
                          now - last_initiation_at_ < limits::initiation_interval_min;
    if (is_flood) return Drop::initiation_flood;
    latest_stamp_ = stamp;
    last_initiation_at_ = now;
    state_ = Idle{};
    return Done{};
}

// <- e, ee, se, psk, {}
Verdict<Answer> Handshake::create_response(OpenedInitiation& opened, std::uint32_t index,
                                           Entropy& entropy) noexcept {
    Answer answer;
    const MutableBytes bytes = answer.message;
    answer.message.fill(0);
    const PrivateKey ephemeral = generate_private_key(entropy);
    const PublicKey ephemeral_public = public_key_of(ephemeral);
    SymmetricState& noise = opened.noise;
    store_le(bytes, MessageType::response);
    store_le(bytes.subspan(4), index);
    store_le(bytes.subspan(ResponseView::receiver_at), opened.sender);
    copy_bytes(bytes.subspan(ResponseView::ephemeral_at), ephemeral_public.bytes);
    noise.mix_ephemeral(ephemeral_public);                                   // e
    if (!noise.mix_dh(ephemeral, opened.ephemeral)) return Drop::bad_point;  // ee
    if (!noise.mix_dh(ephemeral, remote_)) return Drop::bad_point;           // se
    noise.mix_psk(psk_);                                                     // psk
    noise.seal({}, bytes.subspan(ResponseView::nothing_at, 16));             // {}
    TransportKeys keys = noise.split();
    answer.keys = {std::move(keys.second), std::move(keys.first), index, opened.sender, false};
    return answer;
}

Verdict<SessionKeys> Handshake::consume_response(const ResponseView& view,
                                                 const StaticIdentity& self) noexcept {
    const auto* sent = std::get_if<InitiationSent>(&state_);
    if (!sent || view.receiver() != sent->index) return Drop::unexpected_response;
    // We work on a copy, so that a forged response cannot disturb the handshake it guesses at.
    SymmetricState noise = sent->noise.duplicate();
    const PublicKey ephemeral = view.ephemeral();
    noise.mix_ephemeral(ephemeral);                                         // e
    if (!noise.mix_dh(sent->ephemeral, ephemeral)) return Drop::bad_point;  // ee
    if (!noise.mix_dh(self.secret(), ephemeral)) return Drop::bad_point;    // se
    noise.mix_psk(psk_);                                                    // psk
    if (!noise.open(view.sealed_nothing(), {})) return Drop::bad_tag;       // {}
    TransportKeys keys = noise.split();
    SessionKeys session{std::move(keys.first), std::move(keys.second), sent->index, view.sender(),
                        true};
    state_ = Idle{};
    return session;
}

void Handshake::set_identities(const StaticIdentity& self, const PublicKey& remote) noexcept {
    clear();
    remote_ = remote;
    static_static_ = x25519(self.secret(), remote);
}

std::optional<std::uint32_t> Handshake::pending_index() const noexcept {
    const auto* sent = std::get_if<InitiationSent>(&state_);
    return sent ? std::optional(sent->index) : std::nullopt;
}

}  // namespace wgns
