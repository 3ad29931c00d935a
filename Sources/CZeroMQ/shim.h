// libzmq as Debian ships it (4.3.4); its constants are plain integer macros, which Swift reads as they are.
#pragma once
#include <malloc.h>
#include <zmq.h>

// Asks the cache for the line at an address, which will be read soon.
static inline void prefetch_line(const void *address) { __builtin_prefetch(address); }
