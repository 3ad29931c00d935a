// Sigmoid and tanh; part of simd.h.
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

INLINE vec magnitude(vec x) { return (vec)((ivec)x & 0x7fffffff); }

// A NaN compares false and stays.
INLINE vec at_most(vec x, float limit) { return choose(x > limit, (vec)limit, x); }

// A sigmoid on its way, in stages of a few operations each: a step of simd_gru.h takes them between its products, which
// hide how long each waits for the one before.
typedef struct { vec x, t, shifted, r, r2, low, high, rest, scale, numerator, denominator, y; } sigmoid_state;
enum { SIGMOID_STAGES = 6 };

// exp(−t) = scale · (1 + rest) with scale a power of two (0 below 2^-126), for 0 ≤ t ≤ 88; done after the fourth stage.
INLINE void exp_negative_stage(sigmoid_state *s, const int stage) {
    if (stage == 0) {
        s->shifted = SKIP_FMA(s->t, (vec)-LOG2_E, (vec)NEAREST);
    } else if (stage == 1) {
        vec n = s->shifted - NEAREST;
        s->r = SKIP_FMA(n, (vec)-LN2_LOW, SKIP_FMA(n, (vec)-LN2_HIGH, -s->t));
    } else if (stage == 2) {
        s->r2 = s->r * s->r;
        s->low = SKIP_FMA(s->r, (vec)EXP_3, (vec)EXP_2);
        s->high = SKIP_FMA(s->r2, (vec)EXP_6, SKIP_FMA(s->r, (vec)EXP_5, (vec)EXP_4));
    } else if (stage == 3) {
        s->rest = SKIP_FMA(SKIP_FMA(s->high, s->r2, s->low), s->r2, s->r);
        s->scale = (vec)(((ivec)s->shifted << 23) + 0x3f800000);
    }
}

// y = 1 / (1 + e) or e / (1 + e) with e = exp(−|x|): precise in both tails, and 0 once exp(x) is subnormal.
INLINE void sigmoid_stage(sigmoid_state *s, const int stage) {
    if (stage == 0) s->t = at_most(magnitude(s->x), 88);
    exp_negative_stage(s, stage);
    if (stage == 4) {
        vec e = SKIP_FMA(s->scale, s->rest, s->scale);
        s->numerator = choose(s->x < 0, e, (vec)1.0f);
        s->denominator = e + 1.0f;
    } else if (stage == 5) {
        s->y = SKIP_DIVIDE(s->numerator, s->denominator);
    }
}

INLINE vec sigmoid_of(vec x) {
    sigmoid_state s = {.x = x};
#pragma clang loop unroll(full)
    for (int stage = 0; stage < SIGMOID_STAGES; stage++) sigmoid_stage(&s, stage);
    return s.y;
}

// −m / (2 + m) with m = exp(−2|x|) − 1, which keeps its precision near 0, under the sign of x. From 10 on it is 1.
INLINE vec tanh_of(vec x) {
    sigmoid_state s = {.t = at_most(magnitude(x) * 2, 20)};
#pragma clang loop unroll(full)
    for (int stage = 0; stage < 4; stage++) exp_negative_stage(&s, stage);
    vec m = SKIP_FMA(s.scale, s.rest, s.scale - 1.0f);
    return (vec)((ivec)magnitude(SKIP_DIVIDE(m, m + 2.0f)) | ((ivec)x & ~0x7fffffff));
}

static void sigmoid(float *v, size_t n) {
    for (size_t i = 0; i < n; i += SKIP_LANES) store(v + i, sigmoid_of(load(v + i)));
}

static void hyperbolic_tangent(float *v, size_t n) {
    for (size_t i = 0; i < n; i += SKIP_LANES) store(v + i, tanh_of(load(v + i)));
}
