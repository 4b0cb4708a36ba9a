/*
 * What a notebook file that was read says, in the history: the texts of its cells, what they have
 * besides, and their order. Thread of the session.
 */
#ifndef FORKERNEL_KERNEL_NOTEBOOK_RECORD_H
#define FORKERNEL_KERNEL_NOTEBOOK_RECORD_H

#include "kernel/notebook_file.h"

/* Make the history's cells what the file says, as history_record_edits() does with texts that come
 * from a file, with their attachments and metadata, and in their order. In a notebook without ids
 * the texts tell which cell is which; where only some have one, the others are left for their runs.
 * What a cell has shown at `since_us` or later is no news (0: all is): a front end that tells its
 * edits tells newer ones before the file that it writes is read. */
enum status notebook_record(struct history_session *session, const struct notebook_file *file,
    int64_t since_us, struct error *error) MUST_CHECK;

/* The session works on this notebook: where it has no ids, or has got some since it was seen last,
 * keys of cells are taken as history_adopt_cells() says. */
enum status notebook_record_adopt(struct history_session *session, const struct notebook_file *file,
    struct error *error) MUST_CHECK;

#endif
