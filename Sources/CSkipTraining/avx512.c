// x86-64 with AVX-512: 16 rows of one vector, 16 of 32 registers.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma"))), apply_to = function)
#define VARIANT avx512
#define VARIANT_NAME "avx512"
#define LANES 16
#define TILE 16
#include "kernels.h"
#pragma clang attribute pop
#endif
