// A connection of any family, as one of Asio's sockets.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>

#include "base/unique_fd.h"

namespace wgns {

using StreamSocket = boost::asio::generic::stream_protocol::socket;

// Gives `fd` to `socket`, which is closed, or closes it. Returns 0 or errno.
int adopt(StreamSocket& socket, UniqueFd fd);

// Closes so that the other side sees a reset and not an end.
void reset_connection(StreamSocket& socket);

}  // namespace wgns
