// The kernels' text, compiled once per instruction set: the including file defines VARIANT (a suffix), VARIANT_NAME,
// LANES (floats of a vector) and TILE (rows of a product's register tile).

#include "include/CSkipTraining.h"

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#define NAME(f) JOIN(f, VARIANT)

typedef float vector __attribute__((vector_size(4 * LANES), aligned(4)));
#define PANEL SKIP_TRAINING_ROWS
#define VECTORS (PANEL / LANES)

// exp by range reduction and a polynomial of degree 6 (Cephes' expf): relative error below 2e-7; saturates at ±87.
static inline float NAME(fast_exp)(float x) {
    x = x < -87.0f ? -87.0f : x;
    x = x > 87.0f ? 87.0f : x;
    // Adding 1.5 · 2^23 rounds to the nearest integer.
    const float shifted = x * 1.44269504f + 12582912.0f;
    const float n = shifted - 12582912.0f;
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float y = 1.9875691500e-4f;
    y = y * r + 1.3981999507e-3f;
    y = y * r + 8.3334519073e-3f;
    y = y * r + 4.1665795894e-2f;
    y = y * r + 1.6666665459e-1f;
    y = y * r + 5.0000001201e-1f;
    y = y * r * r + r + 1.0f;
    union { int32_t i; float f; } power = { .i = ((int32_t)n + 127) << 23 };
    return y * power.f;
}

static inline float NAME(fast_sigmoid)(float x) { return 1.0f / (1.0f + NAME(fast_exp)(-x)); }

// Absolute error below 2e-7; near 0 by its series, so that small values keep their relative accuracy.
static inline float NAME(fast_tanh)(float x) {
    const float s = x * x;
    const float near = x + x * s * (-0.333333333f + s * (0.133333333f + s * (-0.053968254f + s * 0.021869489f)));
    const float far = 1.0f - 2.0f / (NAME(fast_exp)(2.0f * x) + 1.0f);
    return s < 0.04f ? near : far;
}

// One tile: `rows` rows times one panel; x[i · ldx + k · step], panel[k · PANEL + …]. rows, and where it is 1 step, are
// constants after inlining.
static inline __attribute__((always_inline)) void NAME(tile)(
    const float *x, size_t ldx, size_t step, const int rows, const float *panel, size_t cols, float *y, size_t ldy, int accumulate) {
    vector sum[TILE][VECTORS];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < VECTORS; v++) sum[i][v] = accumulate ? *(const vector *)(y + i * ldy + v * LANES) : (vector){0};
    for (size_t k = 0; k < cols; k++) {
        vector w[VECTORS];
        for (int v = 0; v < VECTORS; v++) w[v] = *(const vector *)(panel + k * PANEL + v * LANES);
        for (int i = 0; i < rows; i++) {
            const vector b = x[i * ldx + k * step] - (vector){0};
            for (int v = 0; v < VECTORS; v++) sum[i][v] += b * w[v];
        }
    }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < VECTORS; v++) *(vector *)(y + i * ldy + v * LANES) = sum[i][v];
}

static void NAME(product)(const float *x, size_t ldx, size_t rows, const float *panel, size_t cols, size_t outputs,
                          float *y, size_t ldy, int accumulate) {
    // Rows in strips that stay in the first-level cache while the panels pass by.
    for (size_t start = 0; start < rows; start += 8 * TILE) {
        const size_t end = start + 8 * TILE < rows ? start + 8 * TILE : rows;
        for (size_t o = 0; o < outputs; o += PANEL) {
            const float *w = panel + o * cols;
            size_t i = start;
            for (; i + TILE <= end; i += TILE) NAME(tile)(x + i * ldx, ldx, 1, TILE, w, cols, y + i * ldy + o, ldy, accumulate);
            if (TILE > 8)
                for (; i + 8 <= end; i += 8) NAME(tile)(x + i * ldx, ldx, 1, TILE < 8 ? TILE : 8, w, cols, y + i * ldy + o, ldy, accumulate);
            for (; i + 4 <= end; i += 4) NAME(tile)(x + i * ldx, ldx, 1, 4, w, cols, y + i * ldy + o, ldy, accumulate);
            for (; i < end; i++) NAME(tile)(x + i * ldx, ldx, 1, 1, w, cols, y + i * ldy + o, ldy, accumulate);
        }
    }
}

static void NAME(transposed_product)(const float *a, size_t lda, const float *b, size_t ldb, size_t rows, size_t m, size_t n,
                                     float *to, size_t ldto) {
    // A block's panel of a, gathered, stays in the first-level cache while the columns of b pass by.
    float panel[SKIP_TRAINING_BLOCK * PANEL], sums[TILE * PANEL];
    for (size_t start = 0; start < rows; start += SKIP_TRAINING_BLOCK) {
        const size_t count = rows - start < SKIP_TRAINING_BLOCK ? rows - start : SKIP_TRAINING_BLOCK;
        for (size_t o = 0; o < m; o += PANEL) {
            for (size_t k = 0; k < count; k++)
                for (int v = 0; v < VECTORS; v++) *(vector *)(panel + k * PANEL + v * LANES) = *(const vector *)(a + (start + k) * lda + o + v * LANES);
            size_t width;
            for (size_t j = 0; j < n; j += width) {
                const float *x = b + start * ldb + j;
                width = n - j >= TILE ? TILE : n - j >= 4 ? 4 : 1;
                if (width == TILE) NAME(tile)(x, 1, ldb, TILE, panel, count, sums, PANEL, 0);
                else if (width == 4) NAME(tile)(x, 1, ldb, 4, panel, count, sums, PANEL, 0);
                else NAME(tile)(x, 1, ldb, 1, panel, count, sums, PANEL, 0);
                for (size_t l = 0; l < PANEL; l++)
                    for (size_t i = 0; i < width; i++) to[(o + l) * ldto + j + i] += sums[i * PANEL + l];
            }
        }
    }
}

// Every length is a multiple of 16; saying so spares the loops their tails.
#define WHOLE(n) __builtin_assume((n) % PANEL == 0); __builtin_assume((n) > 0)

static void NAME(add_bias)(float *g, size_t ldg, const float *a, size_t lda, const float *bias, size_t rows, size_t n) {
    WHOLE(n);
    for (size_t i = 0; i < rows; i++) {
        float *restrict to = g + i * ldg;
        const float *restrict from = a + i * lda;
        if (a) for (size_t j = 0; j < n; j++) to[j] += from[j] + bias[j];
        else for (size_t j = 0; j < n; j++) to[j] += bias[j];
    }
}

static void NAME(gru_gates)(float *g, size_t ldg, const float *h, float *rh, size_t rows, size_t p) {
    WHOLE(p);
    for (size_t i = 0; i < rows; i++) {
        float *restrict r = g + i * ldg, *restrict z = r + p, *restrict out = rh + i * p;
        const float *restrict before = h + i * p;
        for (size_t j = 0; j < p; j++) {
            const float value = NAME(fast_sigmoid)(r[j]);
            r[j] = value;
            out[j] = value * before[j];
        }
        for (size_t j = 0; j < p; j++) z[j] = NAME(fast_sigmoid)(z[j]);
    }
}

static void NAME(gru_candidate)(float *g, size_t ldg, const float *a, const float *bias, const float *h,
                                float *candidate, size_t rows, size_t p) {
    WHOLE(p);
    for (size_t i = 0; i < rows; i++) {
        const float *restrict z = g + i * ldg + p, *restrict product = a + i * p, *restrict before = h + i * p;
        float *restrict n = g + i * ldg + 2 * p, *restrict out = candidate + i * p;
        for (size_t j = 0; j < p; j++) {
            const float value = NAME(fast_tanh)(n[j] + product[j] + bias[j]);
            n[j] = value;
            out[j] = z[j] * before[j] + (1.0f - z[j]) * value;
        }
    }
}

static void NAME(gru_candidate_after)(float *g, size_t ldg, const float *a, size_t lda, const float *bias,
                                      const float *h, float *candidate, size_t rows, size_t p) {
    WHOLE(p);
    for (size_t i = 0; i < rows; i++) {
        const float *restrict r = g + i * ldg, *restrict z = r + p, *restrict product = a + i * lda, *restrict before = h + i * p;
        float *restrict n = g + i * ldg + 2 * p, *restrict q = g + i * ldg + 3 * p, *restrict out = candidate + i * p;
        for (size_t j = 0; j < p; j++) {
            const float recurrent = product[j] + bias[j];
            const float value = NAME(fast_tanh)(n[j] + r[j] * recurrent);
            q[j] = recurrent;
            n[j] = value;
            out[j] = z[j] * before[j] + (1.0f - z[j]) * value;
        }
    }
}

static void NAME(lstm_candidate)(float *g, size_t ldg, const float *c, float *cell, float *candidate, size_t rows, size_t p) {
    WHOLE(p);
    for (size_t i = 0; i < rows; i++) {
        float *restrict in = g + i * ldg, *restrict f = in + p, *restrict new = in + 2 * p, *restrict o = in + 3 * p;
        const float *restrict before = c + i * p;
        float *restrict after = cell + i * p, *restrict out = candidate + i * p;
        for (size_t j = 0; j < p; j++) {
            in[j] = NAME(fast_sigmoid)(in[j]);
            f[j] = NAME(fast_sigmoid)(f[j]);
        }
        for (size_t j = 0; j < p; j++) {
            new[j] = NAME(fast_tanh)(new[j]);
            o[j] = NAME(fast_sigmoid)(o[j]);
            after[j] = f[j] * before[j] + in[j] * new[j];
        }
        for (size_t j = 0; j < p; j++) out[j] = o[j] * NAME(fast_tanh)(after[j]);
    }
}

// 16 partial sums, added pairwise at the end: the same order whatever the vectors' width.
#define REDUCE(result, term)                                              \
    do {                                                                  \
        float partial[PANEL] = {0};                                       \
        for (size_t j = 0; j < p; j += PANEL)                             \
            for (size_t l = 0; l < PANEL; l++) { const size_t k = j + l; partial[l] += (term); } \
        for (size_t width = PANEL / 2; width > 0; width /= 2)             \
            for (size_t l = 0; l < width; l++) partial[l] += partial[l + width]; \
        result = partial[0];                                              \
    } while (0)

static void NAME(dot)(const float *w, const float *s, float *out, size_t rows, size_t p) {
    WHOLE(p);
    for (size_t i = 0; i < rows; i++) {
        const float *row = s + i * p;
        REDUCE(out[i], w[k] * row[k]);
    }
}

static void NAME(difference_dot)(const float *d, const float *candidate, const float *h, float *out, size_t rows, size_t p) {
    WHOLE(p);
    for (size_t i = 0; i < rows; i++) {
        const float *a = d + i * p, *b = candidate + i * p, *c = h + i * p;
        float sum;
        REDUCE(sum, a[k] * (b[k] - c[k]));
        out[i] += sum;
    }
}

static void NAME(cell_difference_dot)(const float *d, const float *g, size_t ldg, const float *c, float *out, size_t rows, size_t p) {
    WHOLE(p);
    for (size_t i = 0; i < rows; i++) {
        const float *a = d + i * p, *in = g + i * ldg, *f = in + p, *new = in + 2 * p, *before = c + i * p;
        float sum;
        REDUCE(sum, a[k] * (f[k] * before[k] + in[k] * new[k] - before[k]));
        out[i] += sum;
    }
}

static void NAME(gru_backward)(const int32_t *index, size_t count, const float *g, size_t ldg, const float *h, const float *d,
                               float *dg, float *dh, size_t p) {
    WHOLE(p);
    for (size_t i = 0; i < count; i++) {
        const float *restrict z = g + index[i] * ldg + p, *restrict n = z + p, *restrict before = h + index[i] * p, *restrict from = d + i * p;
        float *restrict dz = dg + i * 3 * p + p, *restrict dn = dz + p, *restrict to = dh + i * p;
        for (size_t j = 0; j < p; j++) {
            dz[j] = from[j] * (before[j] - n[j]) * z[j] * (1.0f - z[j]);
            dn[j] = from[j] * (1.0f - z[j]) * (1.0f - n[j] * n[j]);
            to[j] = from[j] * z[j];
        }
    }
}

static void NAME(gru_backward_reset)(const int32_t *index, size_t count, const float *g, size_t ldg, const float *h,
                                     const float *drh, float *dg, float *dh, float *rh, size_t p) {
    WHOLE(p);
    for (size_t i = 0; i < count; i++) {
        const float *restrict r = g + index[i] * ldg, *restrict before = h + index[i] * p, *restrict from = drh + i * p;
        float *restrict dr = dg + i * 3 * p, *restrict to = dh + i * p, *restrict product = rh + i * p;
        for (size_t j = 0; j < p; j++) {
            dr[j] = from[j] * before[j] * r[j] * (1.0f - r[j]);
            to[j] += from[j] * r[j];
            product[j] = r[j] * before[j];
        }
    }
}

static void NAME(gru_backward_after)(const int32_t *index, size_t count, const float *g, size_t ldg, const float *h,
                                     const float *d, float *dg, float *dq, float *dh, size_t p) {
    WHOLE(p);
    for (size_t i = 0; i < count; i++) {
        const float *restrict r = g + index[i] * ldg, *restrict z = r + p, *restrict n = r + 2 * p, *restrict q = r + 3 * p;
        const float *restrict before = h + index[i] * p, *restrict from = d + i * p;
        float *restrict input = dg + i * 3 * p, *restrict hidden = dq + i * 3 * p, *restrict to = dh + i * p;
        for (size_t j = 0; j < p; j++) {
            const float dn = from[j] * (1.0f - z[j]) * (1.0f - n[j] * n[j]);
            const float dz = from[j] * (before[j] - n[j]) * z[j] * (1.0f - z[j]);
            const float dr = dn * q[j] * r[j] * (1.0f - r[j]);
            input[j] = dr;
            hidden[j] = dr;
            input[p + j] = dz;
            hidden[p + j] = dz;
            input[2 * p + j] = dn;
            hidden[2 * p + j] = dn * r[j];
            to[j] = from[j] * z[j];
        }
    }
}

static void NAME(lstm_backward)(const int32_t *index, size_t count, const float *g, size_t ldg, const float *c, const float *d,
                                float *dc, float *dg, size_t p) {
    WHOLE(p);
    for (size_t i = 0; i < count; i++) {
        const float *restrict in = g + index[i] * ldg, *restrict f = in + p, *restrict new = in + 2 * p, *restrict o = in + 3 * p;
        const float *restrict before = c + index[i] * p, *restrict from = d + i * p;
        float *restrict to = dg + i * 4 * p, *restrict cell = dc + i * p;
        for (size_t j = 0; j < p; j++) {
            const float t = NAME(fast_tanh)(f[j] * before[j] + in[j] * new[j]);
            const float total = cell[j] + from[j] * o[j] * (1.0f - t * t);
            to[j] = total * new[j] * in[j] * (1.0f - in[j]);
            to[p + j] = total * before[j] * f[j] * (1.0f - f[j]);
            to[2 * p + j] = total * in[j] * (1.0f - new[j] * new[j]);
            to[3 * p + j] = from[j] * t * o[j] * (1.0f - o[j]);
            cell[j] = total * f[j];
        }
    }
}

static void NAME(column_sum)(const float *d, size_t ldd, size_t rows, size_t n, float *sum) {
    WHOLE(n);
    for (size_t i = 0; i < rows; i++) {
        const float *restrict row = d + i * ldd;
        for (size_t j = 0; j < n; j++) sum[j] += row[j];
    }
}

static void NAME(adam)(float *w, float *m, float *v, const float *g, size_t n, float scale, float beta1, float beta2,
                       float rate, float epsilon) {
    for (size_t i = 0; i < n; i++) {
        const float gradient = g[i] * scale;
        m[i] = beta1 * m[i] + (1.0f - beta1) * gradient;
        v[i] = beta2 * v[i] + (1.0f - beta2) * gradient * gradient;
        w[i] -= rate * m[i] / (__builtin_sqrtf(v[i]) + epsilon);
    }
}

const skip_training_kernels NAME(skip_training) = {
    VARIANT_NAME, NAME(product), NAME(transposed_product), NAME(add_bias), NAME(gru_gates), NAME(gru_candidate), NAME(gru_candidate_after),
    NAME(lstm_candidate), NAME(dot), NAME(difference_dot), NAME(cell_difference_dot), NAME(gru_backward),
    NAME(gru_backward_reset), NAME(gru_backward_after), NAME(lstm_backward), NAME(column_sum), NAME(adam),
};
