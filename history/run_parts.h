/* All output files that the database names, for checks and backups. Internal to history/. */
#ifndef FORKERNEL_HISTORY_RUN_PARTS_H
#define FORKERNEL_HISTORY_RUN_PARTS_H

#include "history/store.h"
#include "history/stream_file.h"

struct run_part_row {
    int64_t output_id;
    int64_t run_id;
    const char *path;   /* absolute, with its final name */
    const char *below;  /* the same below the store's folder: "outputs/2026/..." */
    const char *folder; /* absolute */
    int64_t total_bytes, head_bytes, tail_bytes;
    bool sealed, complete, hashed;
    unsigned char hash[STREAM_HASH_BYTES];
};

typedef enum status run_part_fn(
    void *context, const struct run_part_row *part, struct error *error);

/* Calls `each` for every file, run by run, and ends with the first status that is not OK. A name
 * that leads out of its folder is STATUS_CORRUPT. `each` may write to the database. */
enum status run_parts_read(
    struct history *history, run_part_fn *each, void *context, struct error *error) MUST_CHECK;

#endif
