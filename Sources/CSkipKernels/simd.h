// The vector kernels, written once and compiled once per instruction set. A variant's file defines
//
//     SKIP_VARIANT       the variable to define: skip_kernels_avx2
//     SKIP_NAME          its name: "avx2"
//     SKIP_LANES         floats of a vector: 4, 8 or 16
//     SKIP_ACCUMULATORS  vectors of sums that fit into the registers beside the weights and inputs in flight
//     SKIP_STREAMS       streams that share one read of a weight, 1 … 8
//     SKIP_SPLIT         blocks of rows of the largest GRU whose sums are made in two halves (simd_fused.h); 0 for none
//     SKIP_FUSED         blocks of rows of the largest GRU whose sums are all kept in registers (simd_fused.h)
//     SKIP_BESIDE        blocks of rows whose sums leave registers for a gate's sigmoids, 1 … 5 (simd_beside.h); 0 for none
//     SKIP_FMA(a, b, c)  a · b + c, rounded once or twice, but always the same way
//     SKIP_DIVIDE(a, b)  a / b, to within a unit in the last place
//
// and includes this file between target attributes. Vectors are the compiler's own (+, · and comparisons work
// lane by lane), so that one text serves all of them.
#include "variants.h"

#include <string.h>

// Nothing but SKIP_FMA decides where a product is rounded.
#pragma STDC FP_CONTRACT OFF

typedef float vec __attribute__((ext_vector_type(SKIP_LANES)));
typedef int ivec __attribute__((ext_vector_type(SKIP_LANES)));
typedef float quad __attribute__((ext_vector_type(4)));
// Lanes in memory, at any address.
typedef float loose_vec __attribute__((ext_vector_type(SKIP_LANES), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

// Vectors of a block of rows.
#define BLOCK_VECS (SKIP_ROWS / SKIP_LANES)

INLINE vec load(const float *p) { return *(const loose_vec *)p; }
INLINE void store(float *p, vec v) { *(loose_vec *)p = v; }
INLINE vec choose(ivec mask, vec yes, vec no) { return mask ? yes : no; }

#include "simd_activations.h"
#include "simd_matvec.h"
#include "simd_elementwise.h"
#include "gru.h"
#include "simd_fused.h"
#include "simd_beside.h"
#include "simd_gru.h"
#include "gru_stack.h"

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
    .gru = gru,
};
