#include "crypto/aead_wide.h"

#include <gtest/gtest.h>

#include "tests/crypto/aead_backends.h"

namespace wgns {
namespace {

struct AeadWide : ::testing::TestWithParam<WideInstructions> {
    HeldToSodium held{make_aead_wide(GetParam())};
};

TEST_P(AeadWide, AgreesAtEveryLength) {
    held.check_every_length();
}

TEST_P(AeadWide, AgreesAtEveryBatchSizeWithMixedLengths) {
    held.check_every_batch_size();
}

TEST_P(AeadWide, ATamperedDatagramHoldsNothingOfUse) {
    held.check_tampered();
}

INSTANTIATE_TEST_SUITE_P(Each, AeadWide,
                         ::testing::Values(WideInstructions::avx2, WideInstructions::avx512),
                         [](const auto& param_info) {
                             return param_info.param == WideInstructions::avx2 ? "Avx2" : "Avx512";
                         });

}  // namespace
}  // namespace wgns
