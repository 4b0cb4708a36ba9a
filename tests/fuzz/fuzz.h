/* libFuzzer's entry point, which no header of its own declares for C. */
#ifndef FORKERNEL_TESTS_FUZZ_H
#define FORKERNEL_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
