// The variant for AVX-512.
#if defined(__x86_64__)

#define SKIP_VARIANT skip_kernels_avx512
#define SKIP_NAME "avx512"
#define SKIP_LANES 16
#define SKIP_ACCUMULATORS 16
#define SKIP_STREAMS 8
#define SKIP_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#include "simd.h"
#pragma clang attribute pop

#endif
