// Faults of the disk under skipd's states, and of the clock, for tests: loaded before libc by LD_PRELOAD.
//
//   FAULT_FOLDER  calls on files below it are meant
//   FAULT_KILL    the process is killed at the so-manieth call that changes one: of a write half is done
//   FAULT_WHILE   as long as this file exists, every such call fails with FAULT_ERRNO
//   FAULT_CLOCK   as long as this file exists, the time of day is three days ahead; the monotonic clock stays
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static int below(const char *path) {
    const char *folder = getenv("FAULT_FOLDER");
    return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static int open_below(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below(path);
}

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

// Counts a call: true where the process is to die in it.
static int is_last(void) {
    static long calls;
    const char *kill_at = getenv("FAULT_KILL");
    return kill_at && __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) == atol(kill_at);
}

static void die(void) {
    kill(getpid(), SIGKILL);
    pause();
}

static int fails(void) {
    const char *file = getenv("FAULT_WHILE"), *code = getenv("FAULT_ERRNO");
    int saved = errno;
    if (!file || !code || access(file, F_OK) != 0) {
        errno = saved;
        return 0;
    }
    errno = atoi(code);
    return 1;
}

#define CHANGES(condition)              \
    if (condition) {                    \
        if (is_last()) die();           \
        if (fails()) return -1;         \
    }

#define WRITE(name, parameters, arguments)                                         \
    ssize_t name(int file, const void *bytes, size_t count parameters) {           \
        ssize_t (*real)(int, const void *, size_t parameters) = next(#name);       \
        if (open_below(file)) {                                                    \
            if (is_last()) {                                                       \
                ssize_t half = real(file, bytes, count / 2 arguments);             \
                (void)half;                                                        \
                die();                                                             \
            }                                                                      \
            if (fails()) return -1;                                                \
        }                                                                          \
        return real(file, bytes, count arguments);                                 \
    }

#define COMMA ,
WRITE(write, , )
WRITE(pwrite, COMMA off_t offset, COMMA offset)
WRITE(pwrite64, COMMA off64_t offset, COMMA offset)

int fsync(int file) {
    CHANGES(open_below(file))
    return ((int (*)(int))next("fsync"))(file);
}

int fdatasync(int file) {
    CHANGES(open_below(file))
    return ((int (*)(int))next("fdatasync"))(file);
}

int ftruncate(int file, off_t length) {
    CHANGES(open_below(file))
    return ((int (*)(int, off_t))next("ftruncate"))(file, length);
}

int ftruncate64(int file, off64_t length) {
    CHANGES(open_below(file))
    return ((int (*)(int, off64_t))next("ftruncate64"))(file, length);
}

int rename(const char *from, const char *to) {
    CHANGES(below(from))
    return ((int (*)(const char *, const char *))next("rename"))(from, to);
}

int unlink(const char *path) {
    CHANGES(below(path))
    return ((int (*)(const char *))next("unlink"))(path);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int status = ((int (*)(clockid_t, struct timespec *))next("clock_gettime"))(clock, time);
    const char *file = getenv("FAULT_CLOCK");
    if (file && clock == CLOCK_REALTIME && access(file, F_OK) == 0) time->tv_sec += 3 * 86400;
    return status;
}
