/* What a worker shows: its pipes, and its bundles as the protocol's JSON. */
#ifndef FORKERNEL_ENGINE_C_OUTPUT_H
#define FORKERNEL_ENGINE_C_OUTPUT_H

#include "base/frame.h"
#include "kernel/engine/engine.h"

/* Hand over what the pipe holds now, at most `max_bytes`. Returns how many bytes that were. */
int64_t c_output_read(
    const struct engine_host *host, int fd, enum engine_stream stream, size_t max_bytes);

/* A MIME bundle from the message's fields, in pairs from `first` on, values as kernel/mime.h has
   them. New reference. */
json_t *c_output_bundle(const struct frame *frame, size_t first);

#endif
