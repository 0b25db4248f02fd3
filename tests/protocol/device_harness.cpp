#include "device_harness.h"

#include <algorithm>

#include "crypto/aead.h"

namespace wgns {

namespace {

using std::chrono_literals::operator""ms;

constexpr Duration step = 100ms;

}  // namespace

void TestClock::advance(Duration by) noexcept {
    now = now + by;
    const std::int64_t nanoseconds = wall.nanoseconds + by.count();
    wall.seconds += nanoseconds / 1'000'000'000;
    wall.nanoseconds = static_cast<std::uint32_t>(nanoseconds % 1'000'000'000);
}

std::size_t count_of(MessageType type, const std::vector<Datagram>& datagrams) {
    return static_cast<std::size_t>(
        std::count_if(datagrams.begin(), datagrams.end(),
                      [&](const Datagram& each) { return each.type() == type; }));
}

Neighbour::Neighbour(std::uint8_t number)
    : inner(IpAddress::v4(std::array<std::uint8_t, 4>{10, 0, 0, number})) {
    address.address = IpAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, number});
    address.port = 51820;
}

Side::Side(std::uint8_t number, const TestClock& test_clock)
    : Neighbour(number), clock(test_clock), entropy(number), secret(generate_private_key(entropy)) {
    key = public_key_of(secret);
    set_private_key(secret);
}

PeerChange Side::peer_change(const Neighbour& other, bool knows_endpoint) {
    PeerChange change;
    change.public_key = other.key;
    if (knows_endpoint) change.endpoint = other.address;
    change.allowed_ips.push_back({{other.inner, 32}, false});
    return change;
}

bool Side::apply(PeerChange peer) {
    DeviceChange change;
    change.peers.push_back(std::move(peer));
    return apply(std::move(change));
}

bool Side::apply(DeviceChange change) {
    return device.apply(std::move(change), clock.moment(), outbox);
}

void Side::set_private_key(const PrivateKey& wanted) {
    DeviceChange change;
    change.private_key = wanted.duplicate();
    apply(std::move(change));
}

Peer& Side::peer(const Neighbour& other) const {
    Peer* const found = device.route(other.inner);
    WG_ASSERT(found != nullptr);
    return *found;
}

PeerSnapshot Side::peer_snapshot() const {
    DeviceSnapshot snapshot = device.snapshot();
    WG_ASSERT(snapshot.peers.size() == 1);
    return std::move(snapshot.peers.front());
}

void Side::send(const Neighbour& other, const std::string& packet) {
    Peer& to = peer(other);
    const Moment moment = clock.moment();
    if (to.staged.empty() && to.sending_session(moment.now)) return seal(to, bytes_of(packet));
    drops.count(Drop::staged_overflow, to.staged.push(bytes_of(packet)));
    device.want_session(to, moment, outbox);
}

void Side::seal(Peer& to, Bytes packet) {
    Session& session = *to.keypairs.current();
    const std::size_t size = data_overhead + packet.size();
    const std::uint64_t counter = session.draw_counters(1);
    const MutableBytes slot = outbox.datagram(to.endpoint, size, 0);
    if (!slot.empty()) {
        write_data_header(slot, session.remote_index, counter);
        aead_seal(session.send_key, counter, {}, packet, slot.subspan(data_header_size));
    }
    to.sent_bytes += size;
    device.data_sent(to, clock.moment(), outbox);
}

std::vector<Datagram> Side::take() {
    while (Peer* const ready = device.next_ready())
        while (!ready->staged.empty() && ready->sending_session(clock.now))
            seal(*ready, ready->staged.pop());
    std::vector<Datagram> taken;
    for (const TrainRef& train : outbox.trains()) {
        for (MutableBytes rest = train->bytes(); !rest.empty();) {
            const auto one = rest.first(std::min<std::size_t>(train->segment_size, rest.size()));
            taken.push_back({train->to, train->tos, {one.begin(), one.end()}});
            rest = rest.subspan(one.size());
        }
    }
    outbox.trains().clear();
    device.end_turn();
    return taken;
}

std::optional<Drop> Side::receive(const Datagram& datagram, const Endpoint& from,
                                  std::size_t backlog) {
    if (const auto view = DataView::parse(datagram.bytes))
        return open(*view, datagram.bytes.size(), from);
    auto consumed = device.admit_and_consume(datagram.bytes, from, backlog, clock.moment(), outbox);
    return consumed ? std::nullopt : std::optional(consumed.error());
}

std::optional<Drop> Side::open(const DataView& view, std::size_t size, const Endpoint& from) {
    Session* const session = device.find_session(view.receiver());
    if (!session) return Drop::unknown_index;
    if (!session->may_receive(clock.now)) return Drop::expired_session;
    std::string packet(view.sealed().size() - aead_tag_size, '\0');
    const MutableBytes text(reinterpret_cast<std::uint8_t*>(packet.data()), packet.size());
    if (!aead_open(session->receive_key, view.counter(), {}, view.sealed(), text))
        return Drop::bad_tag;
    if (!session->window.accept(view.counter())) return Drop::replayed_packet;
    session->peer->received_bytes += size;
    device.data_received(*session, from, !packet.empty(), clock.moment(), outbox);
    if (!packet.empty()) received.push_back(std::move(packet));
    return std::nullopt;
}

void Side::use_up_outbox() {
    while (outbox.free_count() > 0)
        ASSERT_FALSE(outbox.datagram(address, Train::bytes_max, 0).empty());
}

void TwoDevices::connect() {
    a.apply(Side::peer_change(b, true));
    b.apply(Side::peer_change(a, false));
}

void TwoDevices::establish() {
    connect();
    a.device.want_session(a.peer(b), clock.moment(), a.outbox);
    settle();
    ASSERT_NE(a.peer(b).sending_session(clock.now), nullptr);
    ASSERT_NE(b.peer(a).sending_session(clock.now), nullptr);
}

std::vector<Datagram> TwoDevices::deliver(Side& from, Side& to) {
    std::vector<Datagram> taken = from.take();
    for (const Datagram& datagram : taken)
        if (datagram.to.same_remote(to.address)) to.receive(datagram, from.address);
    return taken;
}

void TwoDevices::settle() {
    for (int round = 0; round < 20; ++round) {
        const std::size_t said = deliver(a, b).size() + deliver(b, a).size();
        if (said == 0) return;
    }
    ADD_FAILURE() << "the two devices never stop talking";
}

void TwoDevices::run_for(Duration time) {
    for (Duration passed{}; passed < time; passed += step) {
        clock.advance(step);
        a.expire();
        b.expire();
        settle();
    }
}

std::vector<Datagram> TwoDevices::take_for(Side& side, Duration time) {
    std::vector<Datagram> all;
    for (Duration passed{}; passed < time; passed += step) {
        clock.advance(step);
        side.expire();
        for (Datagram& datagram : side.take())
            all.push_back(std::move(datagram));
    }
    return all;
}

}  // namespace wgns
