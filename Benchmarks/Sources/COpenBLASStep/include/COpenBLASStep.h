// The peer in C: one GRU step as one writes it on OpenBLAS, two sgemv products; sigmoid, tanh and the rest by our own kernels, so that
// only the products differ.
#ifndef COPENBLASSTEP_H
#define COPENBLASSTEP_H

#include "CSkipKernels.h"

typedef struct openblas_gru openblas_gru;

// A GRU of F features and H hidden units with made-up weights; lives as long as the process.
openblas_gru *openblas_gru_make(size_t features, size_t hidden);

// h (H) from x (F), one thread.
void openblas_gru_step(const openblas_gru *gru, const skip_kernels *kernels, const float *x, float *h);

// OpenBLAS's version and the kernels it chose.
const char *openblas_description(void);

#endif
