// What a ReplayWindow has to say of a counter, found in a set of all that were accepted.
#pragma once

#include <cstdint>
#include <set>

#include "protocol/limits.h"
#include "protocol/replay_window.h"

namespace wgns {

class ReplayWindowModel {
public:
    bool accept(std::uint64_t counter) {
        if (counter >= limits::reject_after_messages) return false;
        if (!seen_.empty() && *seen_.rbegin() > counter &&
            *seen_.rbegin() - counter > ReplayWindow::size)
            return false;
        return seen_.insert(counter).second;
    }
    std::uint64_t newest() const { return seen_.empty() ? 0 : *seen_.rbegin(); }

private:
    std::set<std::uint64_t> seen_;
};

}  // namespace wgns
