// The workers of an instance and the device that they share.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/aead.h"
#include "crypto/secret_pages.h"
#include "dataplane/io.h"
#include "dataplane/mailbox.h"
#include "dataplane/shared_device.h"
#include "dataplane/worker.h"

namespace wgns {

// The device that they share has the private key.
class Workers : public InSecretPages {
public:
    // More add nothing: the device, which they share, would be what they wait for.
    static constexpr unsigned count_max = 8;

    // `clock` and `entropy` outlive the workers.
    static Result<std::unique_ptr<Workers>> create(unsigned count, const Clock& clock,
                                                   Entropy& entropy);
    // Stops them and waits until they have.
    ~Workers();

    [[nodiscard]] unsigned count() const noexcept {
        return static_cast<unsigned>(mailboxes_.size());
    }
    // For the Ports of worker `number`, 0 to count() - 1.
    [[nodiscard]] int mailbox_event(unsigned number) const noexcept {
        return mailboxes_[number].event_fd();
    }

    struct Parts {
        std::unique_ptr<Io> io;
        std::unique_ptr<Aead> aead;
    };
    // Starts a thread for each of count() parts. What was posted before is done when it returns,
    // and was before the first packet. `on_end` is called once, on a worker's thread, when the TUN
    // device is gone. Once only.
    void start(std::vector<Parts> parts, std::function<void()> on_end);

    // Any thread. What the workers have in common, whichever applies it: all but SetUdp. False: too
    // many wait.
    [[nodiscard]] bool post(Command command) { return mailboxes_.front().post(std::move(command)); }
    // Any thread. Other sockets, one SetUdp for each of count() workers with no `done` of its own.
    // `done` is called once, on a worker's thread, with the first error or 0.
    void replace_udp(std::vector<SetUdp> sockets, std::function<void(int error)> done);

private:
    Workers(const Clock& clock, Entropy& entropy) : clock_(clock), device_(entropy) {}

    const Clock& clock_;
    SharedDevice device_;
    std::deque<Mailbox> mailboxes_;
    std::deque<Worker> workers_;
    std::vector<std::thread> threads_;
    std::atomic<bool> has_ended_ = false;
};

}  // namespace wgns
