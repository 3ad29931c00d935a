// What skipd needs of libnats: a connection whose messages, whatever they answer, wait in one queue with a descriptor to poll.
//
// libnats is opened when the first connection is made, so that programs start where it isn't installed.
#ifndef CNATS_H
#define CNATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cnats_connection cnats_connection;
// A message that has come. Its bytes are valid until it is freed.
typedef struct cnats_message cnats_message;

typedef struct {
    const char *const *servers;
    int server_count;
    const char *name;
    // Files, each NULL for none.
    const char *credentials, *ca, *certificate, *key;
} cnats_options;

// Connects; NULL with a sentence's end in `problem` where that fails.
cnats_connection *cnats_connect(const cnats_options *options, char *problem, size_t size);
void cnats_close(cnats_connection *connection);

// Readable while messages wait; `cnats_next` takes its sign away with the last.
int cnats_descriptor(const cnats_connection *connection);
// Subjects that begin with it come to this connection. It ends with a dot.
const char *cnats_inbox(const cnats_connection *connection);
bool cnats_is_connected(const cnats_connection *connection);
// How often the connection has been made anew.
uint64_t cnats_reconnects(const cnats_connection *connection);

// Messages of a subject come into the queue too, from now on.
bool cnats_subscribe(cnats_connection *connection, const char *subject);
// Sends a message without waiting for anything but the kernel. Headers are names and values, by turns. False where it can't be sent.
bool cnats_publish(cnats_connection *connection, const char *subject, const char *reply, const char *const *headers, int header_count, const void *bytes, int count);
// Sends a request and waits for its answer; NULL where there is none in time.
cnats_message *cnats_request(cnats_connection *connection, const char *subject, const void *bytes, int count, int milliseconds);
// The next message that has come; NULL where none waits.
cnats_message *cnats_next(cnats_connection *connection);

const char *cnats_subject(const cnats_message *message);
// NULL for none.
const char *cnats_reply(const cnats_message *message);
const void *cnats_bytes(const cnats_message *message);
int cnats_count(const cnats_message *message);
// A header's value; NULL where the message hasn't got it. A status such as 503 is the header "Status".
const char *cnats_header(cnats_message *message, const char *name);
void cnats_free(cnats_message *message);

#endif
