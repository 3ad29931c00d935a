// Publishes, for each sample received, a result of two frames that holds the sample's header: what a result's way costs at least.
//
//     echo SAMPLES RESULTS
#include "CTraffic.h"

#include <stdio.h>
#include <string.h>
#include <zmq.h>

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: echo SAMPLES RESULTS\n");
        return 64;
    }
    void *context = zmq_ctx_new();
    void *samples = traffic_socket(context, ZMQ_SUB, argv[1]), *results = traffic_socket(context, ZMQ_PUB, argv[2]);
    zmq_msg_t message;
    zmq_msg_init(&message);
    char topic[300] = "result/";
    while (zmq_msg_recv(&message, samples, 0) >= 0) {
        const char *bytes = zmq_msg_data(&message);
        size_t name = strnlen(bytes, zmq_msg_size(&message));
        memcpy(topic + 7, bytes, name);
        zmq_send(results, topic, 7 + name, ZMQ_SNDMORE);
        zmq_send(results, bytes + name + 1, 32, 0);
    }
    return 0;
}
