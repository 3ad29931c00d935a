// The gates' blends, products and sums of products, over any number of elements; part of simd.h.
//
// Where n is no multiple of the lanes, the last vector overlaps the one before it: it is computed before anything is
// stored and stored last, so an element comes out the same whichever vectors it is in. Fewer than a vector's
// elements go through a copy.

INLINE void copy(float *to, const float *from, size_t n) {
    for (size_t i = 0; i < n; i++) to[i] = from[i];
}

// `copy` for a layer's state: vectors, and no call of a library's function.
INLINE void copy_state(float *to, const float *from, size_t n) {
    if (n < SKIP_LANES) {
        copy(to, from, n);
        return;
    }
    size_t last = n - SKIP_LANES;
#pragma clang loop unroll(disable)
    for (size_t i = 0; i < last; i += SKIP_LANES) store(to + i, load(from + i));
    store(to + last, load(from + last));
}

static void multiply(const float *a, const float *b, float *out, size_t n) {
    if (n < SKIP_LANES) {
        for (size_t i = 0; i < n; i++) out[i] = a[i] * b[i];
        return;
    }
    size_t last = n - SKIP_LANES;
    vec end = load(a + last) * load(b + last);
    for (size_t i = 0; i < last; i += SKIP_LANES) store(out + i, load(a + i) * load(b + i));
    store(out + last, end);
}

static void multiply_add(const float *r, const float *hidden, const float *input, float *candidate, size_t n) {
    for (size_t i = 0; i < n; i += SKIP_LANES) {
        store(candidate + i, SKIP_FMA(load(r + i), load(hidden + i), load(input + i)));
    }
}

INLINE vec gru_blend_of(const float *z, const float *candidate, const float *h) {
    return SKIP_FMA(load(z), load(h), (1.0f - load(z)) * load(candidate));
}

static void gru_blend(const float *z, const float *candidate, float *h, size_t n) {
    if (n < SKIP_LANES) {
        float few[3][SKIP_LANES] = {0};
        copy(few[0], z, n);
        copy(few[1], candidate, n);
        copy(few[2], h, n);
        store(few[2], gru_blend_of(few[0], few[1], few[2]));
        copy(h, few[2], n);
        return;
    }
    size_t last = n - SKIP_LANES;
    vec end = gru_blend_of(z + last, candidate + last, h + last);
    for (size_t i = 0; i < last; i += SKIP_LANES) store(h + i, gru_blend_of(z + i, candidate + i, h + i));
    store(h + last, end);
}

INLINE vec lstm_cell_of(const float *i, const float *f, const float *g, const float *c) {
    return SKIP_FMA(load(f), load(c), load(i) * load(g));
}

static void lstm_blend(const float *i, const float *f, const float *g, const float *o, float *c, float *h, size_t n) {
    if (n < SKIP_LANES) {
        float few[5][SKIP_LANES] = {0};
        copy(few[0], i, n);
        copy(few[1], f, n);
        copy(few[2], g, n);
        copy(few[3], o, n);
        copy(few[4], c, n);
        vec cell = lstm_cell_of(few[0], few[1], few[2], few[4]);
        store(few[4], cell);
        copy(c, few[4], n);
        store(few[4], load(few[3]) * tanh_of(cell));
        copy(h, few[4], n);
        return;
    }
    size_t last = n - SKIP_LANES;
    vec end = lstm_cell_of(i + last, f + last, g + last, c + last);
    vec end_hidden = load(o + last) * tanh_of(end);
    for (size_t j = 0; j < last; j += SKIP_LANES) {
        vec cell = lstm_cell_of(i + j, f + j, g + j, c + j);
        store(c + j, cell);
        store(h + j, load(o + j) * tanh_of(cell));
    }
    store(c + last, end);
    store(h + last, end_hidden);
}

// The lanes of the vector that ends at `end` that lie within its last `count`; zero elsewhere.
INLINE vec last_lanes(const float *end, size_t count) {
    ivec lane;
#pragma clang loop unroll(full)
    for (int j = 0; j < SKIP_LANES; j++) lane[j] = j;
    return choose(lane >= SKIP_LANES - (int)count, load(end - SKIP_LANES), (vec)0.0f);
}

INLINE float sum_of(vec v) {
#if SKIP_LANES == 16
    quad q = (v.lo.lo + v.hi.lo) + (v.lo.hi + v.hi.hi);
#elif SKIP_LANES == 8
    quad q = v.lo + v.hi;
#else
    quad q = v;
#endif
    return (q.x + q.z) + (q.y + q.w);
}

// Four sums side by side, of every fourth vector; the elements that fill no vector are added to the last of them.
static float dot(const float *a, const float *b, size_t n) {
    if (n < SKIP_LANES) {
        float few[2][SKIP_LANES] = {0};
        copy(few[0], a, n);
        copy(few[1], b, n);
        return sum_of(load(few[0]) * load(few[1]));
    }
    vec sum[4] = {0};
    size_t vecs = n / SKIP_LANES;
    for (; vecs >= 4; vecs -= 4) {
#pragma clang loop unroll(full)
        for (size_t j = 0; j < 4; j++) sum[j] = SKIP_FMA(load(a + j * SKIP_LANES), load(b + j * SKIP_LANES), sum[j]);
        a += 4 * SKIP_LANES;
        b += 4 * SKIP_LANES;
    }
#pragma clang loop unroll(full)
    for (size_t j = 0; j < 3; j++) {
        if (j < vecs) sum[j] = SKIP_FMA(load(a + j * SKIP_LANES), load(b + j * SKIP_LANES), sum[j]);
    }
    size_t rest = n % SKIP_LANES;
    a += vecs * SKIP_LANES + rest;
    b += vecs * SKIP_LANES + rest;
    if (rest > 0) sum[3] = SKIP_FMA(last_lanes(a, rest), last_lanes(b, rest), sum[3]);
    return sum_of((sum[0] + sum[1]) + (sum[2] + sum[3]));
}
