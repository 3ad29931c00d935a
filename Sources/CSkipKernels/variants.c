// Which variants this machine can run.
#include "variants.h"

const skip_kernels *skip_kernels_at(size_t index) {
    return index == 0 ? &skip_kernels_scalar : NULL;
}

const skip_kernels *skip_kernels_best(void) {
    return &skip_kernels_scalar;
}
