// One GRU step, made of a variant's other functions; part of scalar.c and simd.h.

typedef void product_function(const float *, const float *, size_t, size_t, const float *, size_t, float *, size_t, size_t);

// The step by parts, its products by `product`, for any size and number of streams; a row of `work` holds r, z and n. Where there is one stream r
// is computed by itself, so that its sigmoid runs beside z's products.
static void gru_of_parts(product_function *product, const skip_gru *layer, float *const *h, size_t offset, size_t streams,
                         float *xh, size_t ldxh, float *work, size_t ldwork) {
    size_t features = layer->features, hidden = layer->hidden, cols = features + hidden;
    size_t blocks = layer->blocks, padded = blocks * SKIP_ROWS;
    float *z = work + padded, *candidate = work + 2 * padded;
    if (streams == 1) {
        product(layer->gates, layer->gates_bias, blocks, cols, xh, ldxh, work, ldwork, 1);
        sigmoid(work, padded);
        product(layer->gates + padded * cols, layer->gates_bias + padded, blocks, cols, xh, ldxh, z, ldwork, 1);
    } else {
        product(layer->gates, layer->gates_bias, 2 * blocks, cols, xh, ldxh, work, ldwork, streams);
        for (size_t s = 0; s < streams; s++) sigmoid(work + s * ldwork, padded);
    }
    // The gates are done with h in [x, h]: r ∘ h takes its place.
    for (size_t s = 0; s < streams; s++) multiply(work + s * ldwork, h[s] + offset, xh + s * ldxh + features, hidden);
    product(layer->candidate, layer->candidate_bias, blocks, cols, xh, ldxh, candidate, ldwork, streams);
    for (size_t s = 0; s < streams; s++) {
        sigmoid(z + s * ldwork, padded);
        hyperbolic_tangent(candidate + s * ldwork, padded);
        gru_blend(z + s * ldwork, candidate + s * ldwork, h[s] + offset, hidden);
    }
}

// Makes [x, h] of each stream's x.
static void append_hidden(const skip_gru *layer, float *const *h, size_t offset, size_t streams, float *xh, size_t ldxh) {
    for (size_t s = 0; s < streams; s++) {
        memcpy(xh + s * ldxh + layer->features, h[s] + offset, layer->hidden * sizeof(float));
    }
}
