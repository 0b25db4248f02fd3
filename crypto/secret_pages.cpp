#include "crypto/secret_pages.h"

#include <sys/mman.h>
#include <unistd.h>
#include <span>

namespace wgns {

namespace {

std::size_t page_bytes() noexcept {
    static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return size;
}

std::size_t whole_pages(std::size_t bytes) noexcept {
    return (bytes + page_bytes() - 1) / page_bytes() * page_bytes();
}

// What the pools take their blocks from: [ untouchable page | pages | untouchable page ].
class Pages final : public std::pmr::memory_resource {
    void* do_allocate(std::size_t bytes, std::size_t) override {
        const std::size_t inner = whole_pages(bytes);
        void* const all = ::mmap(nullptr, inner + 2 * page_bytes(), PROT_NONE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (all == MAP_FAILED) throw std::bad_alloc();
        void* const at = static_cast<char*>(all) + page_bytes();
        if (::mprotect(at, inner, PROT_READ | PROT_WRITE) != 0) {
            ::munmap(all, inner + 2 * page_bytes());
            throw std::bad_alloc();
        }
        // Each as far as it goes: an old kernel or a low limit is no reason not to run.
        ::madvise(at, inner, MADV_DONTDUMP);
        ::madvise(at, inner, MADV_WIPEONFORK);
        ::mlock2(at, inner, MLOCK_ONFAULT);
        return at;
    }
    void do_deallocate(void* at, std::size_t bytes, std::size_t) override {
        ::munmap(static_cast<char*>(at) - page_bytes(), whole_pages(bytes) + 2 * page_bytes());
    }
    [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
        return this == &other;
    }
};

constexpr const char* calls_for_pages[] = {"madvise", "mlock2", "mmap", "mprotect", "munmap"};

}  // namespace

std::span<const char* const> calls_of_secret_pages() noexcept {
    return calls_for_pages;
}

std::pmr::memory_resource& secret_pages() {
    // Never destroyed: objects may outlive main.
    static auto& pages = *new Pages;
    static auto& pools = *new std::pmr::synchronized_pool_resource(
        {.max_blocks_per_chunk = 256, .largest_required_pool_block = 8192}, &pages);
    return pools;
}

}  // namespace wgns
