// x86-64 with AVX2 and FMA: 6 rows of two vectors, 12 of 16 registers.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define VARIANT avx2
#define VARIANT_NAME "avx2"
#define LANES 8
#define TILE 6
#include "kernels.h"
#pragma clang attribute pop
#endif
