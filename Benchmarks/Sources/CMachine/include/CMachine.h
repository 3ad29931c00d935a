// What the machine can do: the measure that our own figures are held to, taken in the same run.
#ifndef CMACHINE_H
#define CMACHINE_H

#include <stddef.h>

// Seconds since some moment in the past.
double machine_now(void);

// Seconds of CPU that this thread has had.
double machine_thread_seconds(void);

// Bytes a second at which one core reads a region of so many bytes again and again, in the widest vectors it has.
double machine_read_bandwidth(size_t bytes);

// Single-precision operations a second of one core: independent chains of fused multiply–adds in registers, each counted as two.
double machine_fma_peak(void);

// Seconds for one read of memory at a place that depends on the read before: a random cycle through all cache lines of a region.
// The cycle is built at the first call and kept for the life of the process.
double machine_random_access(size_t bytes);

// Bytes of this process that are in memory.
size_t machine_resident_bytes(void);

// Seconds that one cycle of the processor takes: a chain of additions of integers, each waiting for the one before.
double machine_cycle(void);

#endif
