// Frames whose two headers, the virtio-net header and the packet's, do not agree.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "dataplane/superpacket.h"
#include "tests/dataplane/superpacket_model.h"

namespace wgns {
namespace {

using model::Packet;
using model::Shape;

struct Lie {
    const char* what;
    Drop drop;
    std::function<void(Packet& frame, VirtioHeader& header)> tell;
};

constexpr std::size_t ip = VirtioHeader::size;
constexpr auto bad = Drop::bad_virtio_header;

// The packet ends early, and says so.
auto ends_at(std::size_t length) {
    return [length](Packet& frame, VirtioHeader&) {
        const bool v4 = frame[ip] / 16 == 4;
        frame.resize(ip + length);
        model::put16(frame, ip + (v4 ? 2 : 4), v4 ? length : length - 40);
    };
}

void expect_each_is_caught(const Shape& shape, const std::vector<Lie>& lies) {
    std::mt19937 random(13);
    for (std::size_t i = 0; i < lies.size(); ++i) {
        Packet frame = model::make_frame(shape, random);
        VirtioHeader header = model::virtio_header(shape);
        ASSERT_TRUE(Superpacket::parse(frame));
        lies[i].tell(frame, header);
        if (frame.size() >= VirtioHeader::size) header.write(frame);
        // Of just that size, so that AddressSanitizer sees the byte after.
        const auto superpacket = Superpacket::parse(Packet(frame));
        ASSERT_FALSE(superpacket) << "case " << i + 1 << ": " << lies[i].what;
        EXPECT_EQ(superpacket.error(), lies[i].drop) << "case " << i + 1 << ": " << lies[i].what;
    }
}

TEST(SuperpacketLies, OfAnIpv4TcpFrame) {
    expect_each_is_caught(
        {.payload = 1500},
        {
            /*  1 */ {"no bytes", bad, [](Packet& f, auto&) { f.clear(); }},
            /*  2 */ {"header cut short", bad, [](Packet& f, auto&) { f.resize(9); }},
            /*  3 */ {"no packet", Drop::not_ip, [](Packet& f, auto&) { f.resize(10); }},
            /*  4 */ {"frame cut short", Drop::not_ip, [](Packet& f, auto&) { f.pop_back(); }},
            /*  5 */ {"version 5", Drop::not_ip, [](Packet& f, auto&) { f[ip] = 0x55; }},
            /*  6 */ {"IHL 4", Drop::not_ip, [](Packet& f, auto&) { f[ip] = 0x44; }},
            /*  7 */ {"IHL 6, TCP at 20", bad, [](Packet& f, auto&) { f[ip] = 0x46; }},
            /*  8 */ {"longer by IP", Drop::not_ip, [](Packet& f, auto&) { f[ip + 2] += 1; }},
            /*  9 */ {"only an IP header", bad, ends_at(20)},
            /* 10 */ {"TCP header cut short", bad, ends_at(39)},
            /* 11 */ {"more fragments", bad, [](Packet& f, auto&) { f[ip + 6] = 0x20; }},
            /* 12 */ {"a later fragment", bad, [](Packet& f, auto&) { f[ip + 7] = 1; }},
            /* 13 */ {"UDP's packet", bad, [](Packet& f, auto&) { f[ip + 9] = 17; }},
            /* 14 */ {"data offset 4", bad, [](Packet& f, auto&) { f[ip + 32] = 0x40; }},
            /* 15 */ {"data offset 0", bad, [](Packet& f, auto&) { f[ip + 32] = 0; }},
            /* 16 */
            {"options past the end", bad,
             [](Packet& f, VirtioHeader& h) {
                 ends_at(79)(f, h);
                 f[ip + 32] = 0xf0;
             }},
            /* 17 */ {"no checksum needed", bad, [](auto&, VirtioHeader& h) { h.flags = 2; }},
            /* 18 */ {"TCP over IPv6", bad, [](auto&, VirtioHeader& h) { h.gso_type = 4; }},
            /* 19 */ {"USO", bad, [](auto&, VirtioHeader& h) { h.gso_type = 5; }},
            /* 20 */ {"UFO", bad, [](auto&, VirtioHeader& h) { h.gso_type = 3; }},
            /* 21 */ {"type 2", bad, [](auto&, VirtioHeader& h) { h.gso_type = 2; }},
            /* 22 */ {"type 0x11", bad, [](auto&, VirtioHeader& h) { h.gso_type = 0x11; }},
            /* 23 */ {"in a tunnel", bad, [](auto&, VirtioHeader& h) { h.gso_type = 0x21; }},
            /* 24 */ {"ECN alone", bad, [](auto&, VirtioHeader& h) { h.gso_type = 0x80; }},
            /* 25 */ {"size 0", bad, [](auto&, VirtioHeader& h) { h.gso_size = 0; }},
            /* 26 */ {"sum from 0", bad, [](auto&, VirtioHeader& h) { h.checksum_start = 0; }},
            /* 27 */ {"sum from 19", bad, [](auto&, VirtioHeader& h) { h.checksum_start = 19; }},
            /* 28 */ {"sum from 24", bad, [](auto&, VirtioHeader& h) { h.checksum_start = 24; }},
            /* 29 */ {"from 65535", bad, [](auto&, VirtioHeader& h) { h.checksum_start = 65'535; }},
            /* 30 */ {"sum to 6", bad, [](auto&, VirtioHeader& h) { h.checksum_offset = 6; }},
            /* 31 */ {"to 65535", bad, [](auto&, VirtioHeader& h) { h.checksum_offset = 65'535; }},
        });
}

TEST(SuperpacketLies, OfAUdpFrame) {
    expect_each_is_caught(
        {.udp = true, .payload = 1500},
        {
            /*  1 */ {"TCP's packet", bad, [](Packet& f, auto&) { f[ip + 9] = 6; }},
            /*  2 */ {"ECN", bad, [](auto&, VirtioHeader& h) { h.gso_type = 0x85; }},
            /*  3 */ {"TSO", bad, [](auto&, VirtioHeader& h) { h.gso_type = 1; }},
            /*  4 */ {"no checksum needed", bad, [](auto&, VirtioHeader& h) { h.flags = 0; }},
            /*  5 */ {"size 0", bad, [](auto&, VirtioHeader& h) { h.gso_size = 0; }},
            /*  6 */ {"sum to 16", bad, [](auto&, VirtioHeader& h) { h.checksum_offset = 16; }},
            /*  7 */ {"sum from 28", bad, [](auto&, VirtioHeader& h) { h.checksum_start = 28; }},
            /*  8 */ {"UDP header cut short", bad, ends_at(27)},
            /*  9 */ {"a fragment", bad, [](Packet& f, auto&) { f[ip + 6] = 0x20; }},
        });
}

TEST(SuperpacketLies, OfAnIpv6Frame) {
    // Hop-by-hop options at 40, destination options at 48, TCP at 64.
    expect_each_is_caught(
        {.version = 6, .payload = 1500, .ip_extra = 24},
        {
            /*  1 */ {"TCP over IPv4", bad, [](auto&, VirtioHeader& h) { h.gso_type = 1; }},
            /*  2 */ {"longer by IP", Drop::not_ip, [](Packet& f, auto&) { f[ip + 4] += 1; }},
            /*  3 */ {"a jumbogram", bad, [](Packet& f, auto&) { model::put16(f, ip + 4, 0); }},
            /*  4 */
            {"mapped source", Drop::not_ip,
             [](Packet& f, auto&) {
                 std::fill_n(f.begin() + ip + 8, 10, std::uint8_t{0});
                 model::put16(f, ip + 18, 0xffff);
             }},
            /*  5 */ {"TCP at once", bad, [](Packet& f, auto&) { f[ip + 6] = 6; }},
            /*  6 */ {"TCP before its place", bad, [](Packet& f, auto&) { f[ip + 40] = 6; }},
            /*  7 */ {"UDP in its place", bad, [](Packet& f, auto&) { f[ip + 48] = 17; }},
            /*  8 */ {"a fragment", bad, [](Packet& f, auto&) { f[ip + 40] = 44; }},
            /*  9 */ {"authenticated", bad, [](Packet& f, auto&) { f[ip + 40] = 51; }},
            /* 10 */ {"no next header", bad, [](Packet& f, auto&) { f[ip + 40] = 59; }},
            /* 11 */ {"extension too short", bad, [](Packet& f, auto&) { f[ip + 49] = 0; }},
            /* 12 */ {"extension past the end", bad, [](Packet& f, auto&) { f[ip + 49] = 255; }},
            /* 13 */ {"cut before an extension", bad, ends_at(48)},
            /* 14 */ {"cut in an extension", bad, ends_at(55)},
            /* 15 */ {"cut behind its extensions", bad, ends_at(64)},
            /* 16 */ {"sum from 40", bad, [](auto&, VirtioHeader& h) { h.checksum_start = 40; }},
            /* 17 */ {"sum from 48", bad, [](auto&, VirtioHeader& h) { h.checksum_start = 48; }},
            /* 18 */
            {"TCP past the end", bad,
             [](Packet& f, VirtioHeader& h) {
                 h.checksum_start = 48 + 256 * 8;
                 f[ip + 49] = 255;
             }},
        });
}

}  // namespace
}  // namespace wgns
