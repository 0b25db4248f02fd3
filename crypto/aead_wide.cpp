#include "crypto/aead_wide.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <vector>

#include "crypto/aead_wide_kernel.h"

namespace wgns {

namespace {

#ifdef WGNS_WIDE

// Nullptr: not here.
const WideKernel* find_kernel(WideInstructions instructions) noexcept {
    const bool has_avx2 = __builtin_cpu_supports("avx2");
    const bool has_avx512 = __builtin_cpu_supports("avx512f") &&
                            __builtin_cpu_supports("avx512vl") &&
                            __builtin_cpu_supports("avx512bw");
    if (has_avx512 && instructions != WideInstructions::avx2) return &wide_kernel_avx512;
    if (has_avx2 && instructions != WideInstructions::avx512) return &wide_kernel_avx2;
    return nullptr;
}

#else

const WideKernel* find_kernel(WideInstructions) noexcept {
    return nullptr;
}

#endif

class AeadWide final : public Aead {
public:
    explicit AeadWide(const WideKernel& kernel)
        : kernel_(kernel),
          room_(new (std::align_val_t{alignment}) std::uint8_t[kernel.room_size]) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "wide"; }

    void seal(std::span<AeadJob> jobs) noexcept override { by_key(jobs, kernel_.seal); }
    void open(std::span<AeadJob> jobs) noexcept override { by_key(jobs, kernel_.open); }

private:
    static constexpr std::size_t alignment = 64;
    struct Free {
        void operator()(std::uint8_t* room) const noexcept {
            ::operator delete[](room, std::align_val_t{alignment});
        }
    };
    using KeyWords = std::array<std::uint32_t, AeadKey::size / sizeof(std::uint32_t)>;

    // As many jobs at a time as follow each other under one key.
    void by_key(std::span<AeadJob> jobs, decltype(WideKernel::seal) run) noexcept {
        while (!jobs.empty()) {
            const AeadKey* const key = jobs[0].key;
            WG_ASSERT(key != nullptr);
            std::size_t count = 0;
            while (count < jobs.size() && jobs[count].key == key)
                ++count;
            KeyWords words;
            for (std::size_t i = 0; i < words.size(); ++i)
                words[i] = load_le<std::uint32_t>(key->bytes().subspan(i * sizeof words[i]));
            run(words.data(), jobs.data(), count, room_.get());
            wipe({room_.get(), kernel_.room_size});
            wipe({reinterpret_cast<std::uint8_t*>(words.data()), sizeof words});
            jobs = jobs.subspan(count);
        }
    }

    const WideKernel& kernel_;
    std::unique_ptr<std::uint8_t[], Free> room_;
};

// Messages enough to fill every lane, the last ones in part, and texts from nothing to more than
// all lanes take at once.
bool agrees_with_sodium(Aead& wide) {
    constexpr std::size_t count = 20, room = 1'360;
    const AeadKey key(std::array<std::uint8_t, AeadKey::size>{1, 2, 3});
    const auto sodium = make_aead_sodium();
    std::vector<std::uint8_t> by_wide(count * room, 0x5a), by_sodium = by_wide;
    std::vector<AeadJob> wide_jobs(count), sodium_jobs(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto job = [&](std::uint8_t* at) {
            return AeadJob{&key, i << 30, at, at, static_cast<std::uint32_t>(i * 70)};
        };
        wide_jobs[i] = job(&by_wide[i * room]);
        sodium_jobs[i] = job(&by_sodium[i * room]);
    }
    wide.seal(wide_jobs);
    sodium->seal(sodium_jobs);
    const bool sealed_alike = by_wide == by_sodium;
    wide.open(wide_jobs);
    return sealed_alike && std::all_of(wide_jobs.begin(), wide_jobs.end(),
                                       [](const AeadJob& job) { return job.authentic; });
}

}  // namespace

Result<std::unique_ptr<Aead>> make_aead_wide(WideInstructions instructions) {
    constexpr const char* what = "wide ChaCha20-Poly1305";
    const WideKernel* const kernel = find_kernel(instructions);
    if (!kernel) return Error{ENOTSUP, what, {}, "the CPU has no AVX2: use sodium"};
    std::unique_ptr<Aead> aead = std::make_unique<AeadWide>(*kernel);
    if (!agrees_with_sodium(*aead))
        return Error{EBADMSG, what, kernel->name,
                     "it computes what libsodium does not: use sodium"};
    return aead;
}

}  // namespace wgns
