// What the programs of the network measurements share: sample messages, sockets, clocks, and other processes' CPU time.
#ifndef CTRAFFIC_H
#define CTRAFFIC_H

#include <stddef.h>
#include <stdint.h>

// Seconds since some moment in the past.
double traffic_now(void);

// Seconds of CPU that a process has had, all its threads together.
double traffic_cpu_seconds(int pid);

// A socket of a type, bound ("@tcp://…") or connected to an endpoint; ends the program where that fails.
// A publisher waits for subscribers that don't keep up instead of dropping for them. With TRAFFIC_CURVE in the environment, connections
// are encrypted.
void *traffic_socket(void *context, int type, const char *endpoint);

// A subscriber of everything, with a context of its own.
void *traffic_subscriber(const char *endpoint);

// Room for a message that traffic_receive copies.
enum { TRAFFIC_LARGEST = 96 };

// Waits for a message and takes as many as are there, up to `most`; copies each to its place of TRAFFIC_LARGEST bytes.
size_t traffic_receive(void *socket, void *bytes, size_t *sizes, size_t most);

// Waits until a subscription has come in at an XPUB.
void traffic_await_subscriber(void *xpub);

// A message of one frame and one timestep of F floats of stream number `stream`; `seq` is given where it is not negative.
// Returns its length; at most 256 bytes.
size_t traffic_message(char *to, uint32_t stream, size_t features, int64_t seq);

// Reads back from a message or from a result's two frames which stream and timestep it is about; 0 where it can't.
int traffic_parse_result(const char *topic, size_t topic_size, const char *body, size_t body_size, uint32_t *stream, uint64_t *seq);

// Numbers by chance.
uint64_t traffic_random(uint64_t *state);

#endif
