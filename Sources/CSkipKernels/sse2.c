// The variant for SSE2.
#if defined(__x86_64__)

#define SKIP_VARIANT skip_kernels_sse2
#define SKIP_NAME "sse2"
#define SKIP_LANES 4
#define SKIP_ACCUMULATORS 12
#define SKIP_STREAMS 2
#define SKIP_SPLIT 0
#define SKIP_FUSED 2
#define SKIP_BESIDE 0
#define SKIP_FMA(a, b, c) ((a) * (b) + (c))
#define SKIP_DIVIDE(a, b) ((a) / (b))

#pragma clang attribute push(__attribute__((target("sse2"))), apply_to = function)
#include "simd.h"
#pragma clang attribute pop

#endif
