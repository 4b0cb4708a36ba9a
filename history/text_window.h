/*
 * Texts of versions that are read in the order of their numbers: each is kept to be the base of its
 * children, so that a version costs one decompression. Internal to history/.
 */
#ifndef FORKERNEL_HISTORY_TEXT_WINDOW_H
#define FORKERNEL_HISTORY_TEXT_WINDOW_H

#include "history/store.h"

/* Of one document. Zero to start. */
struct text_window {
    struct buf texts;           /* one after the other */
    struct memory_rows entries; /* by number */
};

void text_window_finish(struct text_window *window);

/* Append the text of a version to `out`: its number is larger than all before. */
enum status text_window_read(struct history *history, struct text_window *window,
    const struct version_row *version, struct buf *out, struct error *error) MUST_CHECK;

#endif
