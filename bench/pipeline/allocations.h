// How often this thread has called operator new: a data plane at work must not.
#pragma once

#include <cstdint>

namespace wgns::bench {

[[nodiscard]] std::uint64_t allocations() noexcept;

}  // namespace wgns::bench
