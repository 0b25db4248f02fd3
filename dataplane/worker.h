// The loop that carries packets: one thread that owns a device, its peers, its ports and its
// buffers.
#pragma once

#include <memory>

#include "base/clock.h"
#include "crypto/aead.h"
#include "crypto/random.h"
#include "dataplane/egress.h"
#include "dataplane/ingress.h"
#include "dataplane/io.h"
#include "dataplane/mailbox.h"
#include "dataplane/turn.h"
#include "protocol/device.h"

namespace wgns {

class Worker {
public:
    // `mailbox`, `clock` and `entropy` outlive the worker.
    Worker(std::unique_ptr<Io> io, std::unique_ptr<Aead> aead, Mailbox& mailbox, const Clock& clock,
           Entropy& entropy);

    // Until a Stop command, or until the TUN device is gone.
    void run();
    // One turn of the loop. False: stop.
    [[nodiscard]] bool turn();

private:
    [[nodiscard]] Duration longest_wait() const;
    void apply_commands(Moment moment);
    void apply(Command& command, Moment moment);
    [[nodiscard]] WorkerSnapshot snapshot() const;

    std::unique_ptr<Io> io_;
    std::unique_ptr<Aead> aead_;
    Mailbox& mailbox_;
    const Clock& clock_;
    Device device_;
    Ingress ingress_;
    Egress egress_;
    Turn turn_;
    bool stopping_ = false;
};

}  // namespace wgns
