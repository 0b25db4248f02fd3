#include "crypto/stack_remains.h"

#include <gmock/gmock.h>
#include <pthread.h>

#include <functional>
#include <string>
#include <vector>

#include "crypto/aead_choice.h"
#include "crypto/hash.h"
#include "crypto/x25519.h"
#include "tests/crypto/seeded_entropy.h"

namespace wgns {
namespace {

constexpr std::size_t piece_size = 16;

// A thread's stack, to be looked at when it has ended.
class OwnStack {
public:
    void run(std::function<void()> what) {
        pthread_attr_t attributes;
        ASSERT_EQ(::pthread_attr_init(&attributes), 0);
        ASSERT_EQ(::pthread_attr_setstack(&attributes, memory_.data(), memory_.size()), 0);
        pthread_t thread;
        const auto start = [](void* told) -> void* {
            (*static_cast<std::function<void()>*>(told))();
            return nullptr;
        };
        ASSERT_EQ(::pthread_create(&thread, &attributes, start, &what), 0);
        ASSERT_EQ(::pthread_join(thread, nullptr), 0);
        ::pthread_attr_destroy(&attributes);
    }
    // In pieces as large as the smallest vector register.
    [[nodiscard]] bool has(Bytes secret) const {
        const std::string_view all(reinterpret_cast<const char*>(memory_.data()), memory_.size());
        for (std::size_t at = 0; at + piece_size <= secret.size(); at += piece_size) {
            const std::string_view piece(reinterpret_cast<const char*>(secret.data() + at),
                                         piece_size);
            if (all.find(piece) != all.npos) return true;
        }
        return false;
    }

private:
    std::vector<std::uint8_t> memory_ = std::vector<std::uint8_t>(std::size_t{1} << 20);
};

// Writes a secret as deep as it is told to and returns.
[[gnu::noinline]] void leave(Bytes secret, std::size_t depth) {
    volatile std::uint8_t* const room = static_cast<std::uint8_t*>(__builtin_alloca(depth));
    for (std::size_t i = 0; i < secret.size(); ++i)
        room[i] = secret[i];
}

TEST(StackRemains, AreThereAndAreWiped) {
    std::vector<std::uint8_t> secret(32);
    SeededEntropy(5).fill(secret);
    for (const std::size_t depth :
         {std::size_t{64}, stack_remains_max / 2, stack_remains_max - 512}) {
        OwnStack left, wiped;
        left.run([&] { leave(secret, depth); });
        EXPECT_TRUE(left.has(secret)) << depth;
        wiped.run([&] {
            leave(secret, depth);
            wipe_stack_below();
        });
        EXPECT_FALSE(wiped.has(secret)) << depth;
    }
}

TEST(StackRemains, OfCurve25519AreWiped) {
    SeededEntropy entropy(6);
    const auto own = std::make_unique<PrivateKey>(generate_private_key(entropy));
    const PublicKey theirs = public_key_of(generate_private_key(entropy));
    const auto shared = std::make_unique<SharedSecret>();
    OwnStack stack;
    stack.run([&] {
        [&]() __attribute__((noinline)) {
            *shared = *x25519(*own, theirs);
            static_cast<void>(public_key_of(*own));
        }
        ();
        wipe_stack_below();
    });
    EXPECT_FALSE(stack.has(own->bytes()));
    EXPECT_FALSE(stack.has(shared->bytes()));
}

// Batches of data go without a wipe: nothing may be there in the first place.
TEST(StackRemains, OfAnAeadThereAreNone) {
    constexpr std::size_t count = 20, room = 1500;
    SeededEntropy entropy(7);
    const auto key = std::make_unique<AeadKey>();
    entropy.fill(key->mutable_bytes());
    for (const AeadKind kind : {AeadKind::wide, AeadKind::ipsecmb, AeadKind::sodium}) {
        auto made = make_aead(kind);
        if (!made) continue;  // not on this CPU
        Aead& aead = *made->aead;
        std::vector<std::uint8_t> text(count * room);
        std::vector<AeadJob> jobs;
        for (std::size_t i = 0; i < count; ++i)
            jobs.push_back({key.get(), i, &text[i * room], &text[i * room],
                            static_cast<std::uint32_t>(i * 70)});
        OwnStack stack;
        stack.run([&] {
            aead.seal(jobs);
            aead.open(jobs);
            aead_seal(*key, 1, {}, {}, MutableBytes(text).first(aead_tag_size));
        });
        EXPECT_TRUE(jobs.back().authentic);
        EXPECT_FALSE(stack.has(key->bytes())) << aead.name();
    }
}

}  // namespace
}  // namespace wgns
