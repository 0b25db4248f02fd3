// constant_time CHECK, under valgrind: works with secrets that memcheck takes for undefined, so
// that it reports what would take another time with others (public.h).
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <string>

#include "crypto/aead_sodium.h"
#include "crypto/aead_wide.h"
#include "crypto/x25519.h"
#include "protocol/cookie.h"
#include "protocol/device.h"
#include "tests/constant_time/public.h"
#include "tests/crypto/seeded_entropy.h"

namespace wgns {
namespace {

// Randomness whose secrets, which have 32 bytes, are secrets here. The rest goes over the wire.
class SecretEntropy final : public Entropy {
public:
    explicit SecretEntropy(std::uint64_t seed) : seeded_(seed) {}
    void fill(MutableBytes bytes) noexcept override {
        seeded_.fill(bytes);
        if (bytes.size() == 32) make_secret(bytes);
    }

private:
    SeededEntropy seeded_;
};

void must(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    std::exit(1);
}

// --- checks ---

void comparison() {
    for (const bool alike : {true, false}) {
        std::array<std::uint8_t, 32> a{}, b{};
        b[31] = alike ? 0 : 1;
        make_secret(a);
        make_secret(b);
        must(equal_constant_time(a, b) == alike, "a comparison is wrong");
    }
}

Endpoint sender() {
    return *Endpoint::parse("192.0.2.1:51820");
}

// Of the checker, everything but the message and its sender is a secret, its public key included:
// who does not know that is not to find it out either.
void mac() {
    SecretEntropy entropy(1);
    const TimePoint now{std::chrono::seconds(1000)};
    const PublicKey receiver = public_key_of(generate_private_key(entropy));
    MacStamper stamper(receiver);
    PublicKey hidden = receiver;
    make_secret(hidden.bytes);
    MacChecker checker(hidden, entropy);
    InitiationMessage message{};
    store_le(MutableBytes(message), MessageType::initiation);
    must(checker.check(message, sender(), now) == MacState::invalid, "a mac1 is taken");
    stamper.stamp(message, now);
    must(checker.check(message, sender(), now) == MacState::mac1_only, "a mac1 is refused");
    CookieReplyMessage reply = checker.cookie_reply(message, sender(), now);
    make_public(reply);
    must(stamper.consume(*CookieReplyView::parse(reply), now), "a cookie is refused");
    stamper.stamp(message, now);
    make_public(message);
    must(checker.check(message, sender(), now) == MacState::with_cookie, "a mac2 is refused");
    message.back() ^= 1;
    must(checker.check(message, sender(), now) == MacState::mac1_only, "a mac2 is taken");
}

void seal_and_open(Aead& aead) {
    constexpr std::size_t count = 20, room = 1500;
    SeededEntropy entropy(2);
    AeadKey key;
    entropy.fill(key.mutable_bytes());
    make_secret(key.bytes());
    std::vector<std::uint8_t> text(count * room);
    std::vector<AeadJob> jobs;
    for (std::size_t i = 0; i < count; ++i)
        jobs.push_back(
            {&key, i, &text[i * room], &text[i * room], static_cast<std::uint32_t>(i * 70)});
    make_secret(text);
    aead.seal(jobs);
    // As after its way over the wire; one datagram was changed there.
    make_public(text);
    text[5 * room + 3] ^= 1;
    aead.open(jobs);
    for (std::size_t i = 0; i < count; ++i)
        must(jobs[i].authentic == (i != 5), "a tag is not judged as it should be");
}

void wide() {
    auto aead = make_aead_wide(WideInstructions::avx2);
    if (!aead) return;  // not on this CPU
    seal_and_open(**aead);
}

void sodium() {
    seal_and_open(*make_aead_sodium());
}

void curve25519() {
    SeededEntropy entropy(3);
    const PrivateKey a = generate_private_key(entropy), b = generate_private_key(entropy);
    auto one = x25519(a, public_key_of(b)), other = x25519(b, public_key_of(a));
    must(one && other && equal_constant_time(one->bytes(), other->bytes()), "keys differ");
    must(!x25519(a, PublicKey{}), "a point of low order is taken");
}

// A device with a secret key, and several peers among which to look.
struct Side {
    explicit Side(std::uint8_t number) : entropy(number), secret(generate_private_key(entropy)) {
        key = public_key_of(secret);
        DeviceChange change;
        change.private_key = secret.duplicate();
        for (std::uint8_t i = 0; i < 20; ++i) {
            PeerChange& peer = change.peers.emplace_back();
            peer.public_key.bytes.fill(i);
        }
        apply(std::move(change));
    }
    void apply(DeviceChange change) {
        must(device.apply(std::move(change), moment, outbox), "a change is refused");
    }
    void know(const Side& other) {
        DeviceChange change;
        PeerChange& peer = change.peers.emplace_back();
        peer.public_key = other.key;
        peer.endpoint = sender();
        peer.preshared_key.emplace();
        make_secret(peer.preshared_key->mutable_bytes());
        peer.allowed_ips.push_back({*IpPrefix::parse("10.0.0.0/24"), false});
        apply(std::move(change));
    }
    // What it says goes over the wire, and everybody may read it.
    void pass_to(Side& other) {
        for (const TrainRef& train : outbox.trains()) {
            make_public(train->bytes());
            std::vector<std::uint8_t> bytes(train->bytes().begin(), train->bytes().end());
            if (classify_message(bytes) == MessageType::data) continue;
            const auto done =
                other.device.admit_and_consume(bytes, sender(), 1, moment, other.outbox);
            must(static_cast<bool>(done), "a handshake message is refused");
        }
        outbox.trains().clear();
    }

    Moment moment{TimePoint{std::chrono::seconds(1000)}, {1'700'000'000, 0}};
    SecretEntropy entropy;
    Device device{entropy};
    Outbox outbox{16};
    PrivateKey secret;
    PublicKey key;
};

// The responder's look-up of a static key that it has opened, too.
void handshake() {
    Side a(1), b(2);
    a.know(b);
    b.know(a);
    const auto there = *IpAddress::parse("10.0.0.1");
    a.device.want_session(*a.device.route(there), a.moment, a.outbox);
    a.pass_to(b);
    b.pass_to(a);
    must(a.device.route(there)->keypairs.current() != nullptr, "no session");
    must(b.device.route(there)->keypairs.next() != nullptr, "no answer");
}

// What memcheck is to find.
void leak() {
    PrivateKey key;
    make_secret(key.bytes());
    if (key.bytes()[7] == 3) std::puts("three");
}

}  // namespace
}  // namespace wgns

int main(int argc, char** argv) {
    using namespace wgns;
    const std::map<std::string, std::function<void()>> checks{{"comparison", comparison},
                                                              {"mac", mac},
                                                              {"wide", wide},
                                                              {"sodium", sodium},
                                                              {"handshake", handshake},
                                                              {"curve25519", curve25519},
                                                              {"leak", leak}};
    const auto check = checks.find(argc == 2 ? argv[1] : "");
    if (check == checks.end() || RUNNING_ON_VALGRIND == 0) {
        std::fputs("usage: valgrind constant_time CHECK\n", stderr);
        return 2;
    }
    check->second();
    return 0;
}
