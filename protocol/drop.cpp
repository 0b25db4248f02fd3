#include "protocol/drop.h"

namespace wgns {

std::string_view drop_name(Drop reason) noexcept {
    // No default: the compiler names a reason that has no word.
    switch (reason) {
        case Drop::receive_queue_full:
            return "receive_queue_full";
        case Drop::truncated_datagram:
            return "truncated_datagram";
        case Drop::not_wireguard:
            return "not_wireguard";
        case Drop::unknown_index:
            return "unknown_index";
        case Drop::expired_session:
            return "expired_session";
        case Drop::bad_tag:
            return "bad_tag";
        case Drop::replayed_packet:
            return "replayed_packet";
        case Drop::not_ip:
            return "not_ip";
        case Drop::bad_source:
            return "bad_source";
        case Drop::handshake_backlog_full:
            return "handshake_backlog_full";
        case Drop::link_down:
            return "link_down";
        case Drop::no_private_key:
            return "no_private_key";
        case Drop::bad_mac1:
            return "bad_mac1";
        case Drop::cookie_demanded:
            return "cookie_demanded";
        case Drop::rate_limited:
            return "rate_limited";
        case Drop::bad_point:
            return "bad_point";
        case Drop::unknown_peer:
            return "unknown_peer";
        case Drop::own_key:
            return "own_key";
        case Drop::replayed_initiation:
            return "replayed_initiation";
        case Drop::initiation_flood:
            return "initiation_flood";
        case Drop::unexpected_response:
            return "unexpected_response";
        case Drop::unexpected_cookie:
            return "unexpected_cookie";
        case Drop::no_index:
            return "no_index";
        case Drop::bad_virtio_header:
            return "bad_virtio_header";
        case Drop::no_peer:
            return "no_peer";
        case Drop::no_endpoint:
            return "no_endpoint";
        case Drop::staged_overflow:
            return "staged_overflow";
        case Drop::staged_expired:
            return "staged_expired";
        case Drop::too_big:
            return "too_big";
        case Drop::no_buffer:
            return "no_buffer";
        case Drop::send_failed:
            return "send_failed";
        case Drop::tun_write_failed:
            return "tun_write_failed";
    }
    return "unknown";
}

}  // namespace wgns
