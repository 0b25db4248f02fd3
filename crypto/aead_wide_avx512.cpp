// Compiled for AVX-512 (CMakeLists.txt says how).
#include "crypto/aead_wide_bundle.h"
#include "crypto/aead_wide_kernel.h"

namespace wgns {

const WideKernel wide_kernel_avx512{"AVX-512", WideBundle<16>::room_size, WideBundle<16>::seal,
                                    WideBundle<16>::open};

}  // namespace wgns
