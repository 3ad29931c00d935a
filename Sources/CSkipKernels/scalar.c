// The variant in plain C and libm: what a machine without vector instructions runs, and what the tests hold the
// others to.
#include "variants.h"

#include <math.h>
#include <string.h>

// Products are rounded before they are added, on every machine: a compiler may not fuse them.
#pragma STDC FP_CONTRACT OFF

static void matvec(const float *panel, const float *bias, size_t blocks, size_t cols,
                   const float *x, size_t ldx, float *y, size_t ldy, size_t streams) {
    for (size_t s = 0; s < streams; s++) {
        for (size_t block = 0; block < blocks; block++) {
            const float *w = panel + block * SKIP_ROWS * cols;
            float sum[SKIP_ROWS];
            for (size_t r = 0; r < SKIP_ROWS; r++) sum[r] = bias[block * SKIP_ROWS + r];
            for (size_t k = 0; k < cols; k++) {
                for (size_t r = 0; r < SKIP_ROWS; r++) sum[r] += w[k * SKIP_ROWS + r] * x[s * ldx + k];
            }
            for (size_t r = 0; r < SKIP_ROWS; r++) y[s * ldy + block * SKIP_ROWS + r] = sum[r];
        }
    }
}

static void sigmoid(float *v, size_t n) {
    for (size_t i = 0; i < n; i++) v[i] = 1.0f / (1.0f + expf(-v[i]));
}

static void hyperbolic_tangent(float *v, size_t n) {
    for (size_t i = 0; i < n; i++) v[i] = tanhf(v[i]);
}

static void multiply(const float *a, const float *b, float *out, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = a[i] * b[i];
}

static void multiply_add(const float *r, const float *hidden, const float *input, float *candidate, size_t n) {
    for (size_t i = 0; i < n; i++) candidate[i] = input[i] + r[i] * hidden[i];
}

static void gru_blend(const float *z, const float *candidate, float *h, size_t n) {
    for (size_t i = 0; i < n; i++) h[i] = z[i] * h[i] + (1.0f - z[i]) * candidate[i];
}

static void lstm_blend(const float *i, const float *f, const float *g, const float *o, float *c, float *h, size_t n) {
    for (size_t j = 0; j < n; j++) {
        c[j] = f[j] * c[j] + i[j] * g[j];
        h[j] = o[j] * tanhf(c[j]);
    }
}

static float dot(const float *a, const float *b, size_t n) {
    float sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

#include "gru.h"

static void gru_layer(const skip_gru *layer, float *const *h, size_t streams, float *xh, size_t ldxh, float *work, size_t ldwork) {
    gru_of_parts(matvec, layer, h, streams, xh, ldxh, work, ldwork);
}

#include "gru_stack.h"

const skip_kernels skip_kernels_scalar = {
    .name = "scalar",
    .matvec = matvec,
    .sigmoid = sigmoid,
    .tanh = hyperbolic_tangent,
    .multiply = multiply,
    .multiply_add = multiply_add,
    .gru_blend = gru_blend,
    .lstm_blend = lstm_blend,
    .dot = dot,
    .gru = gru,
};
