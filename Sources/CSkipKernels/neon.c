// The variant for NEON, which every 64-bit Arm has.
#if defined(__aarch64__)

#define SKIP_VARIANT skip_kernels_neon
#define SKIP_NAME "neon"
#define SKIP_LANES 4
#define SKIP_ACCUMULATORS 24
#define SKIP_STREAMS 5
#define SKIP_SPLIT 0
#define SKIP_FUSED 4
#define SKIP_BESIDE 5
#define SKIP_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#define SKIP_DIVIDE(a, b) ((a) / (b))

#include "simd.h"

#endif
