/* A device that sleeps: sends nothing that skipd's hints say won't be read. Its route needs hints = true.
 *
 *     cc -o sleeper sleeper.c -lzmq -lm
 *     ./sleeper [STREAM [ENDPOINT [RESULTS [TIMESTEPS]]]]
 *
 * The message is laid out in memory as it is sent, so this is for little-endian machines, which nearly all are.
 */
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

enum { FEATURES = 6, RATE = 50, SEQ_AND_TS = 8 | 4 };

/* docs/wire.md, "The binary header": 32 bytes, without padding. */
struct sample {
    char magic[2];
    uint8_t version, flags, dtype, zero;
    uint16_t count;
    uint64_t seq;
    int64_t ts;
    uint32_t boot, reserved;
    float values[FEATURES];
};

static int64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Milliseconds until a timestep's time, at least 0. */
static long until(int64_t start, uint64_t seq) {
    int64_t left = start + (int64_t)(seq * (1000000000 / RATE)) - now(CLOCK_MONOTONIC);
    return left > 0 ? (long)(left / 1000000) : 0;
}

/* Reads a hint, {"stream":…,"boot":…,"next_seq":…}, of our stream and boot; 0 where it is another's. */
static uint64_t hint(void *hints, const char *topic, uint32_t boot) {
    char name[512], body[1024];
    int named = zmq_recv(hints, name, sizeof name, 0), size = zmq_recv(hints, body, sizeof body - 1, 0);
    if (named != (int)strlen(topic) || memcmp(name, topic, strlen(topic)) != 0 || size < 0 || size > (int)sizeof body - 1) return 0;
    body[size] = 0;
    /* The stream's name comes first and its quotes are escaped, so the last of each key is skipd's own. */
    char *next = strstr(body, ",\"next_seq\":"), *first = strstr(body, ",\"boot\":");
    if (!next || !first || strtoul(first + 8, NULL, 10) != boot) return 0;
    return strtoull(next + 12, NULL, 10);
}

int main(int argc, char **argv) {
    const char *stream = argc > 1 ? argv[1] : "watch/sleeper-c";
    const char *endpoint = argc > 2 ? argv[2] : "tcp://127.0.0.1:5570";
    const char *results = argc > 3 ? argv[3] : "tcp://127.0.0.1:5571";
    uint64_t timesteps = argc > 4 ? strtoull(argv[4], NULL, 10) : 500;
    size_t name = strlen(stream) + 1; /* its zero byte is part of the message */
    if (name > 256) return 1;

    void *context = zmq_ctx_new(), *hints = zmq_socket(context, ZMQ_SUB), *device = zmq_socket(context, ZMQ_XPUB);
    char topic[5 + 256] = "hint/";
    strcat(topic, stream);
    zmq_setsockopt(hints, ZMQ_SUBSCRIBE, topic, strlen(topic));
    if (zmq_connect(hints, results) != 0 || zmq_connect(device, endpoint) != 0) {
        fprintf(stderr, "%s, %s: %s\n", endpoint, results, zmq_strerror(zmq_errno()));
        return 1;
    }
    char subscription[1];
    zmq_recv(device, subscription, sizeof subscription, 0); /* from here on nothing is lost */

    char message[256 + sizeof(struct sample)];
    memcpy(message, stream, name);
    struct sample sample = {.magic = "SK", .version = 1, .flags = SEQ_AND_TS, .count = 1, .boot = (uint32_t)time(NULL)};
    int64_t start = now(CLOCK_MONOTONIC);
    uint64_t seq = 0, wake = 0, sent = 0;
    while (seq < timesteps) {
        sample.seq = seq;
        sample.ts = now(CLOCK_REALTIME);
        for (int i = 0; i < FEATURES; i++) sample.values[i] = sinf(0.2f * (float)seq + (float)i);
        memcpy(message + name, &sample, sizeof sample);
        zmq_send(device, message, name + sizeof sample, 0);
        sent++;
        seq++;
        /* The sensor, the radio and this program could be off until then. A hint that is lost costs a message, no more. */
        zmq_pollitem_t item = {.socket = hints, .events = ZMQ_POLLIN};
        while (zmq_poll(&item, 1, until(start, seq)) > 0) {
            uint64_t next = hint(hints, topic, sample.boot);
            if (next) wake = next;
        }
        if (wake > seq) {
            seq = wake < timesteps ? wake : timesteps;
            long wait = until(start, seq);
            nanosleep(&(struct timespec){.tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000}, NULL);
        }
    }
    sample.seq = timesteps; /* no timestep, only: time has come so far */
    sample.count = 0;
    memcpy(message + name, &sample, offsetof(struct sample, values));
    zmq_send(device, message, name + offsetof(struct sample, values), 0);
    printf("%" PRIu64 " of %" PRIu64 " timesteps never sent\n", timesteps - sent, timesteps);
    zmq_close(hints);
    zmq_close(device);
    zmq_ctx_term(context); /* waits until everything has left */
    return 0;
}
