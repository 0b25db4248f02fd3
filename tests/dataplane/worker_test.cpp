#include "dataplane/worker.h"

#include <gtest/gtest.h>

#include "device_pair.h"
#include "tests/sim/memory_io.h"

namespace wgns {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

// MemoryIo, and what the worker asked of it.
struct Observed {
    sim::MemoryPorts ports;
    std::vector<Duration> waits;
    bool has_tun = true;
    bool keeps_trains = false;  // as one does whose kernel has not sent them yet
};

class ObservedIo final : public Io {
public:
    explicit ObservedIo(Observed& observed) : observed_(observed), memory_(observed.ports) {}

    [[nodiscard]] std::string_view name() const noexcept override { return memory_.name(); }
    [[nodiscard]] Offloads offloads() const noexcept override { return {}; }
    [[nodiscard]] std::uint32_t segments_max() const noexcept override { return 1; }
    void wait(Duration longest) override { observed_.waits.push_back(longest); }
    [[nodiscard]] bool collect(Turn& turn) override {
        return memory_.collect(turn) && observed_.has_tun;
    }
    void end() override {}
    void submit(Turn& turn) override {
        if (!observed_.keeps_trains) return memory_.submit(turn);
        for (TrainRef& train : turn.to_udp.trains())
            kept_.push_back(std::move(train));
        turn.to_udp.trains().clear();
    }

private:
    Observed& observed_;
    sim::MemoryIo memory_;
    std::vector<TrainRef> kept_;
};

struct WorkerTest : ::testing::Test {
    sim::SimClock clock;
    SeededEntropy entropy{1};
    SharedDevice device{entropy};
    Mailbox mailbox = *Mailbox::create();
    Observed observed;
    std::unique_ptr<Worker> worker = std::make_unique<Worker>(
        std::make_unique<ObservedIo>(observed), make_aead_sodium(), device, mailbox, clock);
    PrivateKey own = generate_private_key(entropy);
    PublicKey other = public_key_of(generate_private_key(entropy));

    bool turn() { return worker->turn(); }
    void post(Command command) {
        EXPECT_TRUE(mailbox.post(std::move(command)));
        observed.ports.has_commands = true;
    }
    void introduce_peer() {
        post(ApplyChange{introduce(own, other, 2), nullptr});
        EXPECT_TRUE(turn());
    }
    void read(const ByteVector& packet) { observed.ports.to_read.push_back(packet); }
    Duration last_wait() const { return observed.waits.back(); }
};

TEST_F(WorkerTest, AppliesCommandsInOrderAndAnswersThem) {
    std::vector<int> errors;
    WorkerSnapshot snapshot;
    post(SetMtu{1280});
    post(ApplyChange{introduce(own, other, 2), [&](int error) { errors.push_back(error); }});
    post(TakeSnapshot{[&](WorkerSnapshot taken) { snapshot = std::move(taken); }});
    EXPECT_TRUE(turn());
    EXPECT_EQ(errors, std::vector<int>{0});
    EXPECT_EQ(device.hold()->mtu(), 1280u);
    ASSERT_EQ(snapshot.device.peers.size(), 1u);
    EXPECT_EQ(snapshot.device.peers[0].public_key, other);
    EXPECT_EQ(snapshot.io, "memory");
    EXPECT_EQ(snapshot.aead, "sodium");
}

TEST_F(WorkerTest, TellsThatThereIsNoRoomForAllPeers) {
    ApplyChange change;
    for (std::uint32_t number = 0; number <= limits::peers_max; ++number)
        store_le(MutableBytes(change.change.peers.emplace_back().public_key.bytes), number);
    int told = 0;
    change.done = [&](int error) { told = error; };
    post(std::move(change));
    EXPECT_TRUE(turn());
    EXPECT_EQ(told, EINVAL);
}

TEST_F(WorkerTest, LeavesTheMailboxAloneUntilTheIoSaysSo) {
    EXPECT_TRUE(mailbox.post(Stop{}));
    EXPECT_TRUE(turn());
    observed.ports.has_commands = true;
    EXPECT_FALSE(turn());
}

TEST_F(WorkerTest, StopEndsItAfterItsLastTurn) {
    introduce_peer();
    post(Stop{});
    read(packet_between(1, 2, 60));
    worker->run();
    EXPECT_EQ(observed.waits.size(), 2u);
    EXPECT_EQ(observed.ports.sent.size(), 1u) << "the initiation is still sent";
}

TEST_F(WorkerTest, EndsWhenTheTunDeviceIsGone) {
    observed.has_tun = false;
    worker->run();
    EXPECT_EQ(observed.waits.size(), 1u);
}

TEST_F(WorkerTest, ASnapshotHoldsTheDropsOfEarlierTurns) {
    introduce_peer();
    read(packet_between(1, 9, 60));
    read(ByteVector(30, 0xff));
    observed.ports.to_receive.push_back({outer_endpoint(2), outer_endpoint(1), ByteVector(5)});
    EXPECT_TRUE(turn());
    EXPECT_TRUE(turn());
    DropCounters drops;
    post(TakeSnapshot{[&](WorkerSnapshot taken) { drops = taken.drops; }});
    EXPECT_TRUE(turn());
    EXPECT_EQ(drops[Drop::no_peer], 1u);
    EXPECT_EQ(drops[Drop::not_ip], 1u);
    EXPECT_EQ(drops[Drop::not_wireguard], 1u);
}

TEST_F(WorkerTest, SleepsWithoutLimitWhileNothingIsDue) {
    introduce_peer();
    EXPECT_TRUE(turn());
    for (const Duration wait : observed.waits)
        EXPECT_EQ(wait, Duration::max());
}

TEST_F(WorkerTest, SleepsUntilTheDeviceIsDue) {
    introduce_peer();
    read(packet_between(1, 2, 60));
    EXPECT_TRUE(turn());  // sends an initiation, to be repeated in 5 s
    EXPECT_EQ(observed.ports.sent.size(), 1u);
    clock.advance(1s);
    EXPECT_TRUE(turn());
    EXPECT_GE(last_wait(), limits::rekey_timeout - 1s);
    EXPECT_LE(last_wait(), limits::rekey_timeout + limits::rekey_timeout_jitter_max - 1s);
    EXPECT_EQ(observed.ports.sent.size(), 1u);
    clock.advance(last_wait());
    EXPECT_TRUE(turn());
    EXPECT_EQ(last_wait(), Duration::zero());
    EXPECT_EQ(observed.ports.sent.size(), 2u);
    clock.advance(limits::rekey_timeout + 1s);
    EXPECT_TRUE(turn());
    EXPECT_EQ(last_wait(), Duration::zero()) << "late is not negative";
}

// A deadline that another worker has made is nobody else's, but is known after the next turn.
TEST_F(WorkerTest, KnowsTheDeadlineOfTheSharedDeviceAfterEveryTurn) {
    introduce_peer();
    Outbox outbox(4);
    {
        const auto held = device.hold();
        held->want_session(*held->route(*IpAddress::parse("10.0.0.2")), clock.moment(), outbox);
    }
    outbox.trains().clear();
    EXPECT_TRUE(turn());
    EXPECT_EQ(last_wait(), Duration::max());
    EXPECT_TRUE(turn());
    EXPECT_LE(last_wait(), limits::rekey_timeout + limits::rekey_timeout_jitter_max);
}

TEST_F(WorkerTest, DoesNotSleepOverABacklogOfHandshakes) {
    introduce_peer();
    ByteVector message(initiation_size);
    message[0] = 1;
    MacStamper(public_key_of(own)).stamp(message, clock.now());
    for (std::size_t i = 0; i <= limits::handshakes_per_turn_max; ++i)
        observed.ports.to_receive.push_back({outer_endpoint(2), outer_endpoint(1), message});
    EXPECT_TRUE(turn());
    EXPECT_TRUE(turn());
    EXPECT_EQ(last_wait(), Duration::zero());
    EXPECT_TRUE(turn());
    EXPECT_EQ(last_wait(), Duration::max());
}

// As with io_uring: at the end the kernel may still hold trains, which must not outlive their pool.
TEST_F(WorkerTest, ItsIoMayHoldTrainsToTheEnd) {
    introduce_peer();
    observed.keeps_trains = true;
    read(packet_between(1, 2, 60));
    EXPECT_TRUE(turn());
    worker.reset();
}

}  // namespace
}  // namespace wgns
