// The loop that carries packets: one thread with its own ports, buffers and turn, on a device that
// it may share with other workers.
#pragma once

#include <memory>

#include "base/clock.h"
#include "crypto/aead.h"
#include "dataplane/egress.h"
#include "dataplane/ingress.h"
#include "dataplane/io.h"
#include "dataplane/mailbox.h"
#include "dataplane/shared_device.h"
#include "dataplane/turn.h"

namespace wgns {

class Worker {
public:
    // `device`, `mailbox` and `clock` outlive the worker.
    Worker(std::unique_ptr<Io> io, std::unique_ptr<Aead> aead, SharedDevice& device,
           Mailbox& mailbox, const Clock& clock);

    // Carries out the commands that were posted so far, before any packet is taken. On the thread
    // that runs, first.
    void begin();
    // Until a Stop command, or until the TUN device is gone.
    void run();
    // One turn of the loop. False: stop.
    [[nodiscard]] bool turn();

private:
    [[nodiscard]] Duration longest_wait() const;
    void run_device(Moment moment);
    void apply(const SharedDevice::Guard& device, Command& command, Moment moment);
    [[nodiscard]] WorkerSnapshot snapshot(const SharedDevice::Guard& device) const;

    std::unique_ptr<Aead> aead_;
    SharedDevice& device_;
    Mailbox& mailbox_;
    const Clock& clock_;
    Ingress ingress_;
    Egress egress_;
    Turn turn_;
    std::unique_ptr<Io> io_;  // behind the turn: what is on its way belongs to the turn's pool
    TimePoint deadline_;      // of the device, when the last turn ended
    bool stopping_ = false;
};

}  // namespace wgns
