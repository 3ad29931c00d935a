// The variant for AVX2 with FMA.
#if defined(__x86_64__)

#define SKIP_VARIANT skip_kernels_avx2
#define SKIP_NAME "avx2"
#define SKIP_LANES 8
#define SKIP_ACCUMULATORS 14
#define SKIP_STREAMS 4
#define SKIP_SPLIT 0
#define SKIP_FUSED 3
#define SKIP_BESIDE 5
#define SKIP_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#define SKIP_DIVIDE(a, b) ((a) / (b))

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "simd.h"
#pragma clang attribute pop

#endif
