// One GRU layer's step, by what its size asks for; part of simd.h.
INLINE void gru_layer(const skip_gru *layer, float *const *h, size_t streams, float *xh, size_t ldxh, float *work, size_t ldwork) {
    const int isSmall = layer->blocks <= SKIP_FUSED;
    if (streams > 1 || (!isSmall && SKIP_BESIDE == 0)) {
        gru_of_parts(layer->blocks <= SKIP_SPLIT ? matvec_split : matvec, layer, h, streams, xh, ldxh, work, ldwork);
        return;
    }
    float *state = h[0] + layer->offset;
    copy_state(xh + layer->features, state, layer->hidden);
    if (isSmall) fused[layer->blocks - 1](layer, state, xh, work);
    else gru_beside(layer, state, xh, work);
}
