// libFuzzer's driver, which the toolchain has a library for but no header.
#ifndef CLIBFUZZER_H
#define CLIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

// Feeds the callback inputs that it makes up from what they reach in the code, as the command line says.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif
