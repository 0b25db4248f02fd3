#include "crypto/symmetric_state.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <type_traits>

#include "tests/crypto/vectors.h"

namespace wgns {
namespace {

using Buffer = std::vector<std::uint8_t>;

static_assert(!std::is_copy_constructible_v<SymmetricState>);
static_assert(!std::is_copy_assignable_v<SymmetricState>);
static_assert(!std::is_copy_constructible_v<TransportKeys>);

constexpr std::string_view protocol_name = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";

Buffer seal(SymmetricState& state, Bytes plaintext) {
    Buffer sealed(plaintext.size() + aead_tag_size);
    state.seal(plaintext, sealed);
    return sealed;
}

void append(Buffer& to, Bytes from) {
    to.insert(to.end(), from.begin(), from.end());
}

SharedSecret shared_secret(std::uint8_t first) {
    return SharedSecret(std::span<const std::uint8_t, 32>(counting(32, first)));
}

// A state whose next step may be seal or open.
SymmetricState keyed_state() {
    SymmetricState state(protocol_name, "prologue");
    state.mix_shared(shared_secret(1));
    return state;
}

TEST(SymmetricState, StartsFromTheNamesOfThePaper) {
    // Whitepaper 5.4.2: C = HASH(CONSTRUCTION), H = HASH(C || IDENTIFIER).
    const std::string_view construction = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
    const std::string_view identifier = "WireGuard v1 zx2c4 Jason@zx2c4.com";
    const SymmetricState state(construction, identifier);
    EXPECT_EQ(to_hex(state.chaining_key().bytes()),
              "60e26daef327efc02ec335e2a025d2d016eb4206f87277f52d38d1988b78cd36");
    EXPECT_EQ(to_hex(state.transcript()),
              "2211b361081ac566691243db458ad5322d9c6c662293e8b70ee19c65ba079ef3");
}

TEST(SymmetricState, MixHashChangesTheTranscriptAlone) {
    SymmetricState state(protocol_name, "");
    const Hash before = state.transcript();
    const std::string chaining_key = to_hex(state.chaining_key().bytes());
    state.mix_hash(counting(40));
    EXPECT_EQ(state.transcript(), blake2s({before, counting(40)}));
    EXPECT_EQ(to_hex(state.chaining_key().bytes()), chaining_key);
}

TEST(SymmetricState, MixPskChangesBoth) {
    SymmetricState state(protocol_name, "");
    const Hash before = state.transcript();
    Hash chaining_key, hashed, key;
    hkdf(state.chaining_key().bytes(), counting(32), {chaining_key, hashed, key});
    state.mix_psk(PresharedKey(std::span<const std::uint8_t, 32>(counting(32))));
    EXPECT_EQ(state.transcript(), blake2s({before, hashed}));
    EXPECT_EQ(to_hex(state.chaining_key().bytes()), to_hex(chaining_key));
}

TEST(SymmetricState, MixDhRefusesAZeroResult) {
    SymmetricState state(protocol_name, "");
    SystemEntropy entropy;
    const std::string chaining_key = to_hex(state.chaining_key().bytes());
    EXPECT_FALSE(state.mix_dh(generate_private_key(entropy), PublicKey()));
    EXPECT_EQ(to_hex(state.chaining_key().bytes()), chaining_key);
}

TEST(SymmetricState, MixDhIsMixSharedOfItsResult) {
    SystemEntropy entropy;
    const PrivateKey own = generate_private_key(entropy);
    const PrivateKey other = generate_private_key(entropy);
    SymmetricState a(protocol_name, "");
    SymmetricState b(protocol_name, "");
    ASSERT_TRUE(a.mix_dh(own, public_key_of(other)));
    b.mix_shared(x25519(other, public_key_of(own)).value());
    EXPECT_EQ(to_hex(a.chaining_key().bytes()), to_hex(b.chaining_key().bytes()));
}

TEST(SymmetricState, RefusesTamperedTextAndStaysAsItWas) {
    SymmetricState sender = keyed_state();
    SymmetricState receiver = keyed_state();
    const Hash before = receiver.transcript();
    Buffer sealed = seal(sender, counting(12));
    Buffer opened(12);
    sealed[3] ^= 1;
    EXPECT_FALSE(receiver.open(sealed, opened));
    EXPECT_EQ(receiver.transcript(), before);
    sealed[3] ^= 1;
    EXPECT_TRUE(receiver.open(sealed, opened));
    EXPECT_EQ(opened, counting(12));
    EXPECT_EQ(receiver.transcript(), sender.transcript());
}

TEST(SymmetricState, DuplicateGoesItsOwnWay) {
    SymmetricState original = keyed_state();
    SymmetricState copy = original.duplicate();
    const Hash before = original.transcript();
    const Buffer sealed = seal(copy, counting(12));
    EXPECT_EQ(original.transcript(), before);
    EXPECT_EQ(seal(original, counting(12)), sealed);
    EXPECT_EQ(original.transcript(), copy.transcript());
}

TEST(SymmetricState, IsWipedWhenMovedFrom) {
    SymmetricState original = keyed_state();
    const SymmetricState moved = std::move(original);
    EXPECT_TRUE(original.chaining_key().is_zero());
    EXPECT_FALSE(moved.chaining_key().is_zero());
}

TEST(SymmetricState, SplitGivesTwoKeysAndWipesTheChainingKey) {
    SymmetricState state = keyed_state();
    Hash first, second;
    hkdf(state.chaining_key().bytes(), {}, {first, second});
    const TransportKeys keys = state.split();
    EXPECT_EQ(to_hex(keys.first.bytes()), to_hex(first));
    EXPECT_EQ(to_hex(keys.second.bytes()), to_hex(second));
    EXPECT_TRUE(state.chaining_key().is_zero());
}

TEST(SymmetricStateDeathTest, RefusesASecondUseOfAKey) {
    SymmetricState state = keyed_state();
    Buffer sealed = seal(state, counting(1));
    EXPECT_DEATH(state.seal(counting(1), sealed), "bug");
    Buffer opened(1);
    EXPECT_DEATH((void)state.open(sealed, opened), "bug");
}

TEST(SymmetricStateDeathTest, RefusesAShortProtocolName) {
    EXPECT_DEATH(SymmetricState("Noise_XX", ""), "bug");
}

// The vector "Noise_IKpsk2" of cacophony: both sides' keys, and six messages with payloads, of
// which two are the handshake and the others are sent in turn.
class Cacophony : public VectorFile {
protected:
    struct Side {
        PrivateKey own_static;
        PrivateKey own_ephemeral;
        PublicKey static_public;
        PublicKey ephemeral_public;
        PresharedKey psk;
        std::string prologue;
    };

    Cacophony() : VectorFile("cacophony_IKpsk2_25519_ChaChaPoly_BLAKE2s.json") {}

    void SetUp() override {
        VectorFile::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        vector_ = nlohmann::json::parse(text()).at("vectors").at(0);
        ASSERT_EQ(vector_.at("protocol_name"), protocol_name);
        initiator_ = read_side("init");
        responder_ = read_side("resp");
        ASSERT_EQ(field("init_remote_static"), to_hex(responder_.static_public.bytes));
    }

    [[nodiscard]] std::string field(const std::string& name) const {
        return vector_.at(name).get<std::string>();
    }
    [[nodiscard]] Buffer payload(std::size_t i) const {
        return from_hex(vector_.at("messages").at(i).at("payload").get<std::string>());
    }
    [[nodiscard]] std::string ciphertext(std::size_t i) const {
        return vector_.at("messages").at(i).at("ciphertext").get<std::string>();
    }
    [[nodiscard]] std::size_t messages() const { return vector_.at("messages").size(); }

    [[nodiscard]] Side read_side(const std::string& who) const {
        Side side;
        side.own_static = PrivateKey(array_from_hex<32>(field(who + "_static")));
        side.own_ephemeral = PrivateKey(array_from_hex<32>(field(who + "_ephemeral")));
        side.static_public = public_key_of(side.own_static);
        side.ephemeral_public = public_key_of(side.own_ephemeral);
        const auto psk = vector_.at(who + "_psks").at(0).get<std::string>();
        side.psk = PresharedKey(array_from_hex<32>(psk));
        const Buffer prologue = from_hex(field(who + "_prologue"));
        side.prologue.assign(prologue.begin(), prologue.end());
        return side;
    }

    // After the pre-message "<- s".
    [[nodiscard]] SymmetricState start(const Side& side) const {
        SymmetricState state(protocol_name, side.prologue);
        state.mix_hash(responder_.static_public.bytes);
        return state;
    }

    // "-> e, es, s, ss" as the initiator writes it.
    Buffer write_first(SymmetricState& state) const {
        Buffer message;
        append(message, initiator_.ephemeral_public.bytes);
        state.mix_ephemeral(initiator_.ephemeral_public);
        EXPECT_TRUE(state.mix_dh(initiator_.own_ephemeral, responder_.static_public));
        append(message, seal(state, initiator_.static_public.bytes));
        EXPECT_TRUE(state.mix_dh(initiator_.own_static, responder_.static_public));
        append(message, seal(state, payload(0)));
        return message;
    }

    // The same as the responder reads it; returns the payload.
    Buffer read_first(SymmetricState& state, Bytes message) const {
        PublicKey ephemeral;
        PublicKey their_static;
        copy_bytes(ephemeral.bytes, message.first(32));
        state.mix_ephemeral(ephemeral);
        EXPECT_TRUE(state.mix_dh(responder_.own_static, ephemeral));
        EXPECT_TRUE(state.open(message.subspan(32, 48), their_static.bytes));
        EXPECT_EQ(their_static, initiator_.static_public);
        EXPECT_TRUE(state.mix_dh(responder_.own_static, their_static));
        Buffer text(message.size() - 96);
        EXPECT_TRUE(state.open(message.subspan(80), text));
        return text;
    }

    // "<- e, ee, se, psk" as the responder writes it.
    Buffer write_second(SymmetricState& state) const {
        Buffer message;
        append(message, responder_.ephemeral_public.bytes);
        state.mix_ephemeral(responder_.ephemeral_public);
        EXPECT_TRUE(state.mix_dh(responder_.own_ephemeral, initiator_.ephemeral_public));
        EXPECT_TRUE(state.mix_dh(responder_.own_ephemeral, initiator_.static_public));
        state.mix_psk(responder_.psk);
        append(message, seal(state, payload(1)));
        return message;
    }

    // The same as the initiator reads it; returns the payload.
    Buffer read_second(SymmetricState& state, Bytes message) const {
        PublicKey ephemeral;
        copy_bytes(ephemeral.bytes, message.first(32));
        state.mix_ephemeral(ephemeral);
        EXPECT_TRUE(state.mix_dh(initiator_.own_ephemeral, ephemeral));
        EXPECT_TRUE(state.mix_dh(initiator_.own_static, ephemeral));
        state.mix_psk(initiator_.psk);
        Buffer text(message.size() - 48);
        EXPECT_TRUE(state.open(message.subspan(32), text));
        return text;
    }

    nlohmann::json vector_;
    Side initiator_;
    Side responder_;
};

TEST_F(Cacophony, HandshakeAndTransport) {
    SymmetricState initiator = start(initiator_);
    SymmetricState responder = start(responder_);
    EXPECT_EQ(initiator.transcript(), responder.transcript());

    const Buffer first = write_first(initiator);
    ASSERT_EQ(to_hex(first), ciphertext(0));
    EXPECT_EQ(read_first(responder, first), payload(0));
    EXPECT_EQ(initiator.transcript(), responder.transcript());

    const Buffer second = write_second(responder);
    ASSERT_EQ(to_hex(second), ciphertext(1));
    EXPECT_EQ(read_second(initiator, second), payload(1));
    EXPECT_EQ(to_hex(initiator.transcript()), field("handshake_hash"));
    EXPECT_EQ(to_hex(responder.transcript()), field("handshake_hash"));

    const TransportKeys sending = initiator.split();
    const TransportKeys receiving = responder.split();
    for (std::size_t i = 2; i < messages(); ++i) {
        SCOPED_TRACE(i);
        const bool is_initiators = i % 2 == 0;
        const std::uint64_t counter = (i - 2) / 2;
        const Buffer plaintext = payload(i);
        Buffer sealed(plaintext.size() + aead_tag_size);
        aead_seal(is_initiators ? sending.first : receiving.second, counter, {}, plaintext, sealed);
        EXPECT_EQ(to_hex(sealed), ciphertext(i));
        Buffer opened(plaintext.size());
        const AeadKey& reader_key = is_initiators ? receiving.first : sending.second;
        EXPECT_TRUE(aead_open(reader_key, counter, {}, sealed, opened));
        EXPECT_EQ(opened, plaintext);
    }
}

}  // namespace
}  // namespace wgns
