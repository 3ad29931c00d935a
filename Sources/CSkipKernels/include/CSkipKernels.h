// The inner loops of inference: matrix–vector products over packed weights, tanh, sigmoid and the gates' blends.
//
// One table of function pointers per instruction set ("variant"), chosen once at run time; every variant has
// the same signatures and the same order of additions for one and for several streams, so that a stream's
// results are bit-identical whatever it is computed with (within one variant).
//
// Packed matrix ("panel"), rows padded with zeros to a multiple of SKIP_ROWS:
//
//     block 0: k=0: row 0 … row 15 | k=1: row 0 … row 15 | … k=K-1
//     block 1: k=0: row 16 … row 31 | …
//
// i.e. element (r, k) lies at panel[(r / 16) * 16 * K + k * 16 + r % 16]. Memory is read once, front to back.
#ifndef CSKIPKERNELS_H
#define CSKIPKERNELS_H

#include <stddef.h>

// Rows of a block of a packed matrix; vectors handed to the element-wise functions are padded to a multiple of it.
#define SKIP_ROWS 16

// A GRU layer that resets before the product and has no layer norm, as `gru` reads it. Each gate's rows are padded to
// whole blocks.
typedef struct skip_gru {
    size_t features;             // F
    size_t hidden;               // H
    size_t blocks;               // H / SKIP_ROWS, rounded up
    size_t offset;               // where in a stream's state the layer's begins
    const float *gates;          // r, z over [x, h]: (2 · blocks · 16, F + H), packed
    const float *gates_bias;     // (2 · blocks · 16)
    const float *candidate;      // n over [x, r ∘ h]: (blocks · 16, F + H), packed
    const float *candidate_bias; // (blocks · 16)
} skip_gru;

typedef struct skip_kernels {
    // The variant's name: "scalar", "sse2", "avx2", "avx512" or "neon".
    const char *name;

    // y[s][r] = bias[r] + Σ_k panel[r][k] · x[s][k], one accumulator per output, ascending k, bias first.
    // panel (blocks·16, cols) packed as above, 64-byte aligned; bias (blocks·16); x: streams rows of cols floats,
    // ldx apart; y: streams rows of blocks·16 floats, ldy apart. x and y need no alignment and must not overlap.
    void (*matvec)(const float *panel, const float *bias, size_t blocks, size_t cols,
                   const float *x, size_t ldx, float *y, size_t ldy, size_t streams);

    // v[i] = 1 / (1 + exp(-v[i])); n a multiple of 16. Absolute and relative error ≤ 2e-7; NaN stays NaN.
    void (*sigmoid)(float *v, size_t n);

    // v[i] = tanh(v[i]); n a multiple of 16. Error as above, and odd to the last bit.
    void (*tanh)(float *v, size_t n);

    // out[i] = a[i] · b[i] for i < n (any n: reads and writes nothing past n).
    void (*multiply)(const float *a, const float *b, float *out, size_t n);

    // GRU, reset after: candidate[i] = input[i] + r[i] · hidden[i]  (before tanh); n a multiple of 16.
    void (*multiply_add)(const float *r, const float *hidden, const float *input, float *candidate, size_t n);

    // GRU: h[i] = z[i]·h[i] + (1 − z[i])·candidate[i] for i < n (any n: nothing past n is touched).
    void (*gru_blend)(const float *z, const float *candidate, float *h, size_t n);

    // LSTM: c[i] = f[i]·c[i] + i[i]·g[i];  h[i] = o[i]·tanh(c[i]) for i < n (any n: nothing past n is touched).
    // i, f, g, o already activated.
    void (*lstm_blend)(const float *i, const float *f, const float *g, const float *o,
                       float *c, float *h, size_t n);

    // Σ a[i]·b[i] for i < n (any n), in a fixed order that depends on n and the variant only.
    float (*dot)(const float *a, const float *b, size_t n);

    // A step of stacked GRU layers, at least one, for several streams, in place; a layer's x is the new h of the one below:
    //     r = σ(gates_r [x, h] + b_r)    z = σ(gates_z [x, h] + b_z)    n = tanh(candidate [x, r ∘ h] + b_n)
    //     h = z ∘ h + (1 − z) ∘ n
    // and, where gate (H of the top layer floats) is not NULL, products[s] = Σ gate[i] · h[i] of the top layer, as `dot` has it.
    // h[s] + layer.offset: H floats. xh: streams rows, ldxh ≥ F + blocks·16 floats of the widest layer apart, that begin with
    // the first layer's x; all else of each is overwritten, and with several layers x too. work: streams rows of 3 · blocks·16
    // floats, ldwork apart, for its own use.
    void (*gru)(const skip_gru *layers, size_t count, float *const *h, size_t streams,
                float *xh, size_t ldxh, float *work, size_t ldwork, const float *gate, float *products);
} skip_kernels;

// The fastest variant this machine can run; the same pointer for the life of the process.
const skip_kernels *skip_kernels_best(void);

// The variants that this machine can run, slowest first; index from 0, NULL past the last.
const skip_kernels *skip_kernels_at(size_t index);

// Asks the cache for the line at address, to be read (and written) soon.
static inline void skip_prefetch(const void *address) { __builtin_prefetch(address, 1, 3); }

#endif
