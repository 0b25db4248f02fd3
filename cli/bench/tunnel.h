// A tunnel between two hosts, one implementation at both ends, ready for traffic.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "cli/bench/ends.h"
#include "cli/bench/host.h"
#include "cli/bench/network.h"
#include "crypto/secret.h"

namespace wgns::bench {

class Tunnel final : public Ends {
public:
    // Everything, up to the first answer through the tunnel. `command` is a line for the shell with
    // {} for the interface; empty: this program. `interrupt` must outlive it.
    [[nodiscard]] static Result<Tunnel, Failure> open(const std::string& command,
                                                      const Interrupt& interrupt);

    [[nodiscard]] const Namespace& at(Side side) const noexcept { return network_.of(side); }
    [[nodiscard]] Host& host(Side side) noexcept { return hosts_[number(side)]; }
    // Of the daemon there.
    [[nodiscard]] const PublicKey& public_key(Side side) const noexcept {
        return public_keys_[number(side)];
    }
    // From the start of the first daemon to the first answer.
    [[nodiscard]] double start_seconds() const noexcept { return start_seconds_; }

    // The first host calls, the second one listens.
    [[nodiscard]] bool suits(const Measure& /*measure*/) const override { return true; }
    [[nodiscard]] Result<Child, Failure> start_listener(const Task& task) override;
    [[nodiscard]] Result<Child, Failure> start_caller(std::uint16_t port,
                                                      const Task& task) override;
    [[nodiscard]] Result<ProcessUsage, Failure> usage() override;

private:
    Tunnel(Network network, Host first, Host second, const Interrupt& interrupt)
        : network_(std::move(network)),
          hosts_{std::move(first), std::move(second)},
          interrupt_(&interrupt) {}
    [[nodiscard]] Result<Done, Failure> start(const std::string& command);
    [[nodiscard]] Result<Done, Failure> configure();
    // On CLOCK_MONOTONIC.
    [[nodiscard]] Result<double, Failure> first_answer() const;

    Network network_;
    std::array<Host, 2> hosts_;
    std::array<PublicKey, 2> public_keys_;
    const Interrupt* interrupt_;
    double start_seconds_ = 0;
};

// The first line of what the implementation says to --version; empty where it says nothing of the
// kind.
[[nodiscard]] Result<std::string, Failure> version_of(const std::string& command,
                                                      const Interrupt& interrupt);

}  // namespace wgns::bench
