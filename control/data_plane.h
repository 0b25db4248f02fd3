// The data plane of an instance: its workers on their threads, and all that they need to live.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/aead_choice.h"
#include "crypto/random.h"
#include "dataplane/io.h"
#include "dataplane/workers.h"
#include "netns/link.h"
#include "protocol/device_change.h"

namespace wgns {

// The parts that a user may choose, as the options of the same names spell them.
struct DataPlaneWords {
    std::string io = "auto";
    std::string aead = "auto";
    std::string offloads = "all";
    std::string workers = "auto";
};
struct DataPlaneChoice {
    IoKind io = IoKind::automatic;
    AeadKind aead = AeadKind::automatic;
    Offloads offloads{true, true};
    unsigned workers = 1;  // 1 to Workers::count_max
};
// `workers` is "auto", which is one up to two processors and then one for every two, or a number.
[[nodiscard]] Result<DataPlaneChoice> choose(const DataPlaneWords& words);

// What the device is from its first packet on.
struct Beginning {
    std::optional<std::uint32_t> mtu;
    DeviceChange change;
};

// What came of a choice.
struct DataPlaneFacts {
    std::string io_reason;    // why not the first choice; may be empty
    std::string aead_reason;  // likewise
    Offloads offloads;        // that the TUN device has accepted
    unsigned workers = 0;
};

class DataPlane {
public:
    // `ports`: what was opened for each worker, however many were chosen; offloads, trains and the
    // mailbox are seen to here. `on_end` is called on a worker's thread when the TUN device is
    // gone.
    static Result<std::unique_ptr<DataPlane>> start(const DataPlaneChoice& choice,
                                                    std::vector<Ports> ports, Beginning beginning,
                                                    std::function<void()> on_end);

    // As Workers has it.
    [[nodiscard]] bool post(Command command) { return workers_->post(std::move(command)); }
    // The interface as it is now: its MTU, and whether it is up. False as in post.
    [[nodiscard]] bool follow(const Link& link);
    void replace_udp(std::vector<SetUdp> sockets, std::function<void(int error)> done) {
        workers_->replace_udp(std::move(sockets), std::move(done));
    }
    [[nodiscard]] const DataPlaneFacts& facts() const noexcept { return facts_; }

private:
    DataPlane() = default;

    SystemClock clock_;
    SystemEntropy entropy_;
    DataPlaneFacts facts_;
    bool is_up_ = true;  // as the device believes
    std::unique_ptr<Workers> workers_;
};

}  // namespace wgns
