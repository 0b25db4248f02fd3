#include "dataplane/virtio_header.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>

namespace wgns {
namespace {

static_assert(std::endian::native == std::endian::little, "the bytes below are such a machine's");

TEST(VirtioHeader, ReadsTheFieldsOfVirtioNetHdrInTheirOrder) {
    const std::array<std::uint8_t, VirtioHeader::size> bytes{1,    0x84, 0x02, 0x01, 0x04,
                                                             0x03, 0x06, 0x05, 0x08, 0x07};
    const auto header = VirtioHeader::read(bytes);
    EXPECT_EQ(header.flags, VirtioHeader::needs_checksum);
    EXPECT_EQ(header.gso_type, VirtioHeader::tcp_v6 | VirtioHeader::ecn);
    EXPECT_EQ(header.header_size, 0x0102);
    EXPECT_EQ(header.gso_size, 0x0304);
    EXPECT_EQ(header.checksum_start, 0x0506);
    EXPECT_EQ(header.checksum_offset, 0x0708);
}

TEST(VirtioHeader, WritesWhatItRead) {
    std::array<std::uint8_t, VirtioHeader::size> bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    std::array<std::uint8_t, VirtioHeader::size> copy{};
    VirtioHeader::read(bytes).write(copy);
    EXPECT_EQ(copy, bytes);
}

}  // namespace
}  // namespace wgns
