// A GRU layer's step, made of a variant's other functions; part of scalar.c and simd.h.

typedef void product_function(const float *, const float *, size_t, size_t, const float *, size_t, float *, size_t, size_t);

// The step by parts, its products by `product`, for any size and number of streams; a row of `work` holds r, z and n.
__attribute__((noinline)) static void gru_of_parts(product_function *product, const skip_gru *layer, float *const *h, size_t streams,
                         float *xh, size_t ldxh, float *work, size_t ldwork) {
    size_t features = layer->features, offset = layer->offset, hidden = layer->hidden, cols = features + hidden;
    size_t blocks = layer->blocks, padded = blocks * SKIP_ROWS;
    float *z = work + padded, *candidate = work + 2 * padded;
    for (size_t s = 0; s < streams; s++) memcpy(xh + s * ldxh + features, h[s] + offset, hidden * sizeof(float));
    product(layer->gates, layer->gates_bias, 2 * blocks, cols, xh, ldxh, work, ldwork, streams);
    // The gates are done with h in [x, h]: r ∘ h takes its place.
    for (size_t s = 0; s < streams; s++) {
        sigmoid(work + s * ldwork, padded);
        multiply(work + s * ldwork, h[s] + offset, xh + s * ldxh + features, hidden);
    }
    product(layer->candidate, layer->candidate_bias, blocks, cols, xh, ldxh, candidate, ldwork, streams);
    for (size_t s = 0; s < streams; s++) {
        sigmoid(z + s * ldwork, padded);
        hyperbolic_tangent(candidate + s * ldwork, padded);
        gru_blend(z + s * ldwork, candidate + s * ldwork, h[s] + offset, hidden);
    }
}
