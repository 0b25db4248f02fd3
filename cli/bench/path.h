// The near end of a tunnel that is there: this program in the network of an instance. The far end
// is a Server.
#pragma once

#include <sys/types.h>

#include <string>

#include "cli/bench/ends.h"
#include "cli/bench/session.h"

namespace wgns::bench {

class Path final : public Ends {
public:
    // Takes this program, which has one thread, into the network of the instance for good.
    // `interrupt` must outlive it.
    [[nodiscard]] static Result<Path, Failure> open(const std::string& instance,
                                                    const Endpoint& server,
                                                    const std::string& own_version,
                                                    const Interrupt& interrupt);

    // "NAME to ADDRESS:PORT".
    [[nodiscard]] std::string name() const;

    // Datagrams that the path would cut in pieces do not suit it.
    [[nodiscard]] bool suits(const Measure& measure) const override;
    [[nodiscard]] Result<Child, Failure> start_listener(const Task& task) override;
    [[nodiscard]] Result<Child, Failure> start_caller(std::uint16_t port,
                                                      const Task& task) override;
    [[nodiscard]] Result<ProcessUsage, Failure> usage() override;

private:
    Path(std::string instance, Session session, pid_t daemon, std::uint32_t payload_max)
        : instance_(std::move(instance)),
          session_(std::move(session)),
          daemon_(daemon),
          payload_max_(payload_max) {}

    std::string instance_;
    Session session_;
    pid_t daemon_;
    std::uint32_t payload_max_;  // of a datagram in one piece
};

}  // namespace wgns::bench
