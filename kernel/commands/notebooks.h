/* Notebooks as the command line names them, and the list of all that the history has. */
#ifndef FORKERNEL_KERNEL_COMMANDS_NOTEBOOKS_H
#define FORKERNEL_KERNEL_COMMANDS_NOTEBOOKS_H

#include "history/history.h"

/*
 * The document by what somebody has typed: a path, of a notebook that is gone the one where it lay
 * last; or "@42", as the list has it: the session with that number, which may have no notebook.
 * STATUS_NOT_FOUND: the message says how to see what there is.
 */
enum status notebooks_find(struct history *history, const char *typed, int64_t *ret_document_id,
    struct error *error) MUST_CHECK;

/* On stdout what there is, by the time of its last run, newest last; a session without a notebook
 * below the notebook whose cells it ran, where that is known. The newest of them, or `all`. */
enum status notebooks_list(struct history *history, bool all, struct error *error) MUST_CHECK;

#endif
