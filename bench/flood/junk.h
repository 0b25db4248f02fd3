// Datagrams that a daemon must not answer, or, with a genuine mac1, only with a cookie under load.
#pragma once

#include <string>
#include <vector>

#include "bench/flood/link.h"
#include "cli/bench/initiators.h"

namespace wgns::bench {

using Datagrams = std::vector<std::vector<std::uint8_t>>;

// A peer of the daemon's that has a session with it, and uses it to be a nuisance.
class Insider {
public:
    Insider(const PublicKey& daemon, const Endpoint& to) : peer_(1, daemon), link_(to) {}

    [[nodiscard]] const Initiators& peer() const noexcept { return peer_; }
    // Shakes hands. Ends the program where nobody answers.
    void connect(const Clock& clock);
    [[nodiscard]] const SessionKeys& session() const noexcept { return session_; }

private:
    Initiators peer_;
    Link link_;
    SessionKeys session_;
};

// A batch, to be sent over and over. `kind` is one that flood.cpp names.
[[nodiscard]] Datagrams make_junk(const std::string& kind, const PublicKey& daemon,
                                  const Insider& insider, TimePoint now);

}  // namespace wgns::bench
