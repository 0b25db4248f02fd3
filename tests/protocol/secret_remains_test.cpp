// What is left of secrets in the memory of a process once they have served. Another process is
// looked into, by a peer of its device's that can work all of them out: randomness repeats itself.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/protocol/device_harness.h"
#include "tests/protocol/memory_scan.h"
#include "tests/protocol/secret_orders.h"

namespace wgns {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::vector<std::uint8_t> copy_of(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

// Everything that a side numbered so has generated, by what is public of it.
PrivateKey ephemeral_of(std::uint8_t number, const PublicKey& wanted) {
    SeededEntropy entropy(number);
    std::array<std::uint8_t, 1024> stream;
    entropy.fill(stream);
    for (std::size_t at = 0; at + 32 <= stream.size(); ++at) {
        PrivateKey key{std::span<const std::uint8_t, 32>(stream.data() + at, 32)};
        const auto bytes = key.mutable_bytes();
        bytes[0] &= 248;
        bytes[31] = static_cast<std::uint8_t>((bytes[31] & 127) | 64);
        if (public_key_of(key) == wanted) return key;
    }
    ADD_FAILURE() << "no such ephemeral key";
    return {};
}

class SecretRemains : public ::testing::Test {
protected:
    SecretRemains() {
        int pair[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
        socket_ = UniqueFd(pair[0]);
        const UniqueFd theirs(pair[1]);
        EXPECT_EQ(::fcntl(pair[0], F_SETFD, FD_CLOEXEC), 0);
        child_ = ::fork();
        if (child_ == 0) {
            ::dup2(pair[1], 0);
            ::execl(WGNS_SECRET_SUBJECT, WGNS_SECRET_SUBJECT, nullptr);
            ::_exit(127);
        }
        own_ = Side(1, clock).secret.duplicate();
        us_.key = public_key_of(own_);
        b.apply(Side::peer_change(us_, false));
        SeededEntropy(3).fill(psk_);
        PeerChange change;
        change.public_key = us_.key;
        change.preshared_key = PresharedKey(psk_);
        b.apply(std::move(change));
        std::vector<std::uint8_t> about = copy_of(b.key.bytes);
        about.insert(about.end(), psk_.begin(), psk_.end());
        tell(order::peer, about);
    }
    ~SecretRemains() override {
        socket_ = UniqueFd();
        int status = 0;
        EXPECT_EQ(::waitpid(child_, &status, 0), child_);
        EXPECT_EQ(status, 0);
    }

    // Carries out an order and everything that the two say to each other because of it.
    void tell(char what, Bytes about = {}) {
        std::vector<std::uint8_t> told{static_cast<std::uint8_t>(what)};
        told.insert(told.end(), about.begin(), about.end());
        ASSERT_EQ(::send(socket_.get(), told.data(), told.size(), 0),
                  static_cast<ssize_t>(told.size()));
        std::array<std::uint8_t, 2048> said;
        std::vector<Datagram> datagrams;
        for (;;) {
            const ssize_t size = ::recv(socket_.get(), said.data(), said.size(), 0);
            ASSERT_GT(size, 0) << "the other process has ended";
            if (size == 1) break;
            datagrams.push_back({b.address, 0, {said.begin(), said.begin() + size}});
        }
        for (const Datagram& datagram : datagrams)
            hear(datagram);
        if (is_b_silent) return;
        for (const Datagram& datagram : b.take())
            pass(datagram);
    }
    void hear(const Datagram& datagram) {
        remember(datagram.bytes, 1);
        if (is_b_deaf) return;
        b.receive(datagram, us_.address);
    }
    void pass(const Datagram& datagram) {
        remember(datagram.bytes, 2);
        tell(order::receive, datagram.bytes);
    }
    void remember(Bytes datagram, std::uint8_t sender) {
        if (const auto view = InitiationView::parse(datagram)) {
            initiator_ = sender;
            ephemeral_[sender - 1] = view->ephemeral();
        }
        if (const auto view = ResponseView::parse(datagram))
            ephemeral_[sender - 1] = view->ephemeral();
    }

    void run_for(Duration time) {
        for (Duration passed{}; passed < time; passed += 100ms) {
            clock.advance(100ms);
            b.expire();
            tell(order::step);
        }
    }

    NamedSecrets ephemeral_of_initiation() {
        return {{"ephemeral", copy_of(ephemeral_of(1, ephemeral_[0]).bytes())}};
    }
    // Only after a handshake: everything that came of the last one, on the subject's side.
    NamedSecrets secrets_of_handshake() {
        const PrivateKey ours = ephemeral_of(1, ephemeral_[0]);
        const PrivateKey theirs = ephemeral_of(2, ephemeral_[1]);
        const bool is_ours = initiator_ == 1;
        NamedSecrets found{{"ephemeral", copy_of(ours.bytes())}};
        // In the order in which they are mixed.
        const std::pair<const char*, std::optional<SharedSecret>> shared[] = {
            {"es", is_ours ? x25519(ours, b.key) : x25519(own_, ephemeral_[1])},
            {"ss", x25519(own_, b.key)},
            {"ee", x25519(ours, ephemeral_[1])},
            {"se", is_ours ? x25519(own_, ephemeral_[1]) : x25519(ours, b.key)}};
        SymmetricState noise("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s",
                             "WireGuard v1 zx2c4 Jason@zx2c4.com");
        const auto mixed = [&](const char* name) {
            found["chaining key after " + std::string(name)] =
                copy_of(noise.chaining_key().bytes());
        };
        noise.mix_ephemeral(ephemeral_[is_ours ? 0 : 1]);
        for (const auto& [name, secret] : shared) {
            if (name == std::string_view("ee")) noise.mix_ephemeral(ephemeral_[is_ours ? 1 : 0]);
            found[name] = copy_of(secret->bytes());
            noise.mix_shared(*secret);
            mixed(name);
        }
        noise.mix_psk(PresharedKey(psk_));
        mixed("psk");
        const TransportKeys keys = noise.split();
        found["first key"] = copy_of(keys.first.bytes());
        found["second key"] = copy_of(keys.second.bytes());
        return found;
    }
    static NamedSecrets only(const NamedSecrets& all, const std::vector<std::string>& names) {
        NamedSecrets some;
        for (const std::string& name : names)
            some[name] = all.at(name);
        return some;
    }
    NamedSecrets long_lived() {
        return {{"private", copy_of(own_.bytes())}, {"psk", copy_of(psk_)}};
    }

    void establish() { tell(order::handshake); }
    void be_called() {
        // Our endpoint is known from the first handshake alone.
        PeerChange change;
        change.public_key = us_.key;
        change.endpoint = us_.address;
        b.apply(std::move(change));
        b.device.want_session(b.peer(us_), clock.moment(), b.outbox);
        for (const Datagram& datagram : b.take())
            pass(datagram);
    }
    void use() {
        tell(order::send, bytes_of("a packet to the other side"));
        b.send(us_, "a packet in return");
        for (const Datagram& datagram : b.take())
            pass(datagram);
        ASSERT_EQ(b.received.size(), 1);
    }
    auto found(const NamedSecrets& secrets) { return find_secrets(child_, secrets); }

    // Of a handshake that is over nothing is left but its keys, and those are where they belong.
    void expect_keys_alone() {
        NamedSecrets all = secrets_of_handshake();
        const std::set<std::string> secret_pages{"secret pages"};
        EXPECT_THAT(found(only(all, {"first key", "second key"})),
                    UnorderedElementsAre(Pair("first key", secret_pages),
                                         Pair("second key", secret_pages)));
        EXPECT_THAT(found(long_lived()),
                    UnorderedElementsAre(Pair("private", secret_pages), Pair("psk", secret_pages)));
        for (const char* const name : {"first key", "second key"})
            all.erase(name);
        EXPECT_THAT(found(only(all, {"ss"})), UnorderedElementsAre(Pair("ss", secret_pages)));
        all.erase("ss");  // lives as long as the peer
        EXPECT_THAT(found(all), IsEmpty());
    }

    TestClock clock;
    Side b{2, clock};
    bool is_b_deaf = false;
    bool is_b_silent = false;
    Neighbour us_{1};

private:
    UniqueFd socket_;
    pid_t child_ = -1;
    PrivateKey own_;
    std::array<std::uint8_t, 32> psk_;
    std::array<PublicKey, 2> ephemeral_;
    std::uint8_t initiator_ = 0;
};

TEST_F(SecretRemains, OfAHandshakeThatWeBeganOnlyItsKeysAreLeft) {
    establish();
    expect_keys_alone();
}

TEST_F(SecretRemains, OfAHandshakeThatTheyBeganOnlyItsKeysAreLeft) {
    be_called();
    expect_keys_alone();
}

TEST_F(SecretRemains, DataLeavesNoCopiesOfItsKeys) {
    establish();
    use();
    expect_keys_alone();
}

TEST_F(SecretRemains, NothingIsLeftOfASessionAfter540Seconds) {
    establish();
    use();
    NamedSecrets gone = secrets_of_handshake();
    gone.erase("ss");
    is_b_deaf = is_b_silent = true;
    run_for(539s);
    EXPECT_FALSE(found(only(gone, {"first key", "second key"})).empty());
    run_for(2s);
    EXPECT_THAT(found(gone), IsEmpty());
}

TEST_F(SecretRemains, NothingIsLeftOfAPeerThatWasRemoved) {
    establish();
    use();
    NamedSecrets gone = secrets_of_handshake();
    gone.merge(only(long_lived(), {"psk"}));
    tell(order::remove, b.key.bytes);
    EXPECT_THAT(found(gone), IsEmpty());
}

TEST_F(SecretRemains, NothingIsLeftOfAnInitiationThatIsGivenUp) {
    is_b_silent = true;
    establish();
    const NamedSecrets ephemeral = ephemeral_of_initiation();
    EXPECT_THAT(found(ephemeral),
                UnorderedElementsAre(Pair("ephemeral", std::set<std::string>{"secret pages"})));
    is_b_deaf = true;
    // Another one takes its place, and at last none.
    run_for(6s);
    EXPECT_THAT(found(ephemeral), IsEmpty());
    const NamedSecrets last = ephemeral_of_initiation();
    tell(order::remove, b.key.bytes);
    EXPECT_THAT(found(last), IsEmpty());
}

TEST_F(SecretRemains, NothingIsLeftOfAKeyThatWasReplaced) {
    establish();
    use();
    NamedSecrets gone = secrets_of_handshake();
    gone.merge(only(long_lived(), {"private"}));
    const std::vector<std::uint8_t> other(32, 0x42);
    tell(order::key, other);
    EXPECT_THAT(found(gone), IsEmpty());
}

}  // namespace
}  // namespace wgns
