// Which of the variants this machine can run.
#include "variants.h"

typedef struct candidate {
    const skip_kernels *kernels;
    int (*runs_here)(void);
} candidate;

static int always(void) { return 1; }

#if defined(__x86_64__)
static int has_avx2(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

// The processor's word includes the system's: __builtin_cpu_supports asks whether the wide registers are saved.
static int has_avx512(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

// Slowest first.
static const candidate candidates[] = {
    {&skip_kernels_scalar, always},
#if defined(__x86_64__)
    {&skip_kernels_sse2, always},
    {&skip_kernels_avx2, has_avx2},
    {&skip_kernels_avx512, has_avx512},
#elif defined(__aarch64__)
    {&skip_kernels_neon, always},
#endif
};

const skip_kernels *skip_kernels_at(size_t index) {
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        if (candidates[i].runs_here() && index-- == 0) return candidates[i].kernels;
    }
    return NULL;
}

const skip_kernels *skip_kernels_best(void) {
    size_t i = sizeof candidates / sizeof candidates[0];
    while (!candidates[--i].runs_here()) {}
    return candidates[i].kernels;
}
