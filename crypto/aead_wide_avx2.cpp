// Compiled for AVX2 (CMakeLists.txt says how).
#include "crypto/aead_wide_bundle.h"
#include "crypto/aead_wide_kernel.h"

namespace wgns {

const WideKernel wide_kernel_avx2{"AVX2", WideBundle<8>::room_size, WideBundle<8>::seal,
                                  WideBundle<8>::open};

}  // namespace wgns
