// libnats, opened at run time, with one queue for all that comes.

#include "CNATS.h"

#include <dlfcn.h>
#include <nats/nats.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

// Each function's pointer has the type that nats.h declares.
#define FUNCTIONS(F) \
    F(nats_Open) F(natsStatus_GetText) F(nats_GetLastError) F(natsOptions_Create) F(natsOptions_Destroy) F(natsOptions_SetServers) F(natsOptions_SetTimeout) \
    F(natsOptions_SetName) F(natsOptions_SetSecure) F(natsOptions_LoadCATrustedCertificates) F(natsOptions_LoadCertificatesChain) \
    F(natsOptions_SetUserCredentialsFromFiles) F(natsOptions_SetPingInterval) F(natsOptions_SetMaxPingsOut) F(natsOptions_SetMaxReconnect) \
    F(natsOptions_SetReconnectWait) F(natsOptions_SetReconnectJitter) F(natsOptions_SetReconnectedCB) F(natsOptions_SetErrorHandler) \
    F(natsOptions_SetWriteDeadline) F(natsConnection_Connect) F(natsConnection_Close) F(natsConnection_Destroy) F(natsConnection_Status) \
    F(natsConnection_Subscribe) F(natsConnection_PublishMsg) F(natsConnection_RequestMsg) F(natsSubscription_SetPendingLimits) \
    F(natsSubscription_Destroy) F(natsInbox_Create) F(natsInbox_Destroy) F(natsMsg_Create) F(natsMsg_Destroy) F(natsMsg_GetSubject) \
    F(natsMsg_GetReply) F(natsMsg_GetData) F(natsMsg_GetDataLength) F(natsMsgHeader_Set) F(natsMsgHeader_Get)

static struct {
#define F(name) __typeof__(&name) name;
    FUNCTIONS(F)
#undef F
} nats;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char missing[256];

static void load(void) {
    void *library = dlopen("libnats.so.3.4", RTLD_NOW | RTLD_LOCAL);
    if (!library) library = dlopen("libnats.so", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(missing, sizeof missing, "libnats is not installed (on Debian: apt install libnats3.4)");
        return;
    }
#define F(function) \
    if (!(nats.function = (__typeof__(&function))dlsym(library, #function))) { \
        snprintf(missing, sizeof missing, "the libnats that is installed has no %s; version 3.4 is needed", #function); \
        return; \
    }
    FUNCTIONS(F)
#undef F
    natsStatus status = nats.nats_Open(-1);
    if (status != NATS_OK) snprintf(missing, sizeof missing, "libnats can't start: %s", nats.natsStatus_GetText(status));
}

struct cnats_message {
    natsMsg *message;
    cnats_message *next;
};

#define SUBSCRIPTIONS 8

struct cnats_connection {
    natsConnection *connection;
    natsSubscription *subscriptions[SUBSCRIPTIONS];
    int subscription_count;
    char inbox[128];
    int descriptor;
    _Atomic uint64_t reconnects;
    pthread_mutex_t mutex;
    // Under the mutex.
    cnats_message *first, **last;
};

// On a thread of libnats.
static void enqueue(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure) {
    cnats_connection *self = closure;
    cnats_message *arrived = calloc(1, sizeof *arrived);
    if (!arrived) abort();
    arrived->message = message;
    pthread_mutex_lock(&self->mutex);
    bool was_empty = !self->first;
    *self->last = arrived;
    self->last = &arrived->next;
    if (was_empty) eventfd_write(self->descriptor, 1);
    pthread_mutex_unlock(&self->mutex);
}

static void reconnected(natsConnection *connection, void *closure) {
    cnats_connection *self = closure;
    atomic_fetch_add(&self->reconnects, 1);
    eventfd_write(self->descriptor, 1);
}

// libnats prints errors unless somebody takes them; each that matters shows as an answer that doesn't come.
static void ignore(natsConnection *connection, natsSubscription *subscription, natsStatus status, void *closure) {}

static natsStatus configure(natsOptions *options, const cnats_options *wanted, cnats_connection *self) {
    natsStatus status = nats.natsOptions_SetServers(options, (const char **)wanted->servers, wanted->server_count);
    if (status == NATS_OK) status = nats.natsOptions_SetName(options, wanted->name);
    if (status == NATS_OK && wanted->ca) status = nats.natsOptions_SetSecure(options, true);
    if (status == NATS_OK && wanted->ca) status = nats.natsOptions_LoadCATrustedCertificates(options, wanted->ca);
    if (status == NATS_OK && wanted->certificate) status = nats.natsOptions_LoadCertificatesChain(options, wanted->certificate, wanted->key);
    if (status == NATS_OK && wanted->credentials) status = nats.natsOptions_SetUserCredentialsFromFiles(options, wanted->credentials, NULL);
    if (status == NATS_OK) status = nats.natsOptions_SetTimeout(options, 2000);
    // A server that is gone without a word is left after two seconds.
    if (status == NATS_OK) status = nats.natsOptions_SetPingInterval(options, 1000);
    if (status == NATS_OK) status = nats.natsOptions_SetMaxPingsOut(options, 1);
    if (status == NATS_OK) status = nats.natsOptions_SetWriteDeadline(options, 1000);
    if (status == NATS_OK) status = nats.natsOptions_SetMaxReconnect(options, -1);
    if (status == NATS_OK) status = nats.natsOptions_SetReconnectWait(options, 100);
    if (status == NATS_OK) status = nats.natsOptions_SetReconnectJitter(options, 100, 100);
    if (status == NATS_OK) status = nats.natsOptions_SetReconnectedCB(options, reconnected, self);
    if (status == NATS_OK) status = nats.natsOptions_SetErrorHandler(options, ignore, NULL);
    return status;
}

static natsStatus subscribe(cnats_connection *self, const char *subject) {
    if (self->subscription_count == SUBSCRIPTIONS) return NATS_INVALID_ARG;
    natsSubscription *subscription = NULL;
    natsStatus status = nats.natsConnection_Subscribe(&subscription, self->connection, subject, enqueue, self);
    // What may come is bounded by what is asked for.
    if (status == NATS_OK) status = nats.natsSubscription_SetPendingLimits(subscription, -1, -1);
    if (subscription) self->subscriptions[self->subscription_count++] = subscription;
    return status;
}

cnats_connection *cnats_connect(const cnats_options *wanted, char *problem, size_t size) {
    pthread_once(&once, load);
    if (missing[0]) {
        snprintf(problem, size, "%s", missing);
        return NULL;
    }
    cnats_connection *self = calloc(1, sizeof *self);
    if (!self) abort();
    pthread_mutex_init(&self->mutex, NULL);
    self->last = &self->first;
    self->descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    natsOptions *options = NULL;
    natsInbox *inbox = NULL;
    natsStatus status = nats.natsOptions_Create(&options);
    if (status == NATS_OK) status = configure(options, wanted, self);
    if (status == NATS_OK) status = nats.natsConnection_Connect(&self->connection, options);
    if (status == NATS_OK) status = nats.natsInbox_Create(&inbox);
    if (status == NATS_OK) {
        char all[sizeof self->inbox + 1];
        snprintf(self->inbox, sizeof self->inbox, "%s.", inbox);
        snprintf(all, sizeof all, "%s>", self->inbox);
        status = subscribe(self, all);
    }
    if (status != NATS_OK) {
        const char *more = nats.nats_GetLastError(NULL);
        snprintf(problem, size, "%s", more && *more ? more : nats.natsStatus_GetText(status));
    }
    if (inbox) nats.natsInbox_Destroy(inbox);
    if (options) nats.natsOptions_Destroy(options);
    if (status == NATS_OK) return self;
    cnats_close(self);
    // Whoever never connected has no callback under way.
    if (!self->connection) {
        close(self->descriptor);
        pthread_mutex_destroy(&self->mutex);
        free(self);
    }
    return NULL;
}

void cnats_close(cnats_connection *self) {
    for (int index = 0; index < self->subscription_count; index++) nats.natsSubscription_Destroy(self->subscriptions[index]);
    if (self->connection) {
        nats.natsConnection_Close(self->connection);
        nats.natsConnection_Destroy(self->connection);
    }
    // A callback that is still under way on libnats' thread may use the rest, which is little and is left to it.
}

int cnats_descriptor(const cnats_connection *self) { return self->descriptor; }
const char *cnats_inbox(const cnats_connection *self) { return self->inbox; }
bool cnats_is_connected(const cnats_connection *self) { return nats.natsConnection_Status(self->connection) == NATS_CONN_STATUS_CONNECTED; }
uint64_t cnats_reconnects(const cnats_connection *self) { return atomic_load(&self->reconnects); }
bool cnats_subscribe(cnats_connection *self, const char *subject) { return subscribe(self, subject) == NATS_OK; }

bool cnats_publish(cnats_connection *self, const char *subject, const char *reply, const char *const *headers, int header_count, const void *bytes, int count) {
    natsMsg *message = NULL;
    natsStatus status = nats.natsMsg_Create(&message, subject, reply, bytes, count);
    for (int index = 0; status == NATS_OK && index < 2 * header_count; index += 2) status = nats.natsMsgHeader_Set(message, headers[index], headers[index + 1]);
    if (status == NATS_OK) status = nats.natsConnection_PublishMsg(self->connection, message);
    if (message) nats.natsMsg_Destroy(message);
    return status == NATS_OK;
}

static cnats_message *item(natsMsg *message) {
    cnats_message *result = calloc(1, sizeof *result);
    if (!result) abort();
    result->message = message;
    return result;
}

cnats_message *cnats_request(cnats_connection *self, const char *subject, const void *bytes, int count, int milliseconds) {
    natsMsg *message = NULL, *reply = NULL;
    natsStatus status = nats.natsMsg_Create(&message, subject, NULL, bytes, count);
    if (status == NATS_OK) status = nats.natsConnection_RequestMsg(&reply, self->connection, message, milliseconds);
    if (message) nats.natsMsg_Destroy(message);
    return status == NATS_OK ? item(reply) : NULL;
}

cnats_message *cnats_next(cnats_connection *self) {
    pthread_mutex_lock(&self->mutex);
    cnats_message *result = self->first;
    if (result) {
        self->first = result->next;
        if (!self->first) self->last = &self->first;
        result->next = NULL;
    }
    if (!self->first) {
        eventfd_t value;
        eventfd_read(self->descriptor, &value);
    }
    pthread_mutex_unlock(&self->mutex);
    return result;
}

const char *cnats_subject(const cnats_message *self) { return nats.natsMsg_GetSubject(self->message); }
const char *cnats_reply(const cnats_message *self) { return nats.natsMsg_GetReply(self->message); }
const void *cnats_bytes(const cnats_message *self) { return nats.natsMsg_GetData(self->message); }
int cnats_count(const cnats_message *self) { return nats.natsMsg_GetDataLength(self->message); }

const char *cnats_header(cnats_message *self, const char *name) {
    const char *value = NULL;
    return nats.natsMsgHeader_Get(self->message, name, &value) == NATS_OK ? value : NULL;
}

void cnats_free(cnats_message *self) {
    nats.natsMsg_Destroy(self->message);
    free(self);
}
