/*
 * What a cell has besides its text and its outputs: attachments and metadata, as JSON. The history
 * keeps it as bytes (history/extras.h); equal ones have to be equal to the byte, whoever tells of
 * them, so they are written in one way only. Source of the members: nbformat's documentation, "The
 * Notebook file format". Any thread; the functions that read the history: that of the history.
 */
#ifndef FORKERNEL_KERNEL_CELL_EXTRAS_H
#define FORKERNEL_KERNEL_CELL_EXTRAS_H

#include "history/extras.h"

#include <jansson.h>

/* Append them as the history keeps them; nothing for a cell that has none. Both may be NULL. What a
   front end has to do with the page alone ("trusted") is left out. */
enum status cell_extras_append(const json_t *metadata, const json_t *attachments, struct buf *out,
    struct error *error) MUST_CHECK;

/*
 * Put the members `metadata` and `attachments` of a version as it was at `time_us` (0: now) into
 * `cell`; neither where nothing was ever told of it. Attachments that the text refers to and that
 * were removed from the cell are there all the same, where an earlier telling of the version has
 * them. Where they were not kept, `extras_left_out` has their size as `bytes` and their `hash`.
 */
enum status cell_extras_read(struct history *history, int64_t document_id,
    const struct history_version *version, int64_t time_us, json_t *cell,
    struct error *error) MUST_CHECK;

#endif
