/*
 * JSON as programs write it, which is not always what RFC 8259 allows or what jansson can hold.
 *
 * Text that can be read as it is, is. Else it is read as near to what it says as possible: a whole
 * number beyond 64 bits and a number beyond a double become the nearest double, half of a surrogate
 * pair and bytes that are no UTF-8 become U+FFFD, NaN and Infinity (Python writes them) null.
 * Pure; any thread.
 */
#ifndef FORKERNEL_KERNEL_JSON_READ_H
#define FORKERNEL_KERNEL_JSON_READ_H

#include <jansson.h>

/* An object or an array, a new reference; NULL: it is no JSON, or without memory. */
json_t *json_read(const char *bytes, size_t size);

#endif
