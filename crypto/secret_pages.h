// Memory for objects that hold keys for long. Its pages are left out of core dumps, are empty in a
// forked child, stay out of swap as far as RLIMIT_MEMLOCK goes, and have a page on either side that
// nobody may touch (madvise(2), mlock(2)). Wiping is for Secret to see to.
#pragma once

#include <cstddef>
#include <memory_resource>
#include <new>
#include <span>

namespace wgns {

// For any thread; lives as long as the process.
[[nodiscard]] std::pmr::memory_resource& secret_pages();

// What it takes pages with: names of system calls (seccomp(2)).
[[nodiscard]] std::span<const char* const> calls_of_secret_pages() noexcept;

// A class that inherits from it has every object that is made by `new` there.
struct InSecretPages {
    static void* operator new(std::size_t size) { return secret_pages().allocate(size); }
    static void operator delete(void* at, std::size_t size) noexcept {
        secret_pages().deallocate(at, size);
    }
};

}  // namespace wgns
