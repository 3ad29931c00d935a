// A packed matrix times one or several vectors; part of simd.h.

// Blocks of rows at a time for a count of streams, as many as there are registers for. Past 7, lines of the panel
// that are read side by side would push one another out of an 8-way cache where cols is a multiple of 64.
#define MOST_BLOCKS(streams) \
    (SKIP_ACCUMULATORS / BLOCK_VECS / (streams) < 7 ? SKIP_ACCUMULATORS / BLOCK_VECS / (streams) : 7)

// sum = bias, `blocks` blocks of rows.
INLINE void load_sums(vec *sum, const float *bias, const size_t blocks) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < blocks * BLOCK_VECS; v++) sum[v] = load(bias + v * SKIP_LANES);
}

// sum += column k of `blocks` blocks of rows · input.
INLINE void add_products(vec *sum, const float *panel, size_t cols, size_t k, vec input, const size_t blocks) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < blocks * BLOCK_VECS; v++) {
        const float *block = panel + v / BLOCK_VECS * SKIP_ROWS * cols;
        sum[v] = SKIP_FMA(load(block + k * SKIP_ROWS + v % BLOCK_VECS * SKIP_LANES), input, sum[v]);
    }
}

// Columns of the first of two halves.
INLINE size_t first_half(size_t cols) { return (cols + 1) / 2; }

// `blocks` blocks of rows for `streams` streams, both constants where this is inlined, with all sums in registers:
// blocks · streams · BLOCK_VECS chains of additions run side by side, and each weight that is read serves every stream.
// In two halves, the columns of the second are summed by themselves and then added.
INLINE void tile(const float *panel, const float *bias, size_t cols, const float *x, size_t ldx,
                 float *y, size_t ldy, size_t halves, const size_t blocks, const size_t streams) {
    vec sum[SKIP_ACCUMULATORS];
#pragma clang loop unroll(full)
    for (size_t b = 0; b < blocks * BLOCK_VECS; b++) {
#pragma clang loop unroll(full)
        for (size_t s = 0; s < streams; s++) sum[b * streams + s] = load(bias + b * SKIP_LANES);
    }
    size_t k = 0;
    for (size_t half = 1; half <= halves; half++) {
        for (size_t last = half < halves ? first_half(cols) : cols; k < last; k++) {
            vec input[SKIP_STREAMS];
#pragma clang loop unroll(full)
            for (size_t s = 0; s < streams; s++) input[s] = x[s * ldx + k];
#pragma clang loop unroll(full)
            for (size_t b = 0; b < blocks * BLOCK_VECS; b++) {
                const float *block = panel + b / BLOCK_VECS * SKIP_ROWS * cols;
                vec w = load(block + k * SKIP_ROWS + b % BLOCK_VECS * SKIP_LANES);
#pragma clang loop unroll(full)
                for (size_t s = 0; s < streams; s++) sum[b * streams + s] = SKIP_FMA(w, input[s], sum[b * streams + s]);
            }
        }
#pragma clang loop unroll(full)
        for (size_t b = 0; b < blocks * BLOCK_VECS; b++) {
#pragma clang loop unroll(full)
            for (size_t s = 0; s < streams; s++) {
                float *total = y + s * ldy + b * SKIP_LANES;
                store(total, half == 1 ? sum[b * streams + s] : load(total) + sum[b * streams + s]);
                sum[b * streams + s] = (vec)0.0f;
            }
        }
    }
}

// tile_4_1: four streams, one block. Those that have no room are never called.
#define TILE(streams, blocks) \
    static void tile_##streams##_##blocks(const float *panel, const float *bias, size_t cols, \
                                          const float *x, size_t ldx, float *y, size_t ldy, size_t halves) { \
        if (streams <= SKIP_STREAMS && blocks <= MOST_BLOCKS(streams)) \
            tile(panel, bias, cols, x, ldx, y, ldy, halves, blocks, streams); \
    }
#define TILES(streams) \
    TILE(streams, 1) TILE(streams, 2) TILE(streams, 3) TILE(streams, 4) TILE(streams, 5) TILE(streams, 6) TILE(streams, 7)
TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6) TILES(7) TILES(8)

typedef void tile_function(const float *, const float *, size_t, const float *, size_t, float *, size_t, size_t);

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

// The product in so many halves, which say in which order its sums are made: 1 or 2.
INLINE void matvec_in_halves(const size_t halves, const float *panel, const float *bias, size_t blocks, size_t cols,
                             const float *x, size_t ldx, float *y, size_t ldy, size_t streams) {
    if (streams == 1 && blocks - 1 < MOST_BLOCKS(1)) {
        tiles[0][blocks - 1](panel, bias, cols, x, ldx, y, ldy, halves);
        return;
    }
    while (streams > 0) {
        size_t s = share(streams, SKIP_STREAMS);
        for (size_t done = 0; done < blocks;) {
            size_t b = share(blocks - done, most_blocks[s - 1]);
            tiles[s - 1][b - 1](panel + done * SKIP_ROWS * cols, bias + done * SKIP_ROWS, cols, x, ldx,
                                y + done * SKIP_ROWS, ldy, halves);
            done += b;
        }
        x += s * ldx;
        y += s * ldy;
        streams -= s;
    }
}

static void matvec(const float *panel, const float *bias, size_t blocks, size_t cols,
                   const float *x, size_t ldx, float *y, size_t ldy, size_t streams) {
    matvec_in_halves(1, panel, bias, blocks, cols, x, ldx, y, ldy, streams);
}

static void matvec_split(const float *panel, const float *bias, size_t blocks, size_t cols,
                         const float *x, size_t ldx, float *y, size_t ldy, size_t streams) {
    matvec_in_halves(2, panel, bias, blocks, cols, x, ldx, y, ldy, streams);
}
