// Sends samples as fast as they are taken, or at a rate, and tells how fast that was and what it cost the process that took them.
//
//     send-samples xpub|push ENDPOINT PID STREAMS ROUNDS WARM SECONDS [RATE]
//
// First every stream's first timesteps, ROUNDS of them; then, WARM seconds later, when all buffers between are full, it counts for
// SECONDS: messages sent, which then are as many as are taken, and the CPU time of process PID. Streams come by chance, with
// equal chances. SECONDS = 0 sends the rounds only. At a RATE, it sleeps between messages, as long as the kernel makes it, and sends
// those that are due then: 15 or so at 250,000 messages a second.
#define _GNU_SOURCE
#include "CTraffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { FEATURES = 6, BETWEEN_LOOKS = 256 };

static void *socket_;
static uint64_t sent, state = 1;
static uint32_t streams;
// Messages a second, 0 for as many as are taken; when the next is due.
static double rate, due;

static void send_sample(uint32_t stream) {
    char message[256];
    size_t size = traffic_message(message, stream, FEATURES, -1);
    while (zmq_send(socket_, message, size, 0) < 0) {}
    sent++;
}

static void send_some(void) {
    for (int i = 0; i < BETWEEN_LOOKS; i++) {
        if (rate > 0) {
            double now = traffic_now();
            // Who falls far behind doesn't catch up in one burst.
            if (due < now - 0.01) due = now;
            if (due > now) {
                struct timespec pause = {0, (long)((due - now) * 1e9)};
                nanosleep(&pause, NULL);
            }
            due += 1 / rate;
        }
        send_sample((uint32_t)(traffic_random(&state) % streams));
    }
}

int main(int argc, char **argv) {
    if (argc != 8 && argc != 9) {
        fprintf(stderr, "usage: send-samples xpub|push ENDPOINT PID STREAMS ROUNDS WARM SECONDS [RATE]\n");
        return 64;
    }
    int publishes = strcmp(argv[1], "xpub") == 0, pid = atoi(argv[3]), rounds = atoi(argv[5]);
    streams = (uint32_t)atoi(argv[4]);
    if (argc == 9) rate = atof(argv[8]);
    double warm = atof(argv[6]), seconds = atof(argv[7]);
    void *context = zmq_ctx_new();
    socket_ = traffic_socket(context, publishes ? ZMQ_XPUB : ZMQ_PUSH, argv[2]);
    if (publishes) traffic_await_subscriber(socket_);
    for (int round = 0; round < rounds; round++) {
        for (uint32_t stream = 0; stream < streams; stream++) send_sample(stream);
    }
    if (seconds <= 0) {
        // All of it is on its way when the socket has given it to the kernel.
        int linger = -1;
        zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
        zmq_close(socket_);
        zmq_ctx_term(context);
        printf("{\"messages\": %llu}\n", (unsigned long long)sent);
        return 0;
    }
    double start = traffic_now() + warm;
    while (traffic_now() < start) send_some();
    start = traffic_now();
    uint64_t before = sent;
    double theirs = traffic_cpu_seconds(pid), ours = traffic_cpu_seconds(getpid());
    while (traffic_now() < start + seconds) send_some();
    double took = traffic_now() - start, messages = (double)(sent - before);
    printf("{\"messages_per_s\": %.0f, \"cpu_ns\": %.1f, \"sender_cpu_ns\": %.1f}\n", messages / took,
           (traffic_cpu_seconds(pid) - theirs) / messages * 1e9, (traffic_cpu_seconds(getpid()) - ours) / messages * 1e9);
    return 0;
}
