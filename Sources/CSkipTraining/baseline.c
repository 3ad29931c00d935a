// What every machine of the architecture has: SSE2, NEON.
#define VARIANT baseline
#define VARIANT_NAME "baseline"
#define LANES 4
#define TILE 4
#include "kernels.h"
