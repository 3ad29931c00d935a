#define _GNU_SOURCE
#include "CTraffic.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

double traffic_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

double traffic_cpu_seconds(int pid) {
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL) return 0;
    double seconds = 0;
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        // The first of its numbers: nanoseconds on a CPU.
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, entry->d_name);
        FILE *file = fopen(path, "r");
        unsigned long long ns;
        if (file == NULL) continue;
        if (fscanf(file, "%llu", &ns) == 1) seconds += ns * 1e-9;
        fclose(file);
    }
    closedir(tasks);
    return seconds;
}

// A pair of CURVE keys that everybody knows: for measuring only.
static const char public_key[] = "5k-vieIC=SXV9h-m%BvHZE5*.T1&BF7TS>uz%(4[", secret_key[] = "10&OWT$=:l.)*z05w9DEBtl]IzDIiW&T>O&l?:*.";

static void encrypt(void *socket, int is_server) {
    zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &is_server, sizeof is_server);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, sizeof secret_key);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, sizeof public_key);
    if (!is_server) zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, public_key, sizeof public_key);
}

void *traffic_socket(void *context, int type, const char *endpoint) {
    void *socket = zmq_socket(context, type);
    int yes = 1, linger = 0;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    if (type == ZMQ_XPUB) zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &yes, sizeof yes);
    if (type == ZMQ_SUB) zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
    if (getenv("TRAFFIC_CURVE") != NULL) encrypt(socket, endpoint[0] == '@');
    int status = endpoint[0] == '@' ? zmq_bind(socket, endpoint + 1) : zmq_connect(socket, endpoint);
    if (status != 0) {
        fprintf(stderr, "%s: %s\n", endpoint, zmq_strerror(zmq_errno()));
        exit(1);
    }
    return socket;
}

void *traffic_subscriber(const char *endpoint) { return traffic_socket(zmq_ctx_new(), ZMQ_SUB, endpoint); }

size_t traffic_receive(void *socket, void *bytes, size_t *sizes, size_t most) {
    size_t count = 0;
    while (count < most) {
        int size = zmq_recv(socket, (char *)bytes + count * TRAFFIC_LARGEST, TRAFFIC_LARGEST, count == 0 ? 0 : ZMQ_DONTWAIT);
        if (size < 0 && count > 0) break;
        if (size < 0) continue;
        sizes[count++] = (size_t)size;
    }
    return count;
}

void traffic_await_subscriber(void *xpub) {
    char frame[300];
    zmq_recv(xpub, frame, sizeof frame, 0);
}

static const char prefix[] = "plant/";
enum { PREFIX = sizeof prefix - 1, DIGITS = 7, NAME = PREFIX + DIGITS, HEADER = 32 };

size_t traffic_message(char *to, uint32_t stream, size_t features, int64_t seq) {
    memcpy(to, prefix, PREFIX);
    for (int i = DIGITS; i-- > 0; stream /= 10) to[PREFIX + i] = '0' + stream % 10;
    to[NAME] = 0;
    char *header = to + NAME + 1;
    memset(header, 0, HEADER);
    memcpy(header, "SK\1", 3);
    header[3] = seq >= 0 ? 8 : 0;
    header[6] = 1;
    if (seq >= 0) memcpy(header + 8, &seq, 8);
    float *values = (float *)(void *)(header + HEADER);
    for (size_t i = 0; i < features; i++) {
        float value = (float)((stream * 7 + (uint64_t)(seq + 1) * 13 + i * 3) % 17) / 8 - 1;
        memcpy(values + i, &value, sizeof value);
    }
    return NAME + 1 + HEADER + features * sizeof(float);
}

static uint32_t number(const char *name) {
    uint32_t value = 0;
    for (int i = 0; i < DIGITS; i++) value = value * 10 + (uint32_t)(name[PREFIX + i] - '0');
    return value;
}

int traffic_parse_result(const char *topic, size_t topic_size, const char *body, size_t body_size, uint32_t *stream, uint64_t *seq) {
    static const char key[] = "\"seq\":";
    if (topic_size != sizeof "result/" - 1 + NAME) return 0;
    *stream = number(topic + sizeof "result/" - 1);
    if (body_size == HEADER) {
        memcpy(seq, body + 8, sizeof *seq);
        return 1;
    }
    const char *found = memmem(body, body_size, key, sizeof key - 1);
    if (found == NULL) return 0;
    *seq = strtoull(found + sizeof key - 1, NULL, 10);
    return 1;
}

uint64_t traffic_random(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}
