// The two ends of a tunnel, where work is started: the near one calls, the far one listens.
#pragma once

#include "cli/bench/process_usage.h"
#include "cli/bench/task.h"

namespace wgns::bench {

class Ends {
public:
    virtual ~Ends() = default;

    // Whether it can be carried out here.
    [[nodiscard]] virtual bool suits(const Measure& measure) const = 0;
    // Both give what the children say of it (traffic.h). One listener a kind of socket (TCP or UDP)
    // at a time: a later one may end the one before.
    [[nodiscard]] virtual Result<Child, Failure> start_listener(const Task& task) = 0;
    [[nodiscard]] virtual Result<Child, Failure> start_caller(std::uint16_t port,
                                                              const Task& task) = 0;
    // Of the daemons that can be seen from here: CPU together, and the larger one's memory.
    [[nodiscard]] virtual Result<ProcessUsage, Failure> usage() = 0;

protected:
    Ends() = default;
    Ends(const Ends&) = default;
    Ends(Ends&&) = default;
    Ends& operator=(const Ends&) = default;
    Ends& operator=(Ends&&) = default;
};

}  // namespace wgns::bench
