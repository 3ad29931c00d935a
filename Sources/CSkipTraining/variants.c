// Which variant runs here.
#include "include/CSkipTraining.h"

extern const skip_training_kernels skip_training_baseline, skip_training_avx2, skip_training_avx512;

const skip_training_kernels *skip_training_kernels_best(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        return &skip_training_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &skip_training_avx2;
#endif
    return &skip_training_baseline;
}
