// Any bytes as datagrams to a worker with a live session: raw ones, and real ones of its peer that
// were changed, cut, repeated or kept back. Only what the peer sent is written to the TUN, once, a
// stranger is never answered, and in the end the peer still gets through.
#include <algorithm>
#include <set>
#include <vector>

#include "reader.h"
#include "tests/sim/host.h"

namespace {

using wgns::sim::Datagram;
using wgns::sim::Host;

// Workers take long to make, and are as new once they have forgotten their peers.
struct Hosts {
    wgns::sim::SimClock clock;
    Host a{1, clock};
    Host b{2, clock};

    void forget() {
        for (Host* const host : {&a, &b}) {
            wgns::ApplyChange change;
            change.change.replace_peers = true;
            host->post(std::move(change));
            host->ports.sent.clear();
            host->ports.written.clear();
        }
    }
};

class Game {
public:
    Game(Hosts& hosts, wgns::Bytes input)
        : reader_(input), clock_(hosts.clock), a_(hosts.a), b_(hosts.b) {
        a_.add_peer(b_, true);
        b_.add_peer(a_, false);
        stranger_.address = *wgns::IpAddress::parse("198.51.100.1");
        stranger_.port = 7;
        send();
        settle();
    }
    void run() {
        while (!reader_.done() && steps_++ < 200)
            step(reader_.byte());
        get_through();
    }

private:
    void step(std::uint8_t verb) {
        switch (verb % 8) {
            case 0:
                send();
                return keep_back();
            case 1:
                return repeat();
            case 2:
            case 3:
                return change();
            case 4:
                return throw_raw();
            case 5:
                return resize();
            case 6:
                clock_.advance(std::chrono::milliseconds(10) * reader_.word());
                a_.turn();
                b_.turn();
                return keep_back();
            default:
                return settle();
        }
    }
    void send() {
        auto packet = a_.packet_to(b_, 28 + reader_.byte());
        wgns::store_be(wgns::MutableBytes(packet).subspan(20), next_packet_++);
        unseen_.insert(packet);
        last_sent_ = packet;
        a_.send(std::move(packet));
        a_.turn();
    }
    // What `a` sends lies there until somebody takes it.
    void keep_back() {
        for (Datagram& datagram : a_.ports.sent)
            known_.push_back(std::move(datagram));
        a_.ports.sent.clear();
    }
    // Until nobody has anything left to say.
    void settle() {
        for (int round = 0; round < 20; ++round) {
            a_.turn();
            keep_back();
            const bool is_quiet = delivered_ == known_.size();
            for (; delivered_ < known_.size(); ++delivered_)
                b_.ports.to_receive.push_back(known_[delivered_]);
            receive();
            if (is_quiet && a_.ports.to_receive.empty()) return;
        }
    }
    void repeat() {
        if (known_.empty()) return;
        b_.ports.to_receive.push_back(known_[reader_.byte() % known_.size()]);
        receive();
    }
    void change() {
        if (known_.empty()) return;
        Datagram datagram = known_[reader_.byte() % known_.size()];
        auto& bytes = datagram.bytes;
        const std::size_t at = reader_.word() % bytes.size();
        bytes[at] ^= static_cast<std::uint8_t>(reader_.byte() | 1);
        // mac2 is read under load only.
        const bool is_data = wgns::DataView::parse(bytes).has_value();
        if (is_data || at + wgns::mac_size < bytes.size()) datagram.from = stranger_;
        b_.ports.to_receive.push_back(std::move(datagram));
        receive();
    }
    void resize() {
        if (known_.empty()) return;
        Datagram datagram = known_[reader_.byte() % known_.size()];
        const std::size_t size = reader_.word() % 1600;
        if (size == datagram.bytes.size()) return;
        datagram.bytes.resize(size);
        datagram.from = stranger_;
        b_.ports.to_receive.push_back(std::move(datagram));
        receive();
    }
    void throw_raw() {
        Datagram datagram{stranger_, b_.ports.address, {}};
        const std::uint8_t type = reader_.byte();
        constexpr std::array<std::size_t, 6> sizes{0, 32, 64, 92, 148, 700};
        datagram.bytes = reader_.take(sizes[type / 8 % sizes.size()]);
        if (type % 8 != 0 && datagram.bytes.size() >= 4)
            wgns::store_le(wgns::MutableBytes(datagram.bytes), std::uint32_t{type} % 8u);
        b_.ports.to_receive.push_back(std::move(datagram));
        receive();
    }
    // Not with the first packet: a response that was kept back for longer than a key lives makes a
    // session under which only the sender believes.
    void get_through() {
        clock_.advance(std::chrono::seconds(200));
        for (int second = 0; second < 60; ++second) {
            send();
            settle();
            if (!unseen_.contains(last_sent_)) return;
            clock_.advance(std::chrono::seconds(1));
        }
        constexpr bool the_peer_gets_through = false;
        WG_ASSERT(the_peer_gets_through);
    }
    void receive() {
        b_.turn();
        for (const auto& packet : b_.ports.written)
            WG_ASSERT(unseen_.erase(packet) == 1);
        b_.ports.written.clear();
        for (Datagram& datagram : b_.ports.sent) {
            WG_ASSERT(datagram.to.same_remote(a_.ports.address));
            a_.ports.to_receive.push_back(std::move(datagram));
        }
        b_.ports.sent.clear();
    }

    wgns::fuzz::Reader reader_;
    wgns::sim::SimClock& clock_;
    Host& a_;
    Host& b_;
    wgns::Endpoint stranger_;
    std::vector<Datagram> known_;
    std::size_t delivered_ = 0;
    std::set<std::vector<std::uint8_t>> unseen_;
    std::vector<std::uint8_t> last_sent_;
    std::uint64_t next_packet_ = 0;
    int steps_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Hosts hosts;
    Game(hosts, {data, size}).run();
    hosts.forget();
    return 0;
}
