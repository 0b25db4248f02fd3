// What secret_remains_test orders of the process that it looks into, one datagram each: the order,
// then what it is about.
#pragma once

namespace wgns::order {

inline constexpr char peer = 'p';       // public key, preshared key: the only peer, at 192.0.2.2
inline constexpr char remove = 'r';     // its public key
inline constexpr char key = 'k';        // another private key
inline constexpr char receive = 'd';    // a datagram of the peer's
inline constexpr char handshake = 'h';  // begin one
inline constexpr char send = 's';       // a packet to the peer
inline constexpr char step = 't';       // 100 ms pass
// What is said in answer: datagrams for the peer, and then this one byte.
inline constexpr char done = '.';

}  // namespace wgns::order
