#include "dataplane/workers.h"

#include <cerrno>
#include <latch>
#include <memory>
#include <utility>

namespace wgns {

Result<std::unique_ptr<Workers>> Workers::create(unsigned count, const Clock& clock,
                                                 Entropy& entropy) {
    WG_ASSERT(count >= 1 && count <= count_max);
    std::unique_ptr<Workers> workers(new Workers(clock, entropy));
    for (unsigned number = 0; number < count; ++number) {
        auto mailbox = Mailbox::create();
        if (!mailbox) return mailbox.error();
        workers->mailboxes_.push_back(*std::move(mailbox));
    }
    return workers;
}

Workers::~Workers() {
    if (threads_.empty()) return;
    has_ended_ = true;
    for (Mailbox& mailbox : mailboxes_) {
        const bool posted = mailbox.post(Stop{});
        WG_ASSERT(posted);
    }
    for (std::thread& thread : threads_)
        thread.join();
}

void Workers::start(std::vector<Parts> parts, std::function<void()> on_end) {
    WG_ASSERT(parts.size() == mailboxes_.size() && workers_.empty());
    for (std::size_t i = 0; i < parts.size(); ++i)
        workers_.emplace_back(std::move(parts[i].io), std::move(parts[i].aead), device_,
                              mailboxes_[i], clock_);
    for (Worker& worker : workers_) {
        std::latch has_begun(1);
        threads_.emplace_back([this, &worker, &has_begun, on_end] {
            worker.begin();
            has_begun.count_down();
            worker.run();
            if (!has_ended_.exchange(true)) on_end();
        });
        has_begun.wait();
    }
}

void Workers::replace_udp(std::vector<SetUdp> sockets, std::function<void(int error)> done) {
    WG_ASSERT(sockets.size() == mailboxes_.size());
    struct Replacing {
        explicit Replacing(std::size_t count) : left(count) {}
        std::atomic<std::size_t> left;
        std::atomic<int> error = 0;
        std::function<void(int error)> done;
    };
    const auto replacing = std::make_shared<Replacing>(sockets.size());
    replacing->done = std::move(done);
    const auto answered = [replacing](int error) {
        int none = 0;
        if (error != 0) replacing->error.compare_exchange_strong(none, error);
        if (--replacing->left == 0) replacing->done(replacing->error);
    };
    for (std::size_t i = 0; i < sockets.size(); ++i) {
        sockets[i].done = answered;
        if (!mailboxes_[i].post(std::move(sockets[i]))) answered(EBUSY);
    }
}

}  // namespace wgns
