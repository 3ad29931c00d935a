// Counts what a thread allocates, for tests of what must not. Linked into the test bundle's executable, its malloc
// stands before the C library's for all that the process loads, the Swift runtime included.
#ifndef CALLOCATIONCOUNTER_H
#define CALLOCATIONCOUNTER_H

#include <stdbool.h>

// Calls of malloc, calloc, realloc, posix_memalign and aligned_alloc by this thread so far.
unsigned long allocation_count(void);

// False where nothing is counted: under a sanitizer, which brings its own malloc, and without glibc.
bool allocation_counting(void);

#endif
