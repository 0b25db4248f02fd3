// Any bytes as the control messages of a received train, and as a train to send: nothing is read
// out of bounds, and the messages that we write are read as what they were written from.
#include <algorithm>
#include <vector>

#include "base/assert.h"
#include "dataplane/udp_socket.h"
#include "reader.h"

namespace {

using wgns::Endpoint;
using wgns::ReceivedTrain;

sockaddr_storage sender(wgns::fuzz::Reader& reader) {
    sockaddr_storage address{};
    const auto raw = reader.take(28);
    std::copy(raw.begin(), raw.end(), reinterpret_cast<std::uint8_t*>(&address));
    if (reader.byte() % 4 != 0) address.ss_family = reader.byte() % 2 != 0 ? AF_INET : AF_INET6;
    return address;
}

void check_received(wgns::fuzz::Reader& reader) {
    const sockaddr_storage from = sender(reader);
    std::vector<std::uint8_t> payload(reader.word());
    const auto control = reader.take(wgns::receive_control_size);
    const ReceivedTrain train = wgns::read_train(from, control, payload);
    WG_ASSERT(train.bytes.data() == payload.data() && train.bytes.size() == payload.size());
    // Or cutting it up would not end.
    WG_ASSERT(payload.empty() || train.segment_size > 0);
}

void check_sent(wgns::fuzz::Reader& reader) {
    static std::vector<std::uint8_t> buffer(wgns::Train::bytes_max);
    wgns::Train train;
    train.to = wgns::from_sockaddr(sender(reader));
    train.to.local = wgns::from_sockaddr(sender(reader)).address;
    train.to.local_interface = reader.byte();
    train.tos = reader.byte();
    train.data = buffer.data();
    train.segment_size = reader.word() % 1500u + 1u;
    train.count = reader.byte() % wgns::Train::old_segments_max + 1u;
    train.used = std::min<std::uint32_t>(train.segment_size * train.count, wgns::Train::bytes_max);
    wgns::SendMessage message;
    message.set(train);
    const msghdr& header = message.header;
    WG_ASSERT(header.msg_controllen <= wgns::send_control_size);
    WG_ASSERT(header.msg_namelen <= sizeof(sockaddr_storage));
    WG_ASSERT(header.msg_iovlen == 1 && header.msg_iov->iov_len == train.used);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wgns::fuzz::Reader reader({data, size});
    check_received(reader);
    if (!reader.done()) check_sent(reader);
    return 0;
}
