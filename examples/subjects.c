// The NATS subjects of streams in a cluster, as docs/cluster.md has them: by these a producer without skipd's gateway finds the subject of its stream.
//
//     cc -O2 -o subjects subjects.c
//     ./subjects NAME…    prints each name's subject
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { SHARDS = 1024 };

// FNV-1a (32 bit) of the name's bytes, modulo the number of shards.
static unsigned shard(const char *name) {
    uint32_t hash = 0x811C9DC5;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 0x01000193u;
    return hash % SHARDS;
}

// Writes samples.<shard>.<tokens>: the name's / are NATS' dots, what a token can't hold is percent-encoded, an empty segment is a lone %.
// The room has to have 3 * strlen(name) + 15 bytes.
static void subject(const char *name, char *room) {
    room += sprintf(room, "samples.%u.", shard(name));
    const char *start = room;
    for (;; name++) {
        unsigned char byte = (unsigned char)*name;
        if (byte == '/' || byte == 0) {
            if (room == start) *room++ = '%';
            *room++ = byte ? '.' : 0;
            if (!byte) return;
            start = room;
        } else if (byte <= 0x20 || byte == 0x7F || strchr(".*>%", byte)) {
            room += sprintf(room, "%%%02X", byte);
        } else {
            *room++ = (char)byte;
        }
    }
}

int main(int count, char **names) {
    for (int index = 1; index < count; index++) {
        char room[3 * 255 + 15];
        if (strlen(names[index]) > 255) return 1;
        subject(names[index], room);
        puts(room);
    }
    return 0;
}
