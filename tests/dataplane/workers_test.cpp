// Two instances with workers on threads, and numbered packets between them.
#include "dataplane/workers.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <thread>

#include "crypto/x25519.h"
#include "device_pair.h"
#include "queue_io.h"

namespace wgns {
namespace {

using std::chrono_literals::operator""s;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t number_at = 28, packet_size = 64;  // behind IPv4 and UDP

// Ends a wait that would never end.
template <class Condition>
[[nodiscard]] bool holds_soon(Condition condition) {
    const auto deadline = SteadyClock::now() + 20s;
    while (!condition()) {
        if (SteadyClock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

// Written by the receiver's workers: whether each flow's packets are 0, 1, 2 and so on.
class Sink {
public:
    explicit Sink(std::size_t flows) : next_(flows) {}

    void take(const Turn& turn) {
        const std::lock_guard lock(mutex_);
        for (const TunWrite& write : turn.to_tun) {
            const iovec& piece = turn.pieces[write.first + 1];
            const Bytes packet{static_cast<const std::uint8_t*>(piece.iov_base), piece.iov_len};
            take(packet);
        }
        received_ += turn.to_tun.size();
    }
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
    // Not the one that was due: reordered, duplicated, or behind one that was lost.
    [[nodiscard]] std::uint64_t wrong() const noexcept { return wrong_; }

private:
    void take(Bytes packet) {
        const auto flow = load_be<std::uint32_t>(packet.subspan(number_at));
        const auto number = load_be<std::uint64_t>(packet.subspan(number_at + 4));
        if (packet.size() != packet_size || flow >= next_.size() || next_[flow] != number)
            ++wrong_;
        else
            ++next_[flow];
    }

    std::mutex mutex_;
    std::vector<std::uint64_t> next_;
    std::atomic<std::uint64_t> received_ = 0;
    std::atomic<std::uint64_t> wrong_ = 0;
};

// An instance, its queues, and where its packets go.
class Instance {
public:
    Instance(std::uint8_t number, unsigned count)
        : number_(number), inboxes_(count), workers_(*Workers::create(count, clock_, entropy_)) {}

    // `other` gets what this one sends; `write` what it writes.
    void start(Instance& other, const std::function<void(const Turn&)>& write) {
        std::vector<Workers::Parts> parts;
        for (unsigned i = 0; i < workers_->count(); ++i) {
            // What a worker sends stays together, as the flows of a TUN queue do.
            Inbox& queue = other.inboxes_[i % other.inboxes_.size()];
            const Outlets outlets{[this, &queue](const Train& train) {
                                      const Bytes bytes = train.bytes();
                                      queue.push_train({outer_endpoint(number_),
                                                        train.segment_size,
                                                        {bytes.begin(), bytes.end()}});
                                  },
                                  write};
            parts.push_back(
                {std::make_unique<QueueIo>(inboxes_[i], workers_->mailbox_event(i), outlets),
                 make_aead_sodium()});
        }
        workers_->start(std::move(parts), [this] { ++ends_; });
    }
    void stop() { workers_.reset(); }
    void lose_tun() {
        for (Inbox& inbox : inboxes_)
            inbox.close();
    }

    // The promise is the command's too, whose worker may not be done with it when the answer is
    // here.
    [[nodiscard]] bool apply(DeviceChange change) {
        const auto applied = std::make_shared<std::promise<int>>();
        const auto done = [applied](int error) { applied->set_value(error); };
        return workers_->post(ApplyChange{std::move(change), done}) &&
               applied->get_future().get() == 0;
    }
    [[nodiscard]] WorkerSnapshot snapshot() {
        const auto taken = std::make_shared<std::promise<WorkerSnapshot>>();
        EXPECT_TRUE(workers_->post(TakeSnapshot{
            [taken](WorkerSnapshot snapshot) { taken->set_value(std::move(snapshot)); }}));
        return taken->get_future().get();
    }

    [[nodiscard]] std::size_t queue_count() const noexcept { return inboxes_.size(); }
    [[nodiscard]] Inbox& queue(std::size_t i) { return inboxes_[i]; }
    [[nodiscard]] unsigned ends() const noexcept { return ends_; }
    [[nodiscard]] Workers& workers() { return *workers_; }

private:
    std::uint8_t number_;
    SystemClock clock_;
    SystemEntropy entropy_;
    std::deque<Inbox> inboxes_;
    std::atomic<unsigned> ends_ = 0;
    std::unique_ptr<Workers> workers_;
};

struct Counts {
    unsigned senders, receivers;
};

class WorkersFlow : public ::testing::TestWithParam<Counts> {
protected:
    static constexpr std::uint32_t flows = 7;
    // On their way at most: less than any queue or the replay window holds.
    static constexpr std::uint64_t in_flight_max = 2048, burst = 32;

    Sink sink{flows + 1};  // the last flow brings the session up
    Instance a{1, GetParam().senders};
    Instance b{2, GetParam().receivers};

    void SetUp() override {
        a.start(b, [](const Turn&) {});
        b.start(a, [this](const Turn& turn) { sink.take(turn); });
        SystemEntropy entropy;
        const PrivateKey key_a = generate_private_key(entropy);
        const PrivateKey key_b = generate_private_key(entropy);
        ASSERT_TRUE(b.apply(introduce(key_b, public_key_of(key_a), 1)));
        ASSERT_TRUE(a.apply(introduce(key_a, public_key_of(key_b), 2)));
        a.queue(0).push_frames({numbered(flows, 0)});
        ASSERT_TRUE(holds_soon([&] { return sink.received() == 1; }));
    }
    // Workers name what was made before them, and each other's queues.
    void TearDown() override {
        a.stop();
        b.stop();
    }

    static ByteVector numbered(std::uint32_t flow, std::uint64_t number) {
        ByteVector packet = packet_between(1, 2, packet_size);
        store_be(MutableBytes(packet).subspan(number_at), flow);
        store_be(MutableBytes(packet).subspan(number_at + 4), number);
        return frame_of(packet);
    }
    // A peer to come, or to go, that nobody sends to.
    static DeviceChange stranger(bool remove) {
        DeviceChange change;
        PeerChange& peer = change.peers.emplace_back();
        peer.public_key.bytes[0] = 9;
        peer.remove = remove;
        peer.endpoint = outer_endpoint(9);
        peer.allowed_ips.push_back({*IpPrefix::parse("10.0.0.9/32"), false});
        return change;
    }
    static void expect_no_drops(const WorkerSnapshot& snapshot) {
        for (std::size_t i = 0; i < drop_count; ++i) {
            const auto reason = static_cast<Drop>(i);
            EXPECT_EQ(snapshot.drops[reason], 0u) << drop_name(reason);
        }
    }
    // Bursts of one flow after another, each flow by its own TUN queue.
    void send(std::uint64_t count) {
        std::array<std::uint64_t, flows> next{};
        std::uint32_t flow = 0;
        for (std::uint64_t sent = 0; sent < count; flow = (flow + 1) % flows) {
            ASSERT_TRUE(holds_soon([&] { return sent + 1 - sink.received() < in_flight_max; }))
                << "stuck at " << sink.received() << " of " << sent;
            std::vector<ByteVector> frames;
            for (; frames.size() < burst && sent < count; ++sent)
                frames.push_back(numbered(flow, next[flow]++));
            a.queue(flow % a.queue_count()).push_frames(std::move(frames));
        }
    }
};

TEST_P(WorkersFlow, NoneIsReorderedDuplicatedOrLost) {
    const bool is_long = std::getenv("WGNS_LONG_TESTS") != nullptr;
    const std::uint64_t count = is_long ? 10'000'000 : 100'000;
    const auto start = SteadyClock::now();
    ASSERT_NO_FATAL_FAILURE(send(count));
    EXPECT_TRUE(holds_soon([&] { return sink.received() == count + 1; }))
        << sink.received() << " of " << count;
    const std::chrono::duration<double> took = SteadyClock::now() - start;
    RecordProperty("packets_per_second",
                   static_cast<int>(static_cast<double>(count) / took.count()));
    EXPECT_EQ(sink.wrong(), 0u);
    expect_no_drops(a.snapshot());
    expect_no_drops(b.snapshot());
}

// Another peer comes and goes meanwhile, and whoever asks is answered.
TEST_P(WorkersFlow, ChangesOfOthersDisturbNoFlow) {
    std::atomic<bool> is_over = false;
    std::atomic<unsigned> changes = 0;
    std::thread changer([&] {
        for (; !is_over; ++changes) {
            for (Instance* const instance : {&a, &b}) {
                EXPECT_TRUE(instance->apply(stranger(false)));
                EXPECT_EQ(instance->snapshot().device.peers.size(), 2u);
                EXPECT_TRUE(instance->workers().post(ForgetSources{}));
                EXPECT_TRUE(instance->apply(stranger(true)));
            }
        }
    });
    send(20'000);
    EXPECT_TRUE(holds_soon([&] { return changes > 3; }));
    is_over = true;
    changer.join();
    EXPECT_TRUE(holds_soon([&] { return sink.received() == 20'001; }));
    EXPECT_EQ(sink.wrong(), 0u);
    expect_no_drops(a.snapshot());
    expect_no_drops(b.snapshot());
}

// Sessions die in the hands of workers that seal and open under them. What is on its way is lost;
// the rest is not.
TEST_P(WorkersFlow, KeysChangeAndPeersGoUnderTraffic) {
    std::atomic<bool> is_over = false;
    std::thread changer([&] {
        SystemEntropy entropy;
        PrivateKey key_b = generate_private_key(entropy);
        for (int i = 0; i < 300; ++i) {
            const PrivateKey key_a = generate_private_key(entropy);
            if (i % 3 == 0) key_b = generate_private_key(entropy);
            DeviceChange none;
            none.replace_peers = true;
            EXPECT_TRUE(i % 2 != 0 || a.apply(std::move(none)));
            for (const bool is_a : {false, true}) {
                DeviceChange change = is_a ? introduce(key_a, public_key_of(key_b), 2)
                                           : introduce(key_b, public_key_of(key_a), 1);
                change.replace_peers = true;
                EXPECT_TRUE((is_a ? a : b).apply(std::move(change)));
            }
            // Some live to see data.
            const std::uint64_t before = sink.received();
            EXPECT_TRUE(i % 10 != 9 || holds_soon([&] { return sink.received() > before; })) << i;
        }
        is_over = true;
    });
    for (std::uint64_t number = 0; !is_over; ++number) {
        for (std::uint32_t flow = 0; flow < a.queue_count(); ++flow)
            a.queue(flow).push_frames({numbered(flow, number), numbered(flow, number)});
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    changer.join();
    EXPECT_EQ(a.snapshot().device.peers.size(), 1u);
    EXPECT_EQ(b.snapshot().device.peers.size(), 1u);
    const std::uint64_t before = sink.received();
    a.queue(0).push_frames({numbered(0, 0)});
    EXPECT_TRUE(holds_soon([&] { return sink.received() > before; }));
}

INSTANTIATE_TEST_SUITE_P(SendersAndReceivers, WorkersFlow,
                         ::testing::Values(Counts{1, 1}, Counts{2, 2}, Counts{2, 1}),
                         [](const auto& param_info) {
                             return std::to_string(param_info.param.senders) + "To" +
                                    std::to_string(param_info.param.receivers);
                         });

struct WorkersTest : ::testing::TestWithParam<unsigned> {
    // Where nothing is sent, whoever would get it.
    Instance instance{1, GetParam()};
    void start() {
        instance.start(instance, [](const Turn&) {});
    }
};

TEST_P(WorkersTest, AnswersCommands) {
    start();
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(instance.snapshot().io, "queue");
}

TEST_P(WorkersTest, TellsOnceThatTheTunDeviceIsGone) {
    start();
    EXPECT_EQ(instance.ends(), 0u);
    instance.lose_tun();
    EXPECT_TRUE(holds_soon([&] { return instance.ends() != 0; }));
    instance.stop();
    EXPECT_EQ(instance.ends(), 1u);
}

TEST_P(WorkersTest, StoppingIsNoEnd) {
    start();
    instance.stop();
    EXPECT_EQ(instance.ends(), 0u);
}

TEST_P(WorkersTest, NeedNotBeStarted) {
    EXPECT_EQ(instance.workers().count(), GetParam());
    instance.stop();
}

// Whoever posts may not know yet that the device is gone, and nobody takes the commands any more.
TEST_P(WorkersTest, StopsWithAFullMailboxAfterTheEnd) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto scenario = [&] {
        ::alarm(10);
        start();
        instance.lose_tun();
        while (instance.ends() == 0)
            std::this_thread::yield();
        // The end is told before the thread ends, but after its last turn.
        while (instance.workers().post(SetMtu{1420}))
            continue;
        instance.stop();
        ::_exit(0);
    };
    EXPECT_EXIT(scenario(), ::testing::ExitedWithCode(0), "");
}

INSTANTIATE_TEST_SUITE_P(Counts, WorkersTest, ::testing::Values(1u, 2u),
                         [](const auto& param_info) { return std::to_string(param_info.param); });

}  // namespace
}  // namespace wgns
