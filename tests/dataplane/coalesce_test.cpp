#include "dataplane/coalesce.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "dataplane/checksum.h"

namespace wgns {
namespace {

using Packet = std::vector<std::uint8_t>;

struct Kind {
    bool v6;
    bool tcp;

    [[nodiscard]] std::size_t ip_size() const { return v6 ? 40 : 20; }
    // IPv6's TCP comes with options.
    [[nodiscard]] std::size_t header_size() const { return !tcp ? ip_size() + 8 : v6 ? 72 : 40; }
    [[nodiscard]] std::size_t sum_at() const { return ip_size() + (tcp ? 16 : 6); }
};
constexpr Kind kinds[] = {{false, true}, {true, true}, {false, false}, {true, false}};
constexpr std::uint8_t ack = 0x10, ece = 0x40, fin = ack | tcp_flag::fin, psh = ack | tcp_flag::psh;

// What is wrong with a packet.
enum class Flaw { none, gap, marked, fragment, tampered, ip_tampered, unsummed };

// The next packet of a flow.
struct Step {
    std::size_t payload = 1000;
    std::uint8_t flags = ack;
    std::uint8_t flow = 0;
    Flaw flaw = Flaw::none;
};

std::size_t get16(Bytes bytes, std::size_t at) {
    return load_be<std::uint16_t>(bytes.subspan(at));
}
void put16(Packet& packet, std::size_t at, std::size_t value) {
    store_be(MutableBytes(packet).subspan(at), static_cast<std::uint16_t>(value));
}

Kind kind_of(const Packet& packet) {
    const bool v6 = packet[0] >> 4 == 6;
    return {v6, packet[v6 ? 6 : 9] != 17};
}
std::uint8_t flow_of(const Packet& packet) {
    return packet[kind_of(packet).v6 ? 23 : 15];
}
Sum pseudo_sum(const Packet& packet, const Kind& kind, std::size_t length) {
    const std::size_t half = kind.v6 ? 16 : 4;
    const Bytes addresses = Bytes(packet).subspan(kind.v6 ? 8 : 12, 2 * half);
    return pseudo_header_sum(addresses.first(half), addresses.subspan(half), kind.tcp ? 6 : 17,
                             length);
}
void sum_ip(Packet& packet) {
    put16(packet, 10, 0);
    store_checksum(MutableBytes(packet).subspan(10), sum_of(Bytes(packet).first(20)), false);
}

Packet ip_header(const Kind& kind, const Step& step, std::uint16_t id) {
    const std::uint8_t tos = step.flaw == Flaw::marked ? 3 : 0, protocol = kind.tcp ? 6 : 17;
    const std::size_t size = kind.header_size() + step.payload;
    Packet packet{0x45, tos, 0, 0, 0, 0, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 0, 10, 0, 1, 1};
    packet[15] = step.flow;
    put16(packet, 2, size);
    put16(packet, 4, id);
    if (kind.v6) {
        packet = {0x60, static_cast<std::uint8_t>(tos << 4), 0, 0, 0, 0, protocol, 64, 0xfd};
        packet.resize(40);
        packet[23] = step.flow;
        packet[24] = 0xfd;
        put16(packet, 4, size - 40);
    }
    return packet;
}

void add_transport(Packet& packet, const Kind& kind, const Step& step, std::uint32_t sequence) {
    const std::size_t at = packet.size();
    packet.resize(kind.header_size() + step.payload);
    put16(packet, at, 5000);
    put16(packet, at + 2, 443);
    if (kind.tcp) {
        store_be(MutableBytes(packet).subspan(at + 4), sequence);
        packet[at + 12] = kind.v6 ? 0x80 : 0x50;
        packet[at + 13] = step.flags;
        put16(packet, at + 14, 512);
    } else {
        put16(packet, at + 4, packet.size() - at);
    }
    for (std::size_t i = kind.header_size(); i < packet.size(); ++i)
        packet[i] = static_cast<std::uint8_t>((sequence + i) * 0x9e3779b1 >> 24);
    store_checksum(MutableBytes(packet).subspan(kind.sum_at()),
                   pseudo_sum(packet, kind, packet.size() - at) + sum_of(Bytes(packet).subspan(at)),
                   !kind.tcp);
}

void spoil(Packet& packet, const Kind& kind, Flaw flaw) {
    if (flaw == Flaw::fragment) packet[6] = kind.v6 ? 44 : 0x60;
    if (flaw == Flaw::tampered) packet.back() ^= 0x10;
    if (flaw == Flaw::unsummed) put16(packet, kind.sum_at(), 0);
    if (!kind.v6) sum_ip(packet);
    if (flaw == Flaw::ip_tampered && !kind.v6) packet[11] ^= 1;
}

// Makes the packets of flows as a sender would, one after the other.
class Sender {
public:
    Packet next(const Kind& kind, const Step& step) {
        auto& [sequence, id] = flows_[step.flow];
        if (step.flaw == Flaw::gap) sequence += 1, id += 7;
        // An ID counts only where fragmenting is allowed, which odd flows allow.
        Packet packet = ip_header(kind, step, id++);
        if (!kind.v6 && step.flow % 2 == 1) packet[6] = 0;
        add_transport(packet, kind, step, sequence);
        spoil(packet, kind, step.flaw);
        sequence += static_cast<std::uint32_t>(step.payload);
        return packet;
    }

private:
    // Both wrap soon.
    struct Flow {
        std::uint32_t sequence = 0xffffff00;
        std::uint16_t id = 0xfffe;
    };
    std::map<std::uint8_t, Flow> flows_;
};

struct Write {
    VirtioHeader header;
    std::vector<iovec> pieces;  // without the header's
    Packet bytes;
};

// Plays a worker's turns.
class Receiver {
public:
    explicit Receiver(Offloads offloads = {.tcp = true, .udp = true}) : coalescer_(offloads) {}

    void add(Packet packet) {
        sent.push_back(packet);
        Packet& bytes = received.emplace_back(std::move(packet));
        ASSERT_TRUE(turn_.has_room());
        coalescer_.add(turn_, InnerPacket::parse(bytes).value(), bytes);
    }
    void flush() { coalescer_.flush(turn_); }
    void next_turn() {
        turn_.clear_received();
        received.clear();
    }
    [[nodiscard]] std::vector<Write> writes() const {
        std::vector<Write> all;
        for (const TunWrite& write : turn_.to_tun)
            all.push_back(gathered(std::span(turn_.pieces).subspan(write.first, write.count)));
        return all;
    }

    std::vector<Packet> sent;      // as they were added
    std::vector<Packet> received;  // what became of them; whoever moves them keeps their bytes

private:
    static Bytes bytes_at(const iovec& piece) {
        return {static_cast<const std::uint8_t*>(piece.iov_base), piece.iov_len};
    }
    static Write gathered(std::span<const iovec> pieces) {
        EXPECT_EQ(pieces[0].iov_len, VirtioHeader::size);
        Write write{
            VirtioHeader::read(bytes_at(pieces[0])), {pieces.begin() + 1, pieces.end()}, {}};
        for (const iovec& piece : write.pieces)
            write.bytes.insert(write.bytes.end(), bytes_at(piece).begin(), bytes_at(piece).end());
        return write;
    }

    Turn turn_;
    Coalescer coalescer_;
};

// NEEDS_CSUM: the field holds the sum of a pseudo-header with the length of the whole, which is
// exchanged for the segment's (~length takes it away) before the rest is added.
void complete_checksum(Packet& packet, const VirtioHeader& header, std::size_t whole) {
    const std::size_t start = header.checksum_start, field = start + header.checksum_offset;
    const auto without = static_cast<std::uint16_t>(~(whole - start));
    const auto with = static_cast<std::uint16_t>(packet.size() - start);
    const Sum sum = sum_of(Bytes(packet).subspan(start)) + sum_of(without) + sum_of(with);
    store_checksum(MutableBytes(packet).subspan(field), sum, header.gso_type == 5);
}

// The segment whose payload is [from, to) of a superpacket.
Packet segment(const Write& write, std::size_t from, std::size_t to) {
    const VirtioHeader& header = write.header;
    const std::span bytes(write.bytes), payload = bytes.subspan(from, to - from);
    Packet packet(bytes.begin(), bytes.begin() + header.header_size);
    packet.insert(packet.end(), payload.begin(), payload.end());
    const std::size_t start = header.checksum_start, offset = from - header.header_size;
    if (packet[0] == 0x45) {
        put16(packet, 2, packet.size());
        put16(packet, 4, get16(packet, 4) + offset / header.gso_size);
        sum_ip(packet);
    } else {
        put16(packet, 4, packet.size() - 40);
    }
    if (header.gso_type == VirtioHeader::udp_l4) {
        put16(packet, start + 4, packet.size() - start);
    } else {
        const MutableBytes sequence = MutableBytes(packet).subspan(start + 4);
        store_be(sequence, static_cast<std::uint32_t>(load_be<std::uint32_t>(sequence) + offset));
        if (offset != 0) packet[start + 13] &= 0x7f;                   // CWR
        if (to != write.bytes.size()) packet[start + 13] &= 0xff - 9;  // FIN, PSH
    }
    complete_checksum(packet, header, write.bytes.size());
    return packet;
}

// What the device makes of a write (virtio 1.2, 5.1.6.2; net/ipv4/tcp_offload.c, tcp_gso_segment).
std::vector<Packet> cut(const Write& write) {
    if (write.header.gso_type == VirtioHeader::no_gso) return {write.bytes};
    std::vector<Packet> packets;
    for (std::size_t at = write.header.header_size; at < write.bytes.size();) {
        const std::size_t end = std::min(at + write.header.gso_size, write.bytes.size());
        packets.push_back(segment(write, at, end));
        at = end;
    }
    return packets;
}

using Numbers = std::vector<std::size_t>;

// That a write is the packets with these numbers: pieces are where they were received, and the
// device makes the packets of it again.
void expect_write(const Receiver& receiver, const Write& write, const Numbers& numbers) {
    ASSERT_EQ(write.pieces.size(), numbers.size());
    const std::vector<Packet> packets = cut(write);
    ASSERT_EQ(packets.size(), numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const Packet& received = receiver.received.at(numbers[i]);
        const std::size_t skipped = i == 0 ? 0 : kind_of(received).header_size();
        EXPECT_EQ(write.pieces[i].iov_base, received.data() + skipped) << i;
        EXPECT_EQ(write.pieces[i].iov_len, received.size() - skipped) << i;
        EXPECT_EQ(packets[i], receiver.sent.at(numbers[i])) << i;
    }
    const bool alone = write.header.gso_type == VirtioHeader::no_gso;
    EXPECT_EQ(alone, numbers.size() == 1);
    EXPECT_EQ(write.header.flags, alone ? 0 : VirtioHeader::needs_checksum);
}

void expect_writes(const Receiver& receiver, const std::vector<Numbers>& expected) {
    const std::vector<Write> writes = receiver.writes();
    ASSERT_EQ(writes.size(), expected.size());
    for (std::size_t i = 0; i < writes.size(); ++i) {
        SCOPED_TRACE(testing::Message() << "write " << i);
        expect_write(receiver, writes[i], expected[i]);
    }
}

struct Case {
    std::vector<Step> steps;
    std::vector<Numbers> writes;
};

void expect_cases(const Kind& kind, const std::vector<Case>& cases) {
    for (std::size_t i = 0; i < cases.size(); ++i) {
        SCOPED_TRACE(testing::Message() << "case " << i + 1 << (kind.v6 ? ", IPv6" : ", IPv4"));
        Sender sender;
        Receiver receiver;
        for (const Step& step : cases[i].steps)
            receiver.add(sender.next(kind, step));
        receiver.flush();
        expect_writes(receiver, cases[i].writes);
        receiver.flush();
        EXPECT_EQ(receiver.writes().size(), cases[i].writes.size()) << "left after a flush";
    }
}

constexpr auto gap = Flaw::gap, marked = Flaw::marked, fragment = Flaw::fragment,
               tampered = Flaw::tampered, ip_tampered = Flaw::ip_tampered;

TEST(Coalesce, RunsOfTcp) {
    constexpr std::uint8_t cwr = ack | tcp_flag::cwr;
    const std::vector<Case> cases = {
        /*  1 */ {{}, {}},
        /*  2 */ {{{}}, {{0}}},
        /*  3 */ {{{}, {}, {}}, {{0, 1, 2}}},
        /*  4 */ {{{}, {}, {1}, {}, {}}, {{0, 1, 2}, {3, 4}}},  // a shorter one is the last
        /*  5 */ {{{1}, {2}, {2}}, {{0}, {1, 2}}},              // a longer one is the next first
        /*  6 */ {{{}, {}, {1000, psh}, {}, {}}, {{0, 1, 2}, {3, 4}}},
        /*  7 */ {{{}, {500, psh}, {}}, {{0, 1}, {2}}},
        /*  8 */ {{{1000, psh}, {}, {}}, {{0}, {1, 2}}},
        /*  9 */ {{{}, {1000, fin}, {}}, {{0, 1}, {2}}},
        /* 10 */ {{{}, {}, {0, fin}}, {{0, 1}, {2}}},
        /* 11 */ {{{}, {}, {0}, {}, {}}, {{0, 1}, {2}, {3, 4}}},  // an ACK keeps its place
        /* 12 */ {{{1000, cwr}, {}, {}}, {{0, 1, 2}}},
        /* 13 */ {{{}, {}, {1000, cwr}, {}}, {{0, 1}, {2, 3}}},
        /* 14 */ {{{1000, ack | ece}, {1000, ack | ece}, {}}, {{0, 1}, {2}}},
        /* 15 */ {{{}, {1000, ack | tcp_flag::urg}, {}}, {{0}, {1}, {2}}},
        /* 16 */ {{{}, {}, {0, tcp_flag::rst}}, {{0, 1}, {2}}},
        /* 17 */ {{{}, {}, {1000, ack, 0, gap}, {}}, {{0, 1}, {2, 3}}},
        /* 18 */ {{{}, {}, {1000, ack, 0, marked}, {}}, {{0, 1}, {2}, {3}}},
        /* 19 */ {{{1000, ack, 0, tampered}, {}, {}}, {{0}, {1, 2}}},
        /* 20 */ {{{}, {}, {1000, ack, 0, tampered}, {}, {}}, {{0, 1}, {2}, {3, 4}}},
        /* 21 */ {{{}, {1000, psh, 0, tampered}}, {{0}, {1}}},
        // Flows: 0 is done at its push, others wait for the flush.
        /* 22 */ {{{}, {9, ack, 1}, {}, {9, ack, 1}, {9, psh}}, {{0, 2, 4}, {1, 3}}},
        /* 23 */ {{{}, {0, ack, 1}, {}}, {{1}, {0, 2}}},
        /* 24 */ {{{}, {}, {9, ack, 1}, {9, ack, 1, fragment}, {}}, {{0, 1}, {2}, {3}, {4}}},
        /* 25 */ {{{9, ack, 1}, {9, ack, 1}, {9, ack, 1, gap}, {9, ack, 1}}, {{0, 1}, {2, 3}}},
    };
    for (const bool v6 : {false, true})
        expect_cases({v6, true}, cases);
}

TEST(Coalesce, RunsOfUdp) {
    constexpr auto unsummed = Flaw::unsummed;
    const std::vector<Case> cases = {
        /*  1 */ {{{}, {}, {}}, {{0, 1, 2}}},
        /*  2 */ {{{}, {}, {1}, {}, {}}, {{0, 1, 2}, {3, 4}}},
        /*  3 */ {{{1}, {2}, {2}}, {{0}, {1, 2}}},
        /*  4 */ {{{}, {}, {0}, {}}, {{0, 1}, {2}, {3}}},
        /*  5 */ {{{1000, ack, 0, unsummed}, {1000, ack, 0, unsummed}}, {{0}, {1}}},
        /*  6 */ {{{}, {}, {1000, ack, 0, unsummed}, {}, {}}, {{0, 1}, {2}, {3, 4}}},
        /*  7 */ {{{}, {}, {1000, ack, 0, tampered}, {}}, {{0, 1}, {2}, {3}}},
        /*  8 */ {{{}, {1000, ack, 1}, {}, {1000, ack, 1}}, {{0, 2}, {1, 3}}},
        /*  9 */ {{{}, {}, {1000, ack, 0, fragment}, {}}, {{0, 1}, {2}, {3}}},
        /* 10 */ {{{}, {}, {1000, ack, 0, marked}, {}}, {{0, 1}, {2}, {3}}},
    };
    for (const bool v6 : {false, true})
        expect_cases({v6, false}, cases);
}

TEST(Coalesce, WhatOnlyIpv4Has) {
    constexpr Step odd{9, ack, 1}, odd_gap{9, ack, 1, gap}, wrong{1000, ack, 0, ip_tampered};
    const std::vector<Case> cases = {
        /* 1 */ {{wrong, {}, {}}, {{0}, {1, 2}}},
        /* 2 */ {{{}, {}, wrong, {}, {}}, {{0, 1}, {2}, {3, 4}}},
        /* 3 */ {{odd, odd, odd_gap, odd}, {{0, 1}, {2, 3}}},  // an ID that counts
    };
    expect_cases(kinds[0], cases);
    expect_cases(kinds[2], cases);
}

TEST(Coalesce, AWriteHoldsNoMoreThanItMay) {
    struct Limit {
        Kind kind;
        std::size_t payload;
        std::size_t most;
    };
    const std::vector<Limit> limits = {
        /*  1 */ {kinds[0], 1, 128},
        /*  2 */ {kinds[1], 1, 128},
        /*  3 */ {kinds[2], 1, 64},
        /*  4 */ {kinds[3], 1, 64},
        /*  5 */ {kinds[0], 1460, 44},   // 64,280 bytes
        /*  6 */ {kinds[0], 13'099, 5},  // 65,535
        /*  7 */ {kinds[0], 8187, 7},    // 65,536 with one more
        /*  8 */ {kinds[1], 13'092, 5},  // 65,532
        /*  9 */ {kinds[1], 13'093, 4},  // 65,537 with one more
        /* 10 */ {kinds[2], 21'835, 3},  // 65,533
        /* 11 */ {kinds[3], 21'830, 2},  // 65,538 with one more
        /* 12 */ {kinds[0], 65'495, 1},
    };
    for (std::size_t i = 0; i < limits.size(); ++i) {
        SCOPED_TRACE(testing::Message() << "limit " << i + 1);
        const auto& [kind, payload, most] = limits[i];
        std::vector<Numbers> full(2, Numbers(most));
        std::iota(full[0].begin(), full[0].end(), 0);
        std::iota(full[1].begin(), full[1].end(), most);
        expect_cases(kind, {{std::vector<Step>(2 * most, Step{payload}), full}});
    }
}

TEST(Coalesce, MoreFlowsThanRunsLoseNothing) {
    for (const Kind& kind : kinds) {
        Sender sender;
        Receiver receiver;
        for (std::uint8_t flow = 0; flow < 20; ++flow)
            for (int i = 0; i < 2; ++i)
                receiver.add(sender.next(kind, {.flow = flow}));
        EXPECT_GT(receiver.writes().size(), 0u);   // the first flows' runs had to go
        EXPECT_LT(receiver.writes().size(), 20u);  // the latest ones wait
        receiver.flush();
        for (const Write& write : receiver.writes())
            EXPECT_EQ(write.pieces.size(), 2u);
        EXPECT_EQ(receiver.writes().size(), 20u);
    }
}

TEST(Coalesce, WithoutOffloadsEveryPacketIsWrittenAtOnce) {
    for (const Kind& kind : kinds) {
        // Only the other protocol's is on.
        Receiver receiver({.tcp = !kind.tcp, .udp = kind.tcp});
        Sender sender;
        for (int i = 0; i < 3; ++i)
            receiver.add(sender.next(kind, {}));
        expect_writes(receiver, {{0}, {1}, {2}});
    }
}

// Field by field: what `cut` understands might be wrong in the same way.
void expect_header(const Write& write, const Kind& kind) {
    const VirtioHeader& header = write.header;
    EXPECT_EQ(header.flags, 1);
    EXPECT_EQ(header.gso_type, kind.tcp ? kind.v6 ? 0x84 : 0x81 : 5);  // TCP: with ECN
    EXPECT_EQ(header.header_size, kind.header_size());
    EXPECT_EQ(header.gso_size, 1000);
    EXPECT_EQ(header.checksum_start, kind.ip_size());
    EXPECT_EQ(header.checksum_offset, kind.tcp ? 16 : 6);
}

void expect_first_header(const Packet& packet, const Kind& kind) {
    const std::size_t length = packet.size() - kind.ip_size();
    EXPECT_EQ(length, kind.header_size() - kind.ip_size() + 2300);
    EXPECT_EQ(get16(packet, kind.v6 ? 4 : 2), kind.v6 ? length : packet.size());
    EXPECT_TRUE(kind.v6 || fold(sum_of(Bytes(packet).first(20))) == 0xffff);
    EXPECT_TRUE(!kind.tcp || packet[kind.ip_size() + 13] == 0x98);  // CWR, ACK, PSH
    EXPECT_TRUE(kind.tcp || get16(packet, kind.ip_size() + 4) == length);
    const std::uint16_t partial = fold(pseudo_sum(packet, kind, length));
    EXPECT_EQ(std::memcmp(&partial, &packet[kind.sum_at()], sizeof partial), 0);
}

TEST(Coalesce, HeadersSayWhatTheDeviceHasToDo) {
    for (const Kind& kind : kinds) {
        Sender sender;
        Receiver receiver;
        receiver.add(sender.next(kind, {1000, ack | tcp_flag::cwr}));
        receiver.add(sender.next(kind, {1000}));
        receiver.add(sender.next(kind, {300, psh}));
        const Write write = receiver.writes().at(0);  // the last one ended the run
        expect_header(write, kind);
        expect_first_header(write.bytes, kind);
    }
}

class RandomStreams {
public:
    // Mostly what may be joined: each flow in bursts of one size.
    void play_turn(Receiver& receiver) {
        for (std::size_t bursts = at_most(40); bursts > 0; --bursts) {
            const auto flow = static_cast<std::uint8_t>(at_most(12));
            const std::size_t size = one_of(8) ? 1 + at_most(65'000) : 1 + at_most(1460);
            for (std::size_t count = at_most(size > 1460 ? 3 : 20) + 1; count > 0; --count)
                receiver.add(sender_.next(kinds[flow / 2 % 4], step(flow, size)));
        }
        receiver.flush();
    }

private:
    std::size_t at_most(std::size_t last) { return engine_() % (last + 1); }
    bool one_of(std::size_t count) { return at_most(count - 1) == 0; }

    Step step(std::uint8_t flow, std::size_t size) {
        Step step{size, ack, flow};
        if (one_of(20)) step.payload = at_most(size);
        if (one_of(20)) step.flags |= static_cast<std::uint8_t>(1 << at_most(7));
        if (one_of(20)) step.flaw = static_cast<Flaw>(at_most(6));
        // What a flow that counts its packets may not do where the device counts for it.
        if (step.flaw == gap && flow % 2 == 0) step.flaw = tampered;
        return step;
    }

    std::mt19937 engine_{20'240'607};
    Sender sender_;
};

using Flows = std::map<std::uint8_t, std::vector<Packet>>;

TEST(Coalesce, TheDeviceMakesTheVeryPacketsOfRandomStreams) {
    RandomStreams streams;
    Receiver receiver;
    std::size_t packets = 0, writes = 0;
    for (int turn = 0; turn < 60; ++turn) {
        Flows sent, made;
        streams.play_turn(receiver);
        for (const Packet& packet : std::exchange(receiver.sent, {}))
            sent[flow_of(packet)].push_back(packet), ++packets;
        for (const Write& write : receiver.writes()) {
            ++writes;
            ASSERT_LE(write.bytes.size(), 65'535u);
            for (Packet& packet : cut(write))
                made[flow_of(packet)].push_back(std::move(packet));
        }
        ASSERT_TRUE(made == sent) << turn;
        receiver.next_turn();
    }
    EXPECT_GT(packets, 5000u);
    EXPECT_LT(writes, packets / 2) << "hardly anything was joined";
}

}  // namespace
}  // namespace wgns
