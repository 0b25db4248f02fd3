#include "dataplane/mailbox.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <utility>

namespace wgns {

Result<Mailbox> Mailbox::create() {
    UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event) return Error{errno, "eventfd", {}, {}};
    return Mailbox(std::move(event));
}

// Only before the first post.
Mailbox::Mailbox(Mailbox&& other) noexcept : event_(std::move(other.event_)) {}

bool Mailbox::post(Command command) {
    const std::lock_guard lock(mutex_);
    const bool is_stop = std::holds_alternative<Stop>(command);
    if (waiting_.size() >= capacity && !is_stop) return false;
    waiting_.push_back(std::move(command));
    const std::uint64_t one = 1;
    if (::write(event_.get(), &one, sizeof one) == sizeof one || is_stop) return true;
    // Whoever is told that it was dropped may tell somebody else, and must not be answered as well.
    waiting_.pop_back();
    return false;
}

std::vector<Command> Mailbox::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
}

}  // namespace wgns
