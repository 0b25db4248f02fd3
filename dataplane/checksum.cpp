#include "dataplane/checksum.h"

#include <bit>
#include <cstring>

namespace wgns {

namespace {

std::uint16_t network_word(std::uint16_t host_order) noexcept {
    return std::endian::native == std::endian::little ? __builtin_bswap16(host_order) : host_order;
}

}  // namespace

Sum sum_of(Bytes bytes) noexcept {
    Sum sum = 0;
    for (; bytes.size() >= 4; bytes = bytes.subspan(4)) {
        std::uint32_t word;
        std::memcpy(&word, bytes.data(), sizeof word);
        sum += word;
    }
    if (!bytes.empty()) {
        std::uint32_t word = 0;
        std::memcpy(&word, bytes.data(), bytes.size());
        sum += word;
    }
    return sum;
}

Sum copy_and_sum(MutableBytes to, Bytes from) noexcept {
    copy_bytes(to, from);
    return sum_of(from);
}

Sum sum_of(std::uint16_t host_order) noexcept {
    return network_word(host_order);
}

std::uint16_t fold(Sum sum) noexcept {
    sum = (sum >> 32) + (sum & 0xffffffff);
    sum = (sum >> 32) + (sum & 0xffffffff);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    return static_cast<std::uint16_t>(sum);
}

Sum pseudo_header_sum(Bytes source, Bytes destination, std::uint8_t protocol,
                      std::size_t length) noexcept {
    // A length of 16 bits and more is the sum of its halves.
    return sum_of(source) + sum_of(destination) + sum_of(std::uint16_t{protocol}) +
           sum_of(static_cast<std::uint16_t>(length)) +
           sum_of(static_cast<std::uint16_t>(length >> 16));
}

void store_checksum(MutableBytes field, Sum sum, bool udp) noexcept {
    auto checksum = static_cast<std::uint16_t>(~fold(sum));
    if (udp && checksum == 0) checksum = 0xffff;
    WG_ASSERT(field.size() >= sizeof checksum);
    std::memcpy(field.data(), &checksum, sizeof checksum);
}

}  // namespace wgns
