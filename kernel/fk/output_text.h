/*
 * What a run showed, as lines of text that can be laid beside those of another run: streams, errors
 * and text/plain as they are, everything else by type, size and the beginning of its hash.
 */
#ifndef FORKERNEL_KERNEL_OUTPUT_TEXT_H
#define FORKERNEL_KERNEL_OUTPUT_TEXT_H

#include "history/history.h"

enum { OUTPUT_HASH_BYTES = 16 };

struct output_picture {
    const struct history_part *part; /* in the caller's history_memory */
    const char *mime;                /* one that browsers show; static */
    unsigned char hash[OUTPUT_HASH_BYTES];
};

struct output_text {
    struct buf lines;
    unsigned char hash[OUTPUT_HASH_BYTES]; /* of all that was kept, kinds and types included */
    bool whole;                            /* nothing was left out when it was recorded */
    struct output_picture *pictures;       /* one of each output that has any */
    size_t picture_count;
};

/* Cleared outputs are left out, displays are in their newest state. */
enum status output_text_read(struct history *history, int64_t run_id, struct history_memory *memory,
    struct output_text *ret_text, struct error *error) MUST_CHECK;
void output_text_finish(struct output_text *text);

#endif
