// The variants that skip_kernels_at chooses from, each defined in the file of its name.
#ifndef SKIP_VARIANTS_H
#define SKIP_VARIANTS_H

#include "CSkipKernels.h"

extern const skip_kernels skip_kernels_scalar;

#if defined(__x86_64__)
extern const skip_kernels skip_kernels_sse2, skip_kernels_avx2, skip_kernels_avx512;
#elif defined(__aarch64__)
extern const skip_kernels skip_kernels_neon;
#endif

#endif
