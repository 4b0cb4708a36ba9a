/*
 * A notebook file out of the history: the whole notebook as it was at a time, or the one path
 * through the tree that led to a state. Event loop thread in the kernel, main thread in a terminal.
 */
#ifndef FORKERNEL_KERNEL_NOTEBOOK_EXPORT_H
#define FORKERNEL_KERNEL_NOTEBOOK_EXPORT_H

#include "history/history.h"

#include <jansson.h>

/* The cells in their order then, with the texts, attachments and metadata that they showed and the
   outputs of those texts' last runs until then; metadata.forkernel of a cell says which run they
   are of, from when, and how much of them was not kept. nbformat 4.5, new reference. `time_us` 0:
   now. */
enum status notebook_export_at(struct history *history, int64_t document_id, int64_t time_us,
    json_t **ret_notebook, struct error *error) MUST_CHECK;

/* The time of which notebook_export_at() has what was there just before a run. */
enum status notebook_export_time_before(struct history *history, int64_t document_id,
    const struct history_run_info *run, int64_t *ret_time_us, struct error *error) MUST_CHECK;

/* The runs that led to the state that `run_id` left, each a cell with the output that it had: run
   from top to bottom it gives that state again. */
enum status notebook_export_path(struct history *history, int64_t document_id, int64_t run_id,
    json_t **ret_notebook, struct error *error) MUST_CHECK;

/* Write it to a new file. STATUS_INVALID where there is one of that name: nothing is written over.
 */
enum status notebook_export_write(
    const json_t *notebook, const char *path, struct error *error) MUST_CHECK;

#endif
