// io_uring's part of the plan, see faulty_ring.cpp.
#pragma once

namespace wgns::faults {

// Whether this thread waits by io_uring.
bool thread_has_ring() noexcept;

}  // namespace wgns::faults
