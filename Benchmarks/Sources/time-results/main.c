// Sends samples at a steady rate and times the result of each: from handing the sample to libzmq to having received the result.
//
//     time-results SAMPLES RESULTS STREAMS RATE SECONDS
//
// The first second is not counted.
#define _GNU_SOURCE
#include "CTraffic.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { FEATURES = 6 };

static uint32_t streams;
static size_t total;
static double *sent_at, *latencies;
static atomic_size_t received;

static void *receive(void *results) {
    zmq_msg_t topic, body;
    zmq_msg_init(&topic);
    zmq_msg_init(&body);
    while (zmq_msg_recv(&topic, results, 0) >= 0 && zmq_msg_recv(&body, results, 0) >= 0) {
        double now = traffic_now();
        uint32_t stream;
        uint64_t seq;
        if (!traffic_parse_result(zmq_msg_data(&topic), zmq_msg_size(&topic), zmq_msg_data(&body), zmq_msg_size(&body), &stream, &seq)) continue;
        size_t index = seq * streams + stream;
        if (index >= total || latencies[index] != 0) continue;
        latencies[index] = now - sent_at[index];
        atomic_fetch_add(&received, 1);
    }
    return NULL;
}

static int compare(const void *a, const void *b) { return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b); }

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: time-results SAMPLES RESULTS STREAMS RATE SECONDS\n");
        return 64;
    }
    streams = (uint32_t)atoi(argv[3]);
    double rate = atof(argv[4]), seconds = atof(argv[5]);
    size_t uncounted = (size_t)rate;
    total = uncounted + (size_t)(rate * seconds);
    sent_at = calloc(total, sizeof(double));
    latencies = calloc(total, sizeof(double));
    void *context = zmq_ctx_new();
    void *samples = traffic_socket(context, ZMQ_XPUB, argv[1]), *results = traffic_socket(context, ZMQ_SUB, argv[2]);
    traffic_await_subscriber(samples);
    // The subscription to the results must have arrived there too.
    usleep(300000);
    pthread_t receiver;
    pthread_create(&receiver, NULL, receive, results);
    struct timespec wake;
    clock_gettime(CLOCK_MONOTONIC, &wake);
    for (size_t index = 0; index < total; index++) {
        char message[256];
        size_t size = traffic_message(message, (uint32_t)(index % streams), FEATURES, (int64_t)(index / streams));
        wake.tv_nsec += (long)(1e9 / rate);
        if (wake.tv_nsec >= 1000000000) {
            wake.tv_nsec -= 1000000000;
            wake.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
        sent_at[index] = traffic_now();
        zmq_send(samples, message, size, 0);
    }
    usleep(500000);
    double *counted = malloc(total * sizeof(double));
    size_t count = 0;
    for (size_t index = uncounted; index < total; index++) {
        if (latencies[index] > 0) counted[count++] = latencies[index];
    }
    if (count == 0) {
        fprintf(stderr, "no result came\n");
        return 1;
    }
    qsort(counted, count, sizeof(double), compare);
    printf("{\"sent\": %zu, \"received\": %zu, \"p50_us\": %.1f, \"p99_us\": %.1f}\n", total - uncounted, count, counted[count / 2] * 1e6, counted[count * 99 / 100] * 1e6);
    fflush(stdout);
    _exit(0);
}
