// Receives messages with libzmq and drops them: what receiving costs.
//
//     receive-and-drop sub|pull ENDPOINT
#include "CTraffic.h"

#include <stdio.h>
#include <string.h>
#include <zmq.h>

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: receive-and-drop sub|pull ENDPOINT\n");
        return 64;
    }
    void *socket = traffic_socket(zmq_ctx_new(), strcmp(argv[1], "sub") == 0 ? ZMQ_SUB : ZMQ_PULL, argv[2]);
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (zmq_msg_recv(&message, socket, 0) >= 0) {}
    return 0;
}
