// One GRU step; part of simd.h.
#include "gru.h"

// A small layer's step for one stream, with r, z and n in registers: `blocks` blocks of rows each, a constant where this
// is inlined. The candidate's products alone would be too few side by side to hide how long an addition takes, and all
// would wait for r's sigmoid; so some of z's products run beside r's, the others beside the candidate's.
//
// Every sum is made in the order in which `matvec` makes it, every element by the functions that the parts use: the
// result is `gru_of_parts`'s to the last bit.
INLINE void gru_fused(const skip_gru *layer, float *h, float *xh, float *work, const size_t blocks) {
    const size_t early = (blocks + 1) / 2, late = blocks - early;
    const size_t features = layer->features, hidden = layer->hidden, cols = features + hidden, padded = blocks * SKIP_ROWS;
    const float *reset = layer->gates, *update = reset + padded * cols, *update_late = update + early * SKIP_ROWS * cols;
    vec r[SKIP_ACCUMULATORS], z[SKIP_ACCUMULATORS], n[SKIP_ACCUMULATORS];
    vec *z_late = z + early * BLOCK_VECS;
    load_sums(r, layer->gates_bias, blocks);
    load_sums(z, layer->gates_bias + padded, blocks);
    load_sums(n, layer->candidate_bias, blocks);
    for (size_t k = 0; k < cols; k++) {
        vec input = xh[k];
        add_products(r, reset, cols, k, input, blocks);
        add_products(z, update, cols, k, input, early);
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < blocks * BLOCK_VECS; v++) store(work + v * SKIP_LANES, sigmoid_of(r[v]) * load(xh + features + v * SKIP_LANES));
#pragma clang loop unroll(full)
    for (size_t v = 0; v < early * BLOCK_VECS; v++) z[v] = sigmoid_of(z[v]);
    for (size_t k = 0; k < features; k++) {
        vec input = xh[k];
        add_products(z_late, update_late, cols, k, input, late);
        add_products(n, layer->candidate, cols, k, input, blocks);
    }
    for (size_t k = features; k < cols; k++) {
        add_products(z_late, update_late, cols, k, xh[k], late);
        add_products(n, layer->candidate, cols, k, work[k - features], blocks);
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < blocks * BLOCK_VECS; v++) {
        vec gate = v < early * BLOCK_VECS ? z[v] : sigmoid_of(z[v]), candidate = tanh_of(n[v]), old = load(xh + features + v * SKIP_LANES);
        vec new = SKIP_FMA(gate, old, (1.0f - gate) * candidate);
        size_t first = v * SKIP_LANES;
        if (first + SKIP_LANES <= hidden) {
            store(h + first, new);
        } else {
            store(work, new);
            for (size_t i = first; i < hidden; i++) h[i] = work[i - first];
        }
    }
}

// Blocks of rows of the largest layer that is computed so: z and n, or r and z, need registers side by side.
#define MOST_FUSED (SKIP_ACCUMULATORS * 2 / 3 / BLOCK_VECS)

#define FUSED(blocks) \
    static void gru_fused_##blocks(const skip_gru *layer, float *h, float *xh, float *work) { \
        if (blocks <= MOST_FUSED) gru_fused(layer, h, xh, work, blocks); \
    }
FUSED(1) FUSED(2) FUSED(3) FUSED(4) FUSED(5) FUSED(6) FUSED(7) FUSED(8) FUSED(9) FUSED(10)

typedef void fused_function(const skip_gru *, float *, float *, float *);
static fused_function *const fused[10] = {gru_fused_1, gru_fused_2, gru_fused_3, gru_fused_4, gru_fused_5,
                                         gru_fused_6, gru_fused_7, gru_fused_8, gru_fused_9, gru_fused_10};

static void gru(const skip_gru *layer, float *const *h, size_t offset, size_t streams,
                float *xh, size_t ldxh, float *work, size_t ldwork) {
    append_hidden(layer, h, offset, streams, xh, ldxh);
    if (streams == 1 && layer->blocks - 1 < MOST_FUSED) {
        fused[layer->blocks - 1](layer, h[0] + offset, xh, work);
    } else {
        gru_of_parts(layer, h, offset, streams, xh, ldxh, work, ldwork);
    }
}
