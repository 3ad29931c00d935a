// The inner loops of training: products with packed weights, activations, and the elementwise parts of the cells'
// forward and backward passes, over the rows (sequences) of a batch.
//
// One table of function pointers per instruction set, chosen once at run time. H is padded with zeros to a multiple of
// SKIP_TRAINING_ROWS in every buffer ("P"), so that no loop has a tail. A row of gates is [r, z, n] (3 P),
// [r, z, n, q] (4 P) for a GRU that resets after the product, [i, f, g, o] (4 P) for an LSTM.
//
// Packed weights are panels of 16 outputs: element (output o, input k) at panel[(o / 16) · 16 K + k · 16 + o % 16].
#ifndef CSKIPTRAINING_H
#define CSKIPTRAINING_H

#include <stddef.h>
#include <stdint.h>

#define SKIP_TRAINING_ROWS 16
// Rows of a transposed product that are added up before they are added to what it holds.
#define SKIP_TRAINING_BLOCK 512

typedef struct skip_training_kernels {
    // "baseline", "avx2" or "avx512".
    const char *name;

    // y[i][o] = Σ_k x[i][k] · w[o][k], added to what y holds where accumulate ≠ 0; one accumulator per element,
    // ascending k, so that a row's result doesn't depend on the rows beside it. outputs: a multiple of 16.
    void (*product)(const float *x, size_t ldx, size_t rows, const float *panel, size_t cols,
                    size_t outputs, float *y, size_t ldy, int accumulate);

    // to[i][j] += Σ_r a[r][i] · b[r][j] of an (m, n) matrix; m: a multiple of 16, n: any. Sums over ascending r within
    // blocks of SKIP_TRAINING_BLOCK rows.
    void (*transposed_product)(const float *a, size_t lda, const float *b, size_t ldb, size_t rows, size_t m, size_t n,
                               float *to, size_t ldto);

    // g[i][j] += a[i][j] + bias[j]; a may be NULL.
    void (*add_bias)(float *g, size_t ldg, const float *a, size_t lda, const float *bias, size_t rows, size_t n);

    // GRU: r, z = σ(r), σ(z) in place; rh = r · h.
    void (*gru_gates)(float *g, size_t ldg, const float *h, float *rh, size_t rows, size_t p);

    // GRU, reset before: n = tanh(n + a + bias) in place; candidate = z · h + (1 − z) · n.
    void (*gru_candidate)(float *g, size_t ldg, const float *a, const float *bias, const float *h,
                          float *candidate, size_t rows, size_t p);

    // GRU, reset after: q = a + bias (a: rows of lda floats), n = tanh(n + r · q); candidate as above.
    void (*gru_candidate_after)(float *g, size_t ldg, const float *a, size_t lda, const float *bias,
                                const float *h, float *candidate, size_t rows, size_t p);

    // LSTM: activates i, f, g, o in place; cell = f · c + i · g; candidate = o · tanh(cell).
    void (*lstm_candidate)(float *g, size_t ldg, const float *c, float *cell, float *candidate, size_t rows, size_t p);

    // out[i] = Σ_j w[j] · s[i][j].
    void (*dot)(const float *w, const float *s, float *out, size_t rows, size_t p);

    // out[i] += Σ_j d[i][j] · (candidate[i][j] − h[i][j]).
    void (*difference_dot)(const float *d, const float *candidate, const float *h, float *out, size_t rows, size_t p);

    // out[i] += Σ_j d[i][j] · (f · c + i · g − c).
    void (*cell_difference_dot)(const float *d, const float *g, size_t ldg, const float *c, float *out, size_t rows, size_t p);

    // The backward passes work on `count` rows given by their indices; "compact" buffers hold those rows one after the other.

    // GRU, reset before, first half: from d = ∂/∂candidate (compact): dg's z and n (3 P), dh = d · z (compact).
    void (*gru_backward)(const int32_t *index, size_t count, const float *g, size_t ldg, const float *h, const float *d,
                         float *dg, float *dh, size_t p);

    // GRU, reset before, second half: from drh (compact): dg's r; dh += drh · r; rh = r · h (compact).
    void (*gru_backward_reset)(const int32_t *index, size_t count, const float *g, size_t ldg, const float *h,
                               const float *drh, float *dg, float *dh, float *rh, size_t p);

    // GRU, reset after: dg = [dr, dz, dn], dq = [dr, dz, r · dn] (both 3 P), dh = d · z.
    void (*gru_backward_after)(const int32_t *index, size_t count, const float *g, size_t ldg, const float *h,
                               const float *d, float *dg, float *dq, float *dh, size_t p);

    // LSTM: from d = ∂/∂candidate and dc = ∂/∂cell (compact, dc changed in place to ∂/∂c before): dg (4 P).
    void (*lstm_backward)(const int32_t *index, size_t count, const float *g, size_t ldg, const float *c, const float *d,
                          float *dc, float *dg, size_t p);

    // sum[j] += Σ_i d[i][j], rows in order.
    void (*column_sum)(const float *d, size_t ldd, size_t rows, size_t n, float *sum);

    // Adam in TensorFlow's form on n values: m, v moments; w −= rate · m / (√v + ε), with g · scale as the gradient.
    void (*adam)(float *w, float *m, float *v, const float *g, size_t n, float scale, float beta1, float beta2,
                 float rate, float epsilon);
} skip_training_kernels;

// The fastest variant this machine can run.
const skip_training_kernels *skip_training_kernels_best(void);

#endif
