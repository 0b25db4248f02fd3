// The three sessions a peer may have at once: the one in use, the one before it for packets still
// on their way, and, for a responder, the one that the initiator has not confirmed yet (kernel
// noise.c, add_new_keypair).
#pragma once

#include <array>
#include <memory>

#include "protocol/session.h"

namespace wgns {

class Keypairs {
public:
    // Sessions that are no longer reachable; the caller takes their indices out of the table.
    using Retired = std::array<std::unique_ptr<Session>, 3>;

    // A handshake was finished: current at once for the initiator; next, until confirmed, for the
    // responder.
    [[nodiscard]] Retired install(std::unique_ptr<Session> fresh) noexcept;
    // An authentic packet came under `session`. True: it confirmed `next`, which is current now.
    [[nodiscard]] bool confirm(const Session& session, Retired& retired) noexcept;
    [[nodiscard]] Retired clear() noexcept;

    // May be null.
    [[nodiscard]] Session* current() const noexcept { return current_.get(); }
    [[nodiscard]] Session* previous() const noexcept { return previous_.get(); }
    [[nodiscard]] Session* next() const noexcept { return next_.get(); }

private:
    std::unique_ptr<Session> previous_;
    std::unique_ptr<Session> current_;
    std::unique_ptr<Session> next_;
};

}  // namespace wgns
