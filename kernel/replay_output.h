/*
 * What a cell shows when it is run again, gathered and compared with what is recorded of it. Event
 * loop thread only.
 */
#ifndef FORKERNEL_KERNEL_REPLAY_OUTPUT_H
#define FORKERNEL_KERNEL_REPLAY_OUTPUT_H

#include "history/history.h"
#include "kernel/engine/engine.h"

struct replay_output {
    struct buf text[2];    /* of stdout and stderr, the first part */
    int64_t text_bytes[2]; /* all of it */
    struct buf bundles;    /* of displays and results: kinds, MIME types, sizes and hashes */
    struct buf results;    /* the text/plain of the results, a line each */
};

void replay_output_finish(struct replay_output *output);
void replay_output_clear(struct replay_output *output);

void replay_output_add_text(
    struct replay_output *output, enum engine_stream stream, const void *data, size_t size);
void replay_output_add_bundle(
    struct replay_output *output, enum history_output_kind kind, const json_t *data);

/* Append what is different from the recorded outputs of the run, a sentence; nothing when they are
   the same as far as they were kept. */
enum status replay_output_compare(const struct replay_output *output, struct history *history,
    int64_t run_id, struct buf *out, struct error *error) MUST_CHECK;

#endif
