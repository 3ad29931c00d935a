// The two functions that training calls of OpenBLAS as Debian ships it (0.3.21, 32-bit integers).
//
// Declared here rather than by including cblas.h: what that drags in of the C library changes which module Swift finds
// timespec in, for everything that is linked with training.
#pragma once

enum { CblasRowMajor = 101, CblasNoTrans = 111, CblasTrans = 112 };

void cblas_sgemm(int order, int transposeA, int transposeB, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc);
void openblas_set_num_threads(int threads);
