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
typedef float loose_vec __attribute__((ext_vector_type(SKIP_LANES), aligned(4)));

#define INLINE static inline __attribute__((always_inline))

// Vectors of a block of rows.
#define BLOCK_VECS (SKIP_ROWS / SKIP_LANES)

INLINE vec load(const float *p) { return *(const loose_vec *)p; }
INLINE void store(float *p, vec v) { *(loose_vec *)p = v; }
INLINE vec select(ivec mask, vec yes, vec no) { return (vec)((mask & (ivec)yes) | (~mask & (ivec)no)); }

// MARK: Matrix times vectors

// `blocks` blocks of rows for `streams` streams, all of their sums in registers: blocks · streams · BLOCK_VECS chains
// of additions run side by side, and each weight that is read serves every stream.
// Both counts are constants where this is inlined.
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
            vec w = *(const vec *)(panel + b / BLOCK_VECS * SKIP_ROWS * cols + b % BLOCK_VECS * SKIP_LANES
                                   + k * SKIP_ROWS);
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

// The whole panel for a constant count of streams, as many blocks at a time as there are registers for, the
// groups of blocks as equal as can be.
#define MOST_BLOCKS(streams) (SKIP_ACCUMULATORS / BLOCK_VECS / (streams))

INLINE void pass(const float *panel, const float *bias, size_t blocks, size_t cols, const float *x, size_t ldx,
                 float *y, size_t ldy, const size_t streams) {
    const size_t most = MOST_BLOCKS(streams) < 8 ? MOST_BLOCKS(streams) : 8;
    size_t groups = (blocks + most - 1) / most;
    while (groups > 0) {
        size_t count = blocks / groups;
        switch (count) {
#define CASE(n) case n: if (n <= most) tile(panel, bias, cols, x, ldx, y, ldy, n <= most ? n : 1, streams); break;
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
#undef CASE
        }
        panel += count * SKIP_ROWS * cols;
        bias += count * SKIP_ROWS;
        y += count * SKIP_ROWS;
        blocks -= count;
        groups--;
    }
}

static void matvec(const float *panel, const float *bias, size_t blocks, size_t cols,
                   const float *x, size_t ldx, float *y, size_t ldy, size_t streams) {
    size_t passes = (streams + SKIP_STREAMS - 1) / SKIP_STREAMS;
    while (passes > 0) {
        size_t count = streams / passes;
        switch (count) {
#define CASE(n) case n: if (n <= SKIP_STREAMS) pass(panel, bias, blocks, cols, x, ldx, y, ldy, n <= SKIP_STREAMS ? n : 1); break;
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
#undef CASE
        }
        x += count * ldx;
        y += count * ldy;
        streams -= count;
        passes--;
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

// Four sums side by side, of every fourth vector; the elements that fill no vector go to the last of them.
static float dot(const float *a, const float *b, size_t n) {
    vec sum[4] = {0};
    size_t whole = n / SKIP_LANES * SKIP_LANES, i = 0;
    for (; i + 4 * SKIP_LANES <= whole; i += 4 * SKIP_LANES) {
#pragma clang loop unroll(full)
        for (size_t j = 0; j < 4; j++) {
            sum[j] = SKIP_FMA(load(a + i + j * SKIP_LANES), load(b + i + j * SKIP_LANES), sum[j]);
        }
    }
#pragma clang loop unroll(full)
    for (size_t j = 0; j < 3; j++) {
        if (i == whole) break;
        sum[j] = SKIP_FMA(load(a + i), load(b + i), sum[j]);
        i += SKIP_LANES;
    }
    if (i < n) {
        float few[2][SKIP_LANES] = {0};
        copy(few[0], a + i, n - i);
        copy(few[1], b + i, n - i);
        sum[3] = SKIP_FMA(load(few[0]), load(few[1]), sum[3]);
    }
    float total[SKIP_LANES];
    store(total, (sum[0] + sum[1]) + (sum[2] + sum[3]));
#pragma clang loop unroll(full)
    for (size_t half = SKIP_LANES / 2; half > 0; half /= 2) {
#pragma clang loop unroll(full)
        for (size_t j = 0; j < half; j++) total[j] += total[j + half];
    }
    return total[0];
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
