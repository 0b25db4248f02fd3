// Any bytes as a program that makes packets of some flows, mostly such as may be joined, and now
// and then any bytes as a packet. What a Coalescer makes of them is cut up again as the device
// would: every packet comes out once, as it went in, and in its flow's order.
#include "dataplane/coalesce.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "dataplane/checksum.h"
#include "dataplane/superpacket.h"

namespace {

using wgns::Bytes;
using wgns::Coalescer;
using wgns::InnerPacket;
using wgns::MutableBytes;
using wgns::Superpacket;
using wgns::Turn;
using wgns::VirtioHeader;

using Packet = std::vector<std::uint8_t>;

std::uint16_t get16(Bytes bytes, std::size_t at) {
    return wgns::load_be<std::uint16_t>(bytes.subspan(at));
}
void put16(Packet& packet, std::size_t at, std::size_t value) {
    wgns::store_be(MutableBytes(packet).subspan(at), static_cast<std::uint16_t>(value));
}

// Zeros where nothing is left.
class Reader {
public:
    explicit Reader(Bytes bytes) : left_(bytes) {}

    [[nodiscard]] bool done() const { return left_.empty(); }
    Packet take(std::size_t size) {
        size = std::min(size, left_.size());
        Packet taken(left_.begin(), left_.begin() + static_cast<std::ptrdiff_t>(size));
        left_ = left_.subspan(size);
        return taken;
    }
    std::uint8_t byte() {
        const Packet taken = take(1);
        return taken.empty() ? std::uint8_t{0} : taken[0];
    }
    std::uint16_t word() {
        const std::uint8_t high = byte();
        return static_cast<std::uint16_t>(high * 256 + byte());
    }

private:
    Bytes left_;
};

// One of 16 flows, which is more than a Coalescer keeps open: both families, TCP and UDP, with and
// without TCP's options, and of IPv4 such as may be fragmented and such as may not.
class Flow {
public:
    std::size_t payload_size = 100;
    std::uint8_t flags = ack;
    static constexpr std::uint8_t ack = 0x10;

    void set_number(std::uint8_t number) {
        number_ = number;
        v6_ = (number & 1) != 0;
        udp_ = (number & 2) != 0;
    }
    void skip() {
        sequence_ += 1;
        id_ = static_cast<std::uint16_t>(id_ + 7);
    }
    Packet next() {
        Packet packet(header_size() + std::min(payload_size, 65'535 - header_size()));
        for (std::size_t i = header_size(); i < packet.size(); ++i)
            packet[i] = static_cast<std::uint8_t>((sequence_ + i) * 0x9e3779b1 >> 24);
        write_ip(packet);
        write_transport(packet);
        set_sums(packet);
        sequence_ += static_cast<std::uint32_t>(packet.size() - header_size());
        id_ = static_cast<std::uint16_t>(id_ + 1);
        return packet;
    }
    void set_sums(Packet& packet) const {
        if (!v6_) put16(packet, 10, 0);
        put16(packet, sum_at(), 0);
        const MutableBytes bytes = packet;
        wgns::store_checksum(bytes.subspan(sum_at()), transport_sum(packet), udp_);
        if (!v6_) wgns::store_checksum(bytes.subspan(10), wgns::sum_of(bytes.first(20)), false);
    }
    // Changes the payload so that the sum comes to where one's complement has two zeros; UDP's 0
    // says that there is none.
    void aim_at_zero(Packet& packet, std::uint16_t zero) const {
        if (packet.size() < header_size() + 2) return;
        std::memset(&packet[header_size()], 0, 2);
        put16(packet, sum_at(), 0);
        const MutableBytes payload = MutableBytes(packet).subspan(header_size());
        wgns::store_checksum(payload, transport_sum(packet), false);
        put16(packet, sum_at(), zero);
    }

private:
    [[nodiscard]] std::size_t ip_size() const { return v6_ ? 40 : 20; }
    [[nodiscard]] std::size_t tcp_size() const { return (number_ & 4) != 0 ? 32 : 20; }
    [[nodiscard]] std::size_t header_size() const { return ip_size() + (udp_ ? 8 : tcp_size()); }
    [[nodiscard]] std::size_t sum_at() const { return ip_size() + (udp_ ? 6 : 16); }
    [[nodiscard]] wgns::Sum transport_sum(Bytes packet) const {
        const std::size_t half = v6_ ? 16 : 4;
        const Bytes addresses = packet.subspan(v6_ ? 8 : 12, 2 * half);
        const Bytes transport = packet.subspan(ip_size());
        return wgns::sum_of(transport) + wgns::pseudo_header_sum(addresses.first(half),
                                                                 addresses.subspan(half),
                                                                 udp_ ? 17 : 6, transport.size());
    }

    void write_ip(Packet& packet) const {
        const std::uint8_t protocol = udp_ ? 17 : 6;
        if (v6_) {
            packet[0] = 0x60;
            put16(packet, 4, packet.size() - 40);
            packet[6] = protocol;
            packet[7] = 64;
            packet[8] = packet[24] = 0xfd;
        } else {
            packet[0] = 0x45;
            put16(packet, 2, packet.size());
            put16(packet, 4, id_);
            put16(packet, 6, (number_ & 8) != 0 ? 0 : 0x4000);
            packet[8] = 64;
            packet[9] = protocol;
            packet[12] = packet[16] = 10;
        }
    }
    void write_transport(Packet& packet) const {
        const std::size_t at = ip_size();
        put16(packet, at, number_);
        put16(packet, at + 2, 443);
        if (udp_) {
            put16(packet, at + 4, packet.size() - at);
        } else {
            wgns::store_be(MutableBytes(packet).subspan(at + 4), sequence_);
            packet[at + 12] = static_cast<std::uint8_t>(tcp_size() * 4);
            packet[at + 13] = flags;
        }
    }

    std::uint8_t number_ = 0;
    bool v6_ = false;
    bool udp_ = false;
    // Both wrap soon.
    std::uint32_t sequence_ = 0xffffff00;
    std::uint16_t id_ = 0xfffe;
};

// What names a flow; nothing where a packet may be any flow's.
std::optional<Packet> flow_of(const Packet& packet) {
    const bool v6 = packet[0] >> 4 == 6;
    const std::size_t ip_size = v6 ? 40 : 20;
    const std::uint8_t protocol = packet[v6 ? 6 : 9];
    const bool is_plain = v6 || (packet[0] == 0x45 && (get16(packet, 6) & 0x3fff) == 0);
    if ((protocol != 6 && protocol != 17) || !is_plain || packet.size() < ip_size + 8)
        return std::nullopt;
    Packet name{packet[0], protocol};
    name[0] &= 0xf0;
    const auto addresses = packet.begin() + (v6 ? 8 : 12);
    name.insert(name.end(), addresses, addresses + (v6 ? 32 : 8));
    const auto ports = packet.begin() + static_cast<std::ptrdiff_t>(ip_size);
    name.insert(name.end(), ports, ports + 4);
    return name;
}

// Takes out in what a packet may differ that was cut from a superpacket again: two zeros that
// one's complement has, and the ID of an IPv4 packet that is never fragmented (RFC 6864).
Packet normalised(Packet packet) {
    const bool v6 = packet[0] >> 4 == 6, udp = packet[v6 ? 6 : 9] == 17;
    const std::size_t sum = v6 ? 40 + 16 : 20 + 16;
    if (!udp && get16(packet, sum) == 0xffff) put16(packet, sum, 0);
    if (v6) return packet;
    WG_ASSERT(wgns::fold(wgns::sum_of(Bytes(packet).first(20))) == 0xffff);
    if ((packet[6] & 0x40) != 0) put16(packet, 4, 0);
    put16(packet, 10, 0);
    return packet;
}

// A turn: what goes in, and what is written.
class Ledger {
public:
    explicit Ledger(Turn& turn) : turn_(turn) {}

    void add(Coalescer& coalescer, Packet packet) {
        const auto inner = InnerPacket::parse(packet);
        if (!inner) return;
        packet.resize(inner->length());
        // Of just that size, so that AddressSanitizer sees the byte after.
        packet.shrink_to_fit();
        Entry& entry = entries_.emplace_back();
        entry.sent = packet;
        entry.received = std::move(packet);
        starts_[entry.received.data()] = entries_.size() - 1;
        coalescer.add(turn_, InnerPacket::parse(entry.received).value(), entry.received);
    }
    void check() {
        for (const wgns::TunWrite& write : turn_.to_tun)
            check_write(std::span(turn_.pieces).subspan(write.first, write.count));
        WG_ASSERT(written_ == entries_.size());
    }

private:
    struct Entry {
        Packet sent;
        Packet received;
        bool is_written = false;
    };

    void check_write(std::span<const iovec> pieces) {
        Packet frame;
        std::vector<std::size_t> numbers;
        for (const iovec& piece : pieces) {
            const Bytes bytes(static_cast<const std::uint8_t*>(piece.iov_base), piece.iov_len);
            if (!frame.empty()) numbers.push_back(take(bytes));
            frame.insert(frame.end(), bytes.begin(), bytes.end());
        }
        WG_ASSERT(pieces[0].iov_len == VirtioHeader::size && !numbers.empty());
        if (numbers.size() == 1)
            check_alone(frame, entries_[numbers[0]].sent);
        else
            check_joined(frame, numbers);
    }

    // The number of the packet whose bytes are written. It is its turn.
    std::size_t take(Bytes bytes) {
        const auto after = starts_.upper_bound(bytes.data());
        WG_ASSERT(after != starts_.begin());
        const std::size_t number = std::prev(after)->second;
        Entry& entry = entries_[number];
        // A piece reaches to its packet's end, whether it has the header or not.
        WG_ASSERT(bytes.data() + bytes.size() == entry.received.data() + entry.received.size());
        WG_ASSERT(!entry.is_written);
        entry.is_written = true;
        check_order(number);
        ++written_;
        newest_ = std::max(newest_, number);
        return number;
    }
    void check_order(std::size_t number) {
        const auto flow = flow_of(entries_[number].sent);
        if (flow) {
            auto& latest = latest_[*flow];
            WG_ASSERT(!latest || *latest < number);
            latest = number;
        } else {
            // All before it and none behind it.
            WG_ASSERT(written_ == number && (number == 0 || newest_ < number));
        }
    }

    static void check_alone(const Packet& frame, const Packet& sent) {
        WG_ASSERT(frame.size() == VirtioHeader::size + sent.size());
        const Bytes bytes = Bytes(frame).subspan(VirtioHeader::size);
        WG_ASSERT(std::all_of(frame.begin(), frame.begin() + VirtioHeader::size,
                              [](std::uint8_t byte) { return byte == 0; }));
        WG_ASSERT(std::equal(bytes.begin(), bytes.end(), sent.begin()));
    }
    void check_joined(const Packet& frame, const std::vector<std::size_t>& numbers) const {
        const auto superpacket = Superpacket::parse(frame);
        WG_ASSERT(superpacket);
        WG_ASSERT((*superpacket).inner().length() == frame.size() - VirtioHeader::size);
        WG_ASSERT((*superpacket).segment_count() == numbers.size());
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            Packet segment((*superpacket).segment_size(i));
            (*superpacket).write_segment(i, segment);
            WG_ASSERT(normalised(segment) == normalised(entries_[numbers[i]].sent));
        }
    }

    Turn& turn_;
    std::vector<Entry> entries_;  // whoever moves them keeps their bytes
    std::map<const std::uint8_t*, std::size_t> starts_;
    std::map<Packet, std::optional<std::size_t>> latest_;  // of each flow
    std::size_t written_ = 0;
    std::size_t newest_ = 0;
};

class Program {
public:
    // So that an input takes milliseconds.
    static constexpr std::ptrdiff_t bytes_max = 1 << 19;

    Program(Bytes bytes, Turn& turn)
        : reader_(bytes), turn_(turn), coalescer_(offloads(reader_.byte())) {
        for (std::size_t i = 0; i < flows_.size(); ++i)
            flows_[i].set_number(static_cast<std::uint8_t>(i));
    }
    void run() {
        while (!reader_.done() && bytes_left_ > 0)
            step(reader_.byte());
        end_turn();
    }

private:
    static wgns::Offloads offloads(std::uint8_t off) {
        return {.tcp = (off & 1) == 0, .udp = (off & 2) == 0};
    }

    void end_turn() {
        coalescer_.flush(turn_);
        ledger_->check();
        ledger_.emplace(turn_);
        turn_.clear_received();
    }
    void add(Packet packet) {
        // So that they stay fewer than a turn takes.
        constexpr std::ptrdiff_t share = bytes_max / std::ptrdiff_t{Turn::writes_max / 2};
        bytes_left_ -= std::max(static_cast<std::ptrdiff_t>(packet.size()), share);
        ledger_->add(coalescer_, std::move(packet));
    }
    void add_raw(std::size_t size) {
        if (size == 0) return end_turn();
        add(reader_.take(size));
    }
    void add_next(Flow& flow, unsigned count) {
        for (unsigned i = 0; i < count; ++i)
            add(flow.next());
    }
    void add_with_flags(Flow& flow, std::uint8_t flags) {
        flow.flags = flags;
        add(flow.next());
        flow.flags = Flow::ack;
    }
    void add_changed(Flow& flow, bool with_right_sums) {
        Packet packet = flow.next();
        const std::uint8_t at = reader_.byte(), change = reader_.byte();
        packet[at % packet.size()] ^= change;
        if (with_right_sums) flow.set_sums(packet);
        add(std::move(packet));
    }
    void add_with_zero_sum(Flow& flow) {
        Packet packet = flow.next();
        flow.aim_at_zero(packet, (reader_.byte() & 1) != 0 ? 0xffff : 0);
        add(std::move(packet));
    }
    void add_one_of(Flow& flow, std::size_t size) {
        const std::size_t usual = std::exchange(flow.payload_size, size);
        add(flow.next());
        flow.payload_size = usual;
    }

    // A verb and a flow.
    void step(std::uint8_t code) {
        constexpr std::uint8_t fin = 0x01, psh = 0x08, cwr = 0x80;
        Flow& flow = flows_[code % flows_.size()];
        switch (code / flows_.size()) {
            case 0:
                return add_next(flow, 1);
            case 1:
                return add_next(flow, 2);
            case 2:
                return add_next(flow, 7);
            case 3:
                return add_next(flow, 70);
            case 4:
                flow.payload_size = reader_.word();
                return add_next(flow, 1);
            case 5:
                flow.payload_size = reader_.byte();
                return add_next(flow, 2);
            case 6:
                return add_one_of(flow, reader_.byte());
            case 7:
                return add_with_flags(flow, Flow::ack | psh);
            case 8:
                return add_with_flags(flow, Flow::ack | fin);
            case 9:
                return add_with_flags(flow, Flow::ack | cwr);
            case 10:
                return add_with_flags(flow, reader_.byte());
            case 11:
                flow.skip();
                return add_next(flow, 1);
            case 12:
                return add_changed(flow, true);
            case 13:
                return add_changed(flow, false);
            case 14:
                return add_with_zero_sum(flow);
            default:
                return add_raw(reader_.word());
        }
    }

    Reader reader_;
    Turn& turn_;
    std::optional<Ledger> ledger_{turn_};
    Coalescer coalescer_;
    std::array<Flow, 16> flows_;
    std::ptrdiff_t bytes_left_ = bytes_max;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Turn turn;
    Program({data, size}, turn).run();
    return 0;
}
