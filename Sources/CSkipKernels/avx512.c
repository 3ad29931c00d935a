// The variant for AVX-512.
#if defined(__x86_64__)

#define SKIP_VARIANT skip_kernels_avx512
#define SKIP_NAME "avx512"
#define SKIP_LANES 16
#define SKIP_ACCUMULATORS 16
#define SKIP_STREAMS 8
#define SKIP_SPLIT 3
#define SKIP_FUSED 10
#define SKIP_BESIDE 5
#define SKIP_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#define SKIP_DIVIDE(a, b) divide(a, b)

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
// The processor's estimate of 1 / b, good for 14 bits, and the quotient mended once by what is left of a: half a division's
// latency, and a quarter of the time until the next can begin.
static inline __attribute__((always_inline)) __m512 divide(__m512 a, __m512 b) {
    __m512 inverse = _mm512_rcp14_ps(b), quotient = _mm512_mul_ps(a, inverse);
    return _mm512_fmadd_ps(_mm512_fnmadd_ps(b, quotient, a), inverse, quotient);
}
#include "simd.h"
#pragma clang attribute pop

#endif
