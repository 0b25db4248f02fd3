#include "protocol/keypairs.h"

#include <utility>

namespace wgns {

Keypairs::Retired Keypairs::install(std::unique_ptr<Session> fresh) noexcept {
    Retired retired;
    retired[0] = std::move(previous_);
    if (!fresh->is_initiator) {
        retired[1] = std::exchange(next_, std::move(fresh));
        return retired;
    }
    // A session that we answered for and that was never confirmed is newer than the current one.
    if (next_) {
        retired[1] = std::move(current_);
        previous_ = std::move(next_);
    } else {
        previous_ = std::move(current_);
    }
    current_ = std::move(fresh);
    return retired;
}

bool Keypairs::confirm(const Session& session, Retired& retired) noexcept {
    if (&session != next_.get()) return false;
    retired[0] = std::exchange(previous_, std::move(current_));
    current_ = std::move(next_);
    return true;
}

Keypairs::Retired Keypairs::clear() noexcept {
    return {std::move(previous_), std::move(current_), std::move(next_)};
}

}  // namespace wgns
