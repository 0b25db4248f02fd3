// Functions whose results are public though they are made of secrets: the linker gives every call
// of theirs to the ones here (--wrap). Each is checked inside all the same.
#include "tests/constant_time/public.h"

#include <dlfcn.h>
#include <sodium.h>

#include "crypto/aead.h"
#include "crypto/tai64n.h"
#include "crypto/x25519.h"
#include "protocol/peer_table.h"

namespace wgns {

// NOLINTBEGIN: names that the linker makes
bool real_equal(Bytes a, Bytes b) noexcept
    asm("__real__ZN4wgns19equal_constant_timeESt4spanIKhLm18446744073709551615EES2_");
PublicKey real_public_key(const PrivateKey& key) noexcept
    asm("__real__ZN4wgns13public_key_ofERKNS_6SecretILm32ENS_13PrivateKeyTagEEE");
PrivateKey real_generate(Entropy& entropy) noexcept
    asm("__real__ZN4wgns20generate_private_keyERNS_7EntropyE");
bool real_open(const AeadKey& key, std::uint64_t counter, Bytes additional, Bytes sealed,
               MutableBytes plaintext) noexcept
    asm("__real__ZN4wgns9aead_openERKNS_6SecretILm32ENS_10AeadKeyTagEEEmSt4spanIKhLm18446744073709"
        "551615EES7_S5_IhLm18446744073709551615EE");
extern "C" int __real_crypto_scalarmult_curve25519(unsigned char* q, const unsigned char* n,
                                                   const unsigned char* p);

bool equal(Bytes a, Bytes b) noexcept
    asm("__wrap__ZN4wgns19equal_constant_timeESt4spanIKhLm18446744073709551615EES2_");
PublicKey public_key(const PrivateKey& key) noexcept
    asm("__wrap__ZN4wgns13public_key_ofERKNS_6SecretILm32ENS_13PrivateKeyTagEEE");
PrivateKey generate(Entropy& entropy) noexcept
    asm("__wrap__ZN4wgns20generate_private_keyERNS_7EntropyE");
bool open(const AeadKey& key, std::uint64_t counter, Bytes additional, Bytes sealed,
          MutableBytes plaintext) noexcept
    asm("__wrap__ZN4wgns9aead_openERKNS_6SecretILm32ENS_10AeadKeyTagEEEmSt4spanIKhLm18446744073709"
        "551615EES7_S5_IhLm18446744073709551615EE");
PeerTable::Place real_place(const PeerTable* table, const PublicKey& key) noexcept
    asm("__real__ZNK4wgns9PeerTable8place_ofERKNS_9PublicKeyE");
PeerTable::Place place(const PeerTable* table, const PublicKey& key) noexcept
    asm("__wrap__ZNK4wgns9PeerTable8place_ofERKNS_9PublicKeyE");
// NOLINTEND

bool equal(Bytes a, Bytes b) noexcept {
    return published(real_equal(a, b));
}

PublicKey public_key(const PrivateKey& key) noexcept {
    return published(real_public_key(key));
}

// Every private key of this program is a secret.
PrivateKey generate(Entropy& entropy) noexcept {
    PrivateKey key = real_generate(entropy);
    make_secret(key.bytes());
    return key;
}

bool open(const AeadKey& key, std::uint64_t counter, Bytes additional, Bytes sealed,
          MutableBytes plaintext) noexcept {
    const bool is_authentic = published(real_open(key, counter, additional, sealed, plaintext));
    // The time stamp of an initiation is the time of day.
    if (plaintext.size() == sizeof(Tai64n::bytes)) make_public(plaintext);
    return is_authentic;
}

// What a keyed hash makes of a key tells nothing about it.
PeerTable::Place place(const PeerTable* table, const PublicKey& key) noexcept {
    return published(real_place(table, key));
}

extern "C" {

// Whether the other's point was of low order, which ends the handshake.
int __wrap_crypto_scalarmult_curve25519(unsigned char* q, const unsigned char* n,
                                        const unsigned char* p) {
    return published(__real_crypto_scalarmult_curve25519(q, n, p));
}

// Whether a tag is right: libsodium ends there if not.
int crypto_verify_16(const unsigned char* x, const unsigned char* y) {
    using Verify = int (*)(const unsigned char*, const unsigned char*);
    static const auto theirs = reinterpret_cast<Verify>(::dlsym(RTLD_NEXT, "crypto_verify_16"));
    return published(theirs(x, y));
}
}

}  // namespace wgns
