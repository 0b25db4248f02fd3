// The process that secret_remains_test looks into: one device, which obeys what comes on descriptor
// 0 (secret_orders.h). Its private key is that of every Side with the number 1.
#include <sys/socket.h>
#include <unistd.h>

#include "tests/protocol/device_harness.h"
#include "tests/protocol/secret_orders.h"

namespace wgns {
namespace {

// As in the product, what holds the device is where keys belong.
struct Subject : InSecretPages {
    TestClock clock;
    Side side{1, clock};
};

PublicKey public_key_at(Bytes bytes) {
    PublicKey key;
    copy_bytes(key.bytes, bytes.first<32>());
    return key;
}

void be_told_of_peer(Side& side, const Neighbour& peer, Bytes about) {
    PeerChange change = Side::peer_change(peer, true);
    change.preshared_key = PresharedKey(about.subspan<32, 32>());
    side.apply(std::move(change));
}

void obey(Subject& subject, Bytes order) {
    Side& side = subject.side;
    const Bytes about = order.subspan(1);
    Neighbour peer(2);
    if (about.size() >= 32) peer.key = public_key_at(about);
    switch (static_cast<char>(order.front())) {
        case order::peer:
            return be_told_of_peer(side, peer, about);
        case order::remove: {
            PeerChange change;
            change.public_key = peer.key;
            change.remove = true;
            side.apply(std::move(change));
            return;
        }
        case order::key:
            return side.set_private_key(PrivateKey(about.first<32>()));
        case order::receive:
            side.receive({{}, 0, {about.begin(), about.end()}}, peer.address);
            return;
        case order::handshake:
            return side.device.want_session(*side.device.route(peer.inner), side.clock.moment(),
                                            side.outbox);
        case order::send:
            return side.send(peer, std::string(about.begin(), about.end()));
        default:
            subject.clock.advance(std::chrono::milliseconds(100));
            side.expire();
    }
}

int serve() {
    const auto subject = std::make_unique<Subject>();
    // The device has the only one.
    subject->side.secret.clear();
    std::array<std::uint8_t, 2048> order;
    for (;;) {
        const ssize_t size = ::recv(0, order.data(), order.size(), 0);
        if (size <= 0) return 0;
        obey(*subject, Bytes(order).first(static_cast<std::size_t>(size)));
        wipe(order);
        for (const Datagram& datagram : subject->side.take())
            if (::send(0, datagram.bytes.data(), datagram.bytes.size(), 0) < 0) return 1;
        if (::send(0, &order::done, 1, 0) != 1) return 1;
    }
}

}  // namespace
}  // namespace wgns

int main() {
    return wgns::serve();
}
