// The vector kernels, written once and compiled once per instruction set. A variant's file defines
//
//     SKIP_VARIANT       the variable to define: skip_kernels_avx2
//     SKIP_NAME          its name: "avx2"
//     SKIP_LANES         floats of a vector: 4, 8 or 16
//     SKIP_ACCUMULATORS  vectors of sums that fit into the registers beside the weights and inputs in flight
//     SKIP_STREAMS       streams that share one read of a weight, 1 … 8
//     SKIP_FMA(a, b, c)  a · b + c, rounded once or twice, but always the same way
//
// and includes this file between target attributes. Vectors are the compiler's own (+, · and comparisons work
// lane by lane), so that one text serves all of them.
#include "variants.h"

// Nothing but SKIP_FMA decides where a product is rounded.
#pragma STDC FP_CONTRACT OFF

typedef float vec __attribute__((ext_vector_type(SKIP_LANES)));
typedef int ivec __attribute__((ext_vector_type(SKIP_LANES)));
typedef float quad __attribute__((ext_vector_type(4)));
typedef float loose_vec __attribute__((ext_vector_type(SKIP_LANES), aligned(4)));

#define INLINE static inline __attribute__((always_inline))

// Vectors of a block of rows.
#define BLOCK_VECS (SKIP_ROWS / SKIP_LANES)

INLINE vec load(const float *p) { return *(const loose_vec *)p; }
INLINE void store(float *p, vec v) { *(loose_vec *)p = v; }
INLINE vec select(ivec mask, vec yes, vec no) { return (vec)((mask & (ivec)yes) | (~mask & (ivec)no)); }

// MARK: Matrix times vectors

// Blocks of rows at a time for a count of streams, as many as there are registers for. Past 7, lines of the panel
// that are read side by side would push one another out of an 8-way cache where cols is a multiple of 64.
#define MOST_BLOCKS(streams) \
    (SKIP_ACCUMULATORS / BLOCK_VECS / (streams) < 7 ? SKIP_ACCUMULATORS / BLOCK_VECS / (streams) : 7)

// `blocks` blocks of rows for `streams` streams, both constants where this is inlined, with all sums in registers:
// blocks · streams · BLOCK_VECS chains of additions run side by side, and each weight that is read serves every stream.
INLINE void tile(const float *panel, const float *bias, size_t cols, const float *x, size_t ldx,
                 float *y, size_t ldy, const size_t blocks, const size_t streams) {
    vec sum[SKIP_ACCUMULATORS];
#pragma clang loop unroll(full)
    for (size_t b = 0; b < blocks * BLOCK_VECS; b++) {
#pragma clang loop unroll(full)
        for (size_t s = 0; s < streams; s++) sum[b * streams + s] = load(bias + b * SKIP_LANES);
    }
    for (size_t k = 0; k < cols; k++) {
        vec input[SKIP_STREAMS];
#pragma clang loop unroll(full)
        for (size_t s = 0; s < streams; s++) input[s] = x[s * ldx + k];
#pragma clang loop unroll(full)
        for (size_t b = 0; b < blocks * BLOCK_VECS; b++) {
            const float *block = panel + b / BLOCK_VECS * SKIP_ROWS * cols;
            vec w = *(const vec *)(block + k * SKIP_ROWS + b % BLOCK_VECS * SKIP_LANES);
#pragma clang loop unroll(full)
            for (size_t s = 0; s < streams; s++) sum[b * streams + s] = SKIP_FMA(w, input[s], sum[b * streams + s]);
        }
    }
#pragma clang loop unroll(full)
    for (size_t b = 0; b < blocks * BLOCK_VECS; b++) {
#pragma clang loop unroll(full)
        for (size_t s = 0; s < streams; s++) store(y + s * ldy + b * SKIP_LANES, sum[b * streams + s]);
    }
}

// tile_4_1: four streams, one block. Those that have no room are never called.
#define TILE(streams, blocks) \
    static void tile_##streams##_##blocks(const float *panel, const float *bias, size_t cols, \
                                          const float *x, size_t ldx, float *y, size_t ldy) { \
        if (streams <= SKIP_STREAMS && blocks <= MOST_BLOCKS(streams)) \
            tile(panel, bias, cols, x, ldx, y, ldy, blocks, streams); \
    }
#define TILES(streams) \
    TILE(streams, 1) TILE(streams, 2) TILE(streams, 3) TILE(streams, 4) TILE(streams, 5) TILE(streams, 6) TILE(streams, 7)
TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6) TILES(7) TILES(8)

typedef void tile_function(const float *, const float *, size_t, const float *, size_t, float *, size_t);

#define ROW(streams) {tile_##streams##_1, tile_##streams##_2, tile_##streams##_3, tile_##streams##_4, \
                      tile_##streams##_5, tile_##streams##_6, tile_##streams##_7}
static tile_function *const tiles[8][7] = {ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6), ROW(7), ROW(8)};
static const size_t most_blocks[8] = {
    MOST_BLOCKS(1), MOST_BLOCKS(2), MOST_BLOCKS(3), MOST_BLOCKS(4),
    MOST_BLOCKS(5), MOST_BLOCKS(6), MOST_BLOCKS(7), MOST_BLOCKS(8),
};

// How many of `count` to take at once where `most` is possible: that, or half of what is left rather than a small rest.
INLINE size_t share(size_t count, size_t most) {
    return count <= most ? count : count < 2 * most ? count / 2 : most;
}

static void matvec(const float *panel, const float *bias, size_t blocks, size_t cols,
                   const float *x, size_t ldx, float *y, size_t ldy, size_t streams) {
    if (streams == 1 && blocks - 1 < MOST_BLOCKS(1)) {
        tiles[0][blocks - 1](panel, bias, cols, x, ldx, y, ldy);
        return;
    }
    while (streams > 0) {
        size_t s = share(streams, SKIP_STREAMS);
        for (size_t done = 0; done < blocks;) {
            size_t b = share(blocks - done, most_blocks[s - 1]);
            tiles[s - 1][b - 1](panel + done * SKIP_ROWS * cols, bias + done * SKIP_ROWS, cols, x, ldx,
                                y + done * SKIP_ROWS, ldy);
            done += b;
        }
        x += s * ldx;
        y += s * ldy;
        streams -= s;
    }
}

// MARK: Activations
//
// Over all floats, against libm in double: sigmoid ≤ 8.9e-8 absolute, ≤ 1.8e-7 relative (where exp(x) is a normal
// number); tanh ≤ 1.5e-7 absolute, ≤ 1.9e-7 relative. ActivationTests sweeps them.

// exp(r) = 1 + r + r²·(EXP_2 + EXP_3·r + EXP_4·r² + EXP_5·r³ + EXP_6·r⁴) for |r| ≤ ln 2 / 2: minimax for the
// relative error of exp(r) − 1, which is 1.7e-8 before rounding.
#define EXP_2 0.49999997f
#define EXP_3 0.16666543f
#define EXP_4 0.0416672f
#define EXP_5 0.00836652f
#define EXP_6 0.0013882521f
#define LOG2_E 1.44269504f
// ln 2 in two parts; the first has 10 bits, so that a small integer times it is exact.
#define LN2_HIGH 0.693359375f
#define LN2_LOW -2.1219444e-4f
// 1.5 · 2^23: a float plus this has the float's nearest integer in its low bits.
#define NEAREST 12582912.0f

// exp(−t) = scale · (1 + rest) with scale a power of two (0 below 2^-126), for 0 ≤ t ≤ 88.
INLINE void exp_negative(vec t, vec *scale, vec *rest) {
    vec shifted = SKIP_FMA(t, (vec)-LOG2_E, (vec)NEAREST);
    vec n = shifted - NEAREST;
    vec r = SKIP_FMA(n, (vec)-LN2_LOW, SKIP_FMA(n, (vec)-LN2_HIGH, -t));
    vec r2 = r * r;
    vec low = SKIP_FMA(r, (vec)EXP_3, (vec)EXP_2);
    vec high = SKIP_FMA(r2, (vec)EXP_6, SKIP_FMA(r, (vec)EXP_5, (vec)EXP_4));
    *rest = SKIP_FMA(SKIP_FMA(high, r2, low), r2, r);
    *scale = (vec)(((ivec)shifted << 23) + 0x3f800000);
}

INLINE vec magnitude(vec x) { return (vec)((ivec)x & 0x7fffffff); }

// A NaN compares false and stays.
INLINE vec at_most(vec x, float limit) { return select(x > limit, (vec)limit, x); }

// 1 / (1 + e) or e / (1 + e) with e = exp(−|x|): precise in both tails, and 0 once exp(x) is subnormal.
INLINE vec sigmoid_of(vec x) {
    vec scale, rest;
    exp_negative(at_most(magnitude(x), 88), &scale, &rest);
    vec e = SKIP_FMA(scale, rest, scale);
    return select(x < 0, e, (vec)1.0f) / (e + 1.0f);
}

// −m / (2 + m) with m = exp(−2|x|) − 1, which keeps its precision near 0, under the sign of x. From 10 on it is 1.
INLINE vec tanh_of(vec x) {
    vec scale, rest;
    exp_negative(at_most(magnitude(x) * 2, 20), &scale, &rest);
    vec m = SKIP_FMA(scale, rest, scale - 1.0f);
    return (vec)((ivec)magnitude(m / (m + 2.0f)) | ((ivec)x & ~0x7fffffff));
}

static void sigmoid(float *v, size_t n) {
    for (size_t i = 0; i < n; i += SKIP_LANES) store(v + i, sigmoid_of(load(v + i)));
}

static void hyperbolic_tangent(float *v, size_t n) {
    for (size_t i = 0; i < n; i += SKIP_LANES) store(v + i, tanh_of(load(v + i)));
}

// MARK: Element by element
//
// Where n is no multiple of the lanes, the last vector overlaps the one before it: it is computed before anything is
// stored and stored last, so an element comes out the same whichever vectors it is in. Fewer than a vector's
// elements go through a copy.

INLINE void copy(float *to, const float *from, size_t n) {
    for (size_t i = 0; i < n; i++) to[i] = from[i];
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
    return select(lane >= SKIP_LANES - (int)count, load(end - SKIP_LANES), (vec)0.0f);
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

const skip_kernels SKIP_VARIANT = {
    .name = SKIP_NAME,
    .matvec = matvec,
    .sigmoid = sigmoid,
    .tanh = hyperbolic_tangent,
    .multiply = multiply,
    .multiply_add = multiply_add,
    .gru_blend = gru_blend,
    .lstm_blend = lstm_blend,
    .dot = dot,
};
