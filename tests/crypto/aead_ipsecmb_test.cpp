#include "crypto/aead_ipsecmb.h"

#include <gtest/gtest.h>

#include "tests/crypto/aead_backends.h"

namespace wgns {
namespace {

struct AeadIpsecmb : ::testing::Test {
    HeldToSodium held{make_aead_ipsecmb()};
};

TEST_F(AeadIpsecmb, AgreesAtEveryLength) {
    held.check_every_length();
}

TEST_F(AeadIpsecmb, AgreesAtEveryBatchSizeWithMixedLengths) {
    held.check_every_batch_size();
}

TEST_F(AeadIpsecmb, ATamperedDatagramHoldsNothingOfUse) {
    held.check_tampered();
}

}  // namespace
}  // namespace wgns
