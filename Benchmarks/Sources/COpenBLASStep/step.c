#include "COpenBLASStep.h"

#include <stdlib.h>
#include <string.h>

// What of OpenBLAS is used; declared here, so that no header of it is needed.
extern void cblas_sgemv(int order, int transpose, int rows, int columns, float alpha, const float *a, int lda, const float *x, int incx,
                        float beta, float *y, int incy);
extern void openblas_set_num_threads(int threads);
extern char *openblas_get_config(void);
enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111 };

struct openblas_gru {
    size_t features, hidden, columns;
    // (2H, F + H), (H, F + H), row-major; (3H); [x, h]; gates and candidate, padded.
    float *gates, *candidate, *bias, *input, *activations;
    // The state update gate's weight (H).
    float *increment;
};

static float *floats(size_t count, float bound) {
    void *p;
    if (posix_memalign(&p, 64, (count + 64) * sizeof(float)) != 0) abort();
    float *values = p;
    for (size_t i = 0; i < count + 64; i++) values[i] = bound * (2 * (rand() / (float)RAND_MAX) - 1);
    return values;
}

openblas_gru *openblas_gru_make(size_t features, size_t hidden) {
    openblas_set_num_threads(1);
    openblas_gru *gru = malloc(sizeof *gru);
    if (gru == NULL) abort();
    size_t columns = features + hidden;
    *gru = (openblas_gru){
        features, hidden, columns, floats(2 * hidden * columns, 0.1f), floats(hidden * columns, 0.1f), floats(3 * hidden, 0.1f),
        floats(columns, 0), floats(3 * hidden + 32, 0), floats(hidden, 0.1f)};
    return gru;
}

void openblas_gru_step(const openblas_gru *gru, const skip_kernels *kernels, const float *x, float *h) {
    size_t H = gru->hidden, padded = (H + 15) / 16 * 16;
    float *gates = gru->activations, *candidate = gru->activations + (2 * H + 15) / 16 * 16;
    memcpy(gru->input, x, gru->features * sizeof(float));
    memcpy(gru->input + gru->features, h, H * sizeof(float));
    memcpy(gates, gru->bias, 2 * H * sizeof(float));
    cblas_sgemv(ROW_MAJOR, NO_TRANSPOSE, (int)(2 * H), (int)gru->columns, 1, gru->gates, (int)gru->columns, gru->input, 1, 1, gates, 1);
    kernels->sigmoid(gates, (2 * H + 15) / 16 * 16);
    kernels->multiply(gates, h, gru->input + gru->features, H);
    memcpy(candidate, gru->bias + 2 * H, H * sizeof(float));
    cblas_sgemv(ROW_MAJOR, NO_TRANSPOSE, (int)H, (int)gru->columns, 1, gru->candidate, (int)gru->columns, gru->input, 1, 1, candidate, 1);
    kernels->tanh(candidate, padded);
    kernels->gru_blend(gates + H, candidate, h, H);
    float increment = kernels->dot(gru->increment, h, H);
    __asm__ volatile("" ::"g"(increment));
}

const char *openblas_description(void) { return openblas_get_config(); }
