#include "control/stream_socket.h"

#include <sys/socket.h>

namespace wgns {

namespace asio = boost::asio;
using boost::system::error_code;

int adopt(StreamSocket& socket, UniqueFd fd) {
    error_code error;
    // The family matters to nobody once the socket is there.
    socket.assign(asio::generic::stream_protocol(AF_UNIX, 0), fd.get(), error);
    if (!error) static_cast<void>(fd.release());
    return error.value();
}

void reset_connection(StreamSocket& socket) {
    error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
}

}  // namespace wgns
