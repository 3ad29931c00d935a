// The variants that skip_kernels_at chooses from; each is defined in the file of its name.
#ifndef SKIP_VARIANTS_H
#define SKIP_VARIANTS_H

#include "CSkipKernels.h"

extern const skip_kernels skip_kernels_scalar;

#endif
