// libzmq as Debian ships it (4.3.4); its constants are plain integer macros, which Swift reads as they are.
#pragma once
#include <malloc.h>
#include <zmq.h>
