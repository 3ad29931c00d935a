// A small GRU layer's step for one stream, with its sums in registers; part of simd.h.

// The new state's vector v, of which the layer's last may lie beyond its end. `spare`: room for a vector.
INLINE void store_blend(float *h, size_t hidden, size_t v, vec gate, vec old, vec candidate, float *spare) {
    vec new = SKIP_FMA(gate, old, (1.0f - gate) * candidate);
    size_t first = v * SKIP_LANES;
    if (first + SKIP_LANES <= hidden) {
        store(h + first, new);
    } else {
        store(spare, new);
        for (size_t i = first; i < hidden; i++) h[i] = spare[i - first];
    }
}

// sum = `blocks` blocks of rows of panel · x + bias in two halves, side by side: twice as many chains of additions, each half
// as long. Where `gates` is given, their sigmoids are computed between the products.
INLINE void split_products(vec *sum, const float *panel, const float *bias, size_t cols, const float *x, const size_t blocks, sigmoid_state *gates) {
    const size_t second = first_half(cols), shared = cols - second, vecs = blocks * BLOCK_VECS;
    const float *panel_second = panel + second * SKIP_ROWS;
    vec half[SKIP_ACCUMULATORS];
    load_sums(sum, bias, blocks);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vecs; v++) half[v] = (vec)0.0f;
#pragma clang loop unroll(full)
    for (int stage = 0; stage < SIGMOID_STAGES; stage++) {
        for (size_t k = shared * stage / SIGMOID_STAGES; k < shared * (stage + 1) / SIGMOID_STAGES; k++) {
            add_products(sum, panel, cols, k, x[k], blocks);
            add_products(half, panel_second, cols, k, x[second + k], blocks);
        }
#pragma clang loop unroll(full)
        for (size_t v = 0; gates && v < vecs; v++) sigmoid_stage(&gates[v], stage);
    }
    if (shared < second) add_products(sum, panel, cols, shared, x[shared], blocks);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vecs; v++) sum[v] += half[v];
}

// A layer of few blocks for one stream. A gate's chains of additions are too few to hide how long one takes, and too short
// for the sigmoids of the gate before to hide behind: so the sums are made in halves, r's sigmoids run among z's products
// and z's among the candidate's. The result is to the last bit that of `gru_of_parts` with `matvec_split`.
INLINE void gru_split(const skip_gru *layer, float *h, float *xh, float *work, const size_t blocks) {
    const size_t features = layer->features, hidden = layer->hidden, cols = features + hidden, padded = blocks * SKIP_ROWS;
    const size_t vecs = blocks * BLOCK_VECS;
    vec n[SKIP_ACCUMULATORS], sums[SKIP_ACCUMULATORS];
    sigmoid_state r[SKIP_ACCUMULATORS], z[SKIP_ACCUMULATORS];
    split_products(sums, layer->gates, layer->gates_bias, cols, xh, blocks, NULL);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vecs; v++) r[v].x = sums[v];
    split_products(sums, layer->gates + padded * cols, layer->gates_bias + padded, cols, xh, blocks, r);
    // The gates are done with h in [x, h]: r ∘ h takes its place.
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vecs; v++) {
        vec old = load(xh + features + v * SKIP_LANES);
        store(work + v * SKIP_LANES, old);
        store(xh + features + v * SKIP_LANES, r[v].y * old);
        z[v].x = sums[v];
    }
    split_products(n, layer->candidate, layer->candidate_bias, cols, xh, blocks, z);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vecs; v++) store_blend(h, hidden, v, z[v].y, load(work + v * SKIP_LANES), tanh_of(n[v]), work);
}

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
        vec gate = v < early * BLOCK_VECS ? z[v] : sigmoid_of(z[v]);
        store_blend(h, hidden, v, gate, load(xh + features + v * SKIP_LANES), tanh_of(n[v]), work);
    }
}

#define FUSED(blocks) \
    __attribute__((aligned(64))) static void gru_fused_##blocks(const skip_gru *layer, float *h, float *xh, float *work) { \
        if (blocks <= SKIP_SPLIT) gru_split(layer, h, xh, work, blocks); \
        else if (blocks <= SKIP_FUSED) gru_fused(layer, h, xh, work, blocks); \
    }
FUSED(1) FUSED(2) FUSED(3) FUSED(4) FUSED(5) FUSED(6) FUSED(7) FUSED(8) FUSED(9) FUSED(10)

typedef void fused_function(const skip_gru *, float *, float *, float *);
static fused_function *const fused[10] = {gru_fused_1, gru_fused_2, gru_fused_3, gru_fused_4, gru_fused_5,
                                         gru_fused_6, gru_fused_7, gru_fused_8, gru_fused_9, gru_fused_10};
