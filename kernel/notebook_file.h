/*
 * A notebook file, as far as the history is concerned: its cells with their texts. Read, never
 * written. Source: nbformat's documentation, "The Notebook file format". Any thread.
 */
#ifndef FORKERNEL_KERNEL_NOTEBOOK_FILE_H
#define FORKERNEL_KERNEL_NOTEBOOK_FILE_H

#include "history/history.h"

#include <jansson.h>

/* A notebook with more cells, or with more bytes besides its outputs, is not read: it would hold
 * the event loop too long. */
enum { NOTEBOOK_FILE_MAX_BYTES = 16 * 1024 * 1024, NOTEBOOK_FILE_MAX_CELLS = 10000 };

struct notebook_cell {
    const char *id; /* NULL where the file has none (before nbformat 4.5) */
    enum history_cell_type type;
    const char *text;
    size_t text_bytes;
    const json_t *metadata, *attachments; /* NULL: none */
};

struct notebook_file {
    struct notebook_cell *cells; /* in order; their strings live as long as this */
    size_t count;
    json_t *root;  /* the file without its outputs */
    char **joined; /* texts that the file has as lists of lines */
};

/* STATUS_NOT_FOUND: no such file. STATUS_INVALID: no notebook (any more, or not yet: it is being
   written), more than `max_bytes` besides its outputs, or too many cells. */
enum status notebook_file_read(const char *path, size_t max_bytes, struct notebook_file *ret_file,
    struct error *error) MUST_CHECK;
void notebook_file_finish(struct notebook_file *file);

#endif
