// OpenBLAS as Debian ships it (0.3.21, pthread): sgemm, and its own number of threads.
#pragma once
#include <cblas.h>
