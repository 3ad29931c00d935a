// A step of stacked GRU layers, each by the variant's `gru_layer`; part of scalar.c and simd.h.

static void gru(const skip_gru *layers, size_t count, float *const *h, size_t streams,
                float *xh, size_t ldxh, float *work, size_t ldwork, const float *gate, float *products) {
    const skip_gru *top = layers + count - 1;
    for (const skip_gru *layer = layers;; layer++) {
        gru_layer(layer, h, streams, xh, ldxh, work, ldwork);
        if (layer == top) break;
        for (size_t s = 0; s < streams; s++) memcpy(xh + s * ldxh, h[s] + layer->offset, layer->hidden * sizeof(float));
    }
    for (size_t s = 0; gate && s < streams; s++) products[s] = dot(gate, h[s] + top->offset, top->hidden);
}
