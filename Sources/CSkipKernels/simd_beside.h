// A larger GRU layer's step for one stream; part of simd.h.
//
// Its weights come from the second cache, and the step takes as long as reading them. So that this doesn't wait for
// sigmoids, those of a gate are computed between the columns of the next product; and what the tanhs at the end hide
// behind is the first weights' way into the first cache, where the next update finds them.
//
// Every sum is made in the order in which `matvec` makes it, every element by the functions that the parts use: the
// result is `gru_of_parts`'s to the last bit.

// y = `blocks` blocks of rows of panel · x + bias; meanwhile gate = σ(gate), as many rows.
INLINE void tile_beside(const float *panel, const float *bias, size_t cols, const float *x, float *y, float *gate, const size_t blocks) {
    vec sum[SKIP_ACCUMULATORS];
    load_sums(sum, bias, blocks);
    size_t k = 0;
    for (size_t v = 0; v < blocks * BLOCK_VECS; v++) {
        sigmoid(gate + v * SKIP_LANES, SKIP_LANES);
        for (size_t end = cols * (v + 1) / (blocks * BLOCK_VECS); k < end; k++) add_products(sum, panel, cols, k, x[k], blocks);
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < blocks * BLOCK_VECS; v++) store(y + v * SKIP_LANES, sum[v]);
}

#define TILE_BESIDE(blocks) \
    static void tile_beside_##blocks(const float *panel, const float *bias, size_t cols, const float *x, float *y, float *gate) { \
        if (blocks <= SKIP_BESIDE) tile_beside(panel, bias, cols, x, y, gate, blocks); \
    }
TILE_BESIDE(1) TILE_BESIDE(2) TILE_BESIDE(3) TILE_BESIDE(4) TILE_BESIDE(5)

typedef void tile_beside_function(const float *, const float *, size_t, const float *, float *, float *);
static tile_beside_function *const tiles_beside[5] = {tile_beside_1, tile_beside_2, tile_beside_3, tile_beside_4, tile_beside_5};

// y = panel · x + bias; meanwhile gate = σ(gate).
INLINE void matvec_beside(const float *panel, const float *bias, size_t blocks, size_t cols, const float *x, float *y, float *gate) {
    for (size_t done = 0, count; done < blocks; done += count) {
        count = share(blocks - done, SKIP_BESIDE);
        size_t row = done * SKIP_ROWS;
        tiles_beside[count - 1](panel + row * cols, bias + row, cols, x, y + row, gate + row);
    }
}

// Cache lines of the reset gate's weights that are asked for beside each block of tanhs.
#define LINES_AHEAD 16

__attribute__((noinline)) static void gru_beside(const skip_gru *layer, float *h, float *xh, float *work) {
    const size_t features = layer->features, hidden = layer->hidden, cols = features + hidden, padded = layer->blocks * SKIP_ROWS;
    float *r = work, *z = work + padded, *candidate = z + padded;
    matvec(layer->gates, layer->gates_bias, layer->blocks, cols, xh, 0, r, 0, 1);
    matvec_beside(layer->gates + padded * cols, layer->gates_bias + padded, layer->blocks, cols, xh, z, r);
    // The gates are done with h in [x, h]: r ∘ h takes its place.
    multiply(r, h, xh + features, hidden);
    matvec_beside(layer->candidate, layer->candidate_bias, layer->blocks, cols, xh, candidate, z);
    for (size_t row = 0; row < padded; row += SKIP_ROWS) {
        for (size_t line = 0; line < LINES_AHEAD; line++) __builtin_prefetch(layer->gates + row * cols + line * SKIP_ROWS);
        hyperbolic_tangent(candidate + row, SKIP_ROWS);
    }
    gru_blend(z, candidate, h, hidden);
}
