// The near end's side of a Server (service.h): held for a whole run, so that nobody else measures
// there meanwhile.
#pragma once

#include <string>

#include "cli/bench/task.h"

namespace wgns::bench {

class Session {
public:
    // From whatever network this program is in. `interrupt` must outlive it.
    [[nodiscard]] static Result<Session, Failure> begin(const Endpoint& server,
                                                        const std::string& own_version,
                                                        const Interrupt& interrupt);

    // Over there; it ends when the child here is gone.
    [[nodiscard]] Result<Child, Failure> start_listener(const Task& task) const;
    [[nodiscard]] const Endpoint& server() const noexcept { return server_; }

private:
    Session(const Endpoint& server, Child connection, std::string token, const Interrupt& interrupt)
        : server_(server),
          connection_(std::move(connection)),
          token_(std::move(token)),
          interrupt_(&interrupt) {}

    Endpoint server_;
    Child connection_;
    std::string token_;
    const Interrupt* interrupt_;
};

}  // namespace wgns::bench
