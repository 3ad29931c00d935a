/* A device with six channels at 50 Hz: publishes one timestep a message to skipd.
 *
 *     cc -o device device.c -lzmq -lm
 *     ./device [STREAM [ENDPOINT [TIMESTEPS]]]
 *
 * The message is laid out in memory as it is sent, so this is for little-endian machines, which nearly all are.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

enum { FEATURES = 6, SEQ_AND_TS = 8 | 4 };

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

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(int argc, char **argv) {
    const char *stream = argc > 1 ? argv[1] : "watch/device-c";
    const char *endpoint = argc > 2 ? argv[2] : "tcp://127.0.0.1:5570";
    uint64_t timesteps = argc > 3 ? strtoull(argv[3], NULL, 10) : 500;

    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_XPUB);
    if (zmq_connect(socket, endpoint) != 0) {
        fprintf(stderr, "%s: %s\n", endpoint, zmq_strerror(zmq_errno()));
        return 1;
    }
    char subscription[1];
    zmq_recv(socket, subscription, sizeof subscription, 0); /* from here on nothing is lost */

    char message[256 + sizeof(struct sample)];
    size_t name = strlen(stream) + 1; /* its zero byte is part of the message */
    if (name > 256) return 1;
    memcpy(message, stream, name);
    struct sample sample = {.magic = "SK", .version = 1, .flags = SEQ_AND_TS, .count = 1, .boot = (uint32_t)time(NULL)};

    for (; sample.seq < timesteps; sample.seq++) {
        sample.ts = now();
        for (int i = 0; i < FEATURES; i++) sample.values[i] = sinf(0.2f * (float)sample.seq + (float)i);
        memcpy(message + name, &sample, sizeof sample);
        zmq_send(socket, message, name + sizeof sample, 0);
        nanosleep(&(struct timespec){.tv_nsec = 1000000000 / 50}, NULL);
    }
    zmq_close(socket);
    zmq_ctx_term(context); /* waits until everything has left */
    return 0;
}
