// The bytes of one stream connection, carried to another and back, with a pause where either side
// does not take them, and the end of each direction on its own (tcp(7)). One thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "control/stream_socket.h"

namespace wgns {

// Lives as long as one of its operations is under way.
class CarriedConnection : public std::enable_shared_from_this<CarriedConnection> {
public:
    // What waits in one direction, at most; nothing is kept while nobody sends.
    static constexpr std::size_t buffer_bytes = std::size_t{64} * 1024;

    // `ended` is called once, on the sockets' context, when both sides are closed: after both
    // directions came to their end, or after an error on one side, which the other sees as a reset.
    static void start(StreamSocket one, StreamSocket other, std::function<void()> ended);

    CarriedConnection(StreamSocket one, StreamSocket other, std::function<void()> ended);

private:
    struct Direction {
        StreamSocket& from;
        StreamSocket& to;
        std::vector<char> left = {};  // received, and not taken yet by the other side
        bool is_over = false;
    };

    void wait(Direction& way);
    void carry(Direction& way);
    void carry_rest(Direction& way);
    void end(Direction& way);
    void break_off();
    void close();

    StreamSocket one_, other_;
    Direction there_{one_, other_};
    Direction back_{other_, one_};
    std::function<void()> ended_;
};

}  // namespace wgns
