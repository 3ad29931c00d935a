#define _GNU_SOURCE
#include "CMachine.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

double machine_now(void) { return seconds(CLOCK_MONOTONIC); }
double machine_thread_seconds(void) { return seconds(CLOCK_THREAD_CPUTIME_ID); }

// Both loops for one width of vectors. The empty assembly statements make the compiler believe that each value is used.
#define LOOPS(name, lanes, constraint)                                                                          \
    typedef float name##_vec __attribute__((ext_vector_type(lanes), may_alias));                                \
    static void name##_read(const float *p, size_t floats) {                                                    \
        for (const float *end = p + floats; p < end; p += 4 * lanes) {                                          \
            const name##_vec *v = (const name##_vec *)p;                                                        \
            name##_vec a = v[0], b = v[1], c = v[2], d = v[3];                                                  \
            __asm__ volatile("" ::constraint(a), constraint(b), constraint(c), constraint(d));                  \
        }                                                                                                       \
    }                                                                                                           \
    static double name##_fma(long rounds) {                                                                     \
        name##_vec sum[12], x = 0.5f, y = 1.0f;                                                                 \
        for (int i = 0; i < 12; i++) sum[i] = (float)i;                                                         \
        for (long r = 0; r < rounds; r++) {                                                                     \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < 12; i++) {                                   \
                sum[i] = sum[i] * x + y;                                               \
                __asm__ volatile("" : "+" constraint(sum[i]));                                                  \
            }                                                                                                   \
        }                                                                                                       \
        return rounds * 12.0 * 2 * lanes;                                                                       \
    }

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
LOOPS(avx512, 16, "v")
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
LOOPS(avx2, 8, "x")
#pragma clang attribute pop
LOOPS(sse, 4, "x")
#else
LOOPS(neon, 4, "w")
#endif

static void read_all(const float *p, size_t floats) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) avx512_read(p, floats);
    else if (__builtin_cpu_supports("avx2")) avx2_read(p, floats);
    else sse_read(p, floats);
#else
    neon_read(p, floats);
#endif
}

static double fma_rounds(long rounds) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return avx512_fma(rounds);
    if (__builtin_cpu_supports("avx2")) return avx2_fma(rounds);
    return sse_fma(rounds);
#else
    return neon_fma(rounds);
#endif
}

static void *region(size_t bytes) {
    void *p;
    if (posix_memalign(&p, 4096, bytes) != 0) abort();
    memset(p, 0, bytes);
    return p;
}

double machine_read_bandwidth(size_t bytes) {
    static float *p;
    if (p == NULL) p = region(1 << 22);
    size_t floats = bytes / 256 * 64;
    if (floats * 4 > 1 << 22) abort();
    long repeats = (long)(30e6 / bytes) + 1;
    read_all(p, floats);
    double start = machine_now();
    for (long r = 0; r < repeats; r++) read_all(p, floats);
    return repeats * (floats * 4.0) / (machine_now() - start);
}

double machine_fma_peak(void) {
    fma_rounds(1000);
    double start = machine_now();
    double operations = fma_rounds(200000);
    return operations / (machine_now() - start);
}

double machine_random_access(size_t bytes) {
    static uint32_t *next;
    static size_t lines;
    static uint32_t place;
    const size_t step = 16; // indices of a cache line
    if (next == NULL) {
        lines = bytes / 64;
        next = region(bytes);
        // Sattolo's shuffle: one cycle through all lines.
        for (size_t i = 0; i < lines; i++) next[i * step] = (uint32_t)i;
        uint64_t state = 1;
        for (size_t i = lines - 1; i > 0; i--) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            size_t j = (size_t)(((state >> 32) * i) >> 32);
            uint32_t kept = next[i * step];
            next[i * step] = next[j * step];
            next[j * step] = kept;
        }
    }
    const int reads = 200000;
    double start = machine_now();
    for (int i = 0; i < reads; i++) place = next[place * step];
    __asm__ volatile("" ::"r"(place));
    return (machine_now() - start) / reads;
}

size_t machine_resident_bytes(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    unsigned long total, resident;
    int read = fscanf(file, "%lu %lu", &total, &resident);
    fclose(file);
    return read == 2 ? resident * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

double machine_cycle(void) {
    uint64_t sum = 1;
    const int rounds = 2000, chain = 16;
    double start = machine_now();
    for (int r = 0; r < rounds; r++) {
        _Pragma("clang loop unroll(full)") for (int i = 0; i < 16; i++) {
#if defined(__x86_64__)
            __asm__ volatile("add %0, %0" : "+r"(sum));
#else
            __asm__ volatile("add %0, %0, %0" : "+r"(sum));
#endif
        }
    }
    return (machine_now() - start) / (rounds * chain);
}
