/*
 * The outputs of a recorded run as a front end would show them. Event loop thread in the kernel,
 * main thread in a terminal.
 */
#ifndef FORKERNEL_KERNEL_RUN_OUTPUTS_H
#define FORKERNEL_KERNEL_RUN_OUTPUTS_H

#include "history/history.h"

#include <jansson.h>

/* The index of the first output that is still there: a clear took those before it off the screen,
   and one that waited did so only if something came. */
size_t run_outputs_first_visible(const struct history_outputs *outputs);

/* The newest state of a display that was updated later on, or the output itself. */
const struct history_output *run_outputs_newest(
    const struct history_outputs *outputs, const struct history_output *output);

/* How many states of a display were recorded; 1: it was not updated. */
size_t run_outputs_states(
    const struct history_outputs *outputs, const struct history_output *output);

/* Which of them, and how much; zero for all. */
struct run_outputs_wish {
    const json_t *mimes; /* array of MIME types, those of streams and errors are text/plain; NULL or
                            empty: all */
    size_t limit_bytes;  /* a larger text is cut, anything else left out; 0: no limit */
};

/*
 * What a notebook file holds of them: an array of nbformat 4 outputs, new reference. Where
 * something was left out or is gone, a display says so in its metadata: {"forkernel": {"left_out":
 * BYTES}}, a text in itself, and `ret_left_out` (NULL: not wanted; an array of integers, new
 * reference) has the bytes for each output. Source: "The Notebook file format" in nbformat's
 * documentation.
 */
enum status run_outputs_as_nbformat(struct history *history, const struct history_run_info *run,
    const struct run_outputs_wish *wish, json_t **ret_outputs, json_t **ret_left_out,
    struct error *error) MUST_CHECK;

/* How many bytes of what the run shows were not kept. */
enum status run_outputs_left_out(
    struct history *history, int64_t run_id, int64_t *ret_bytes, struct error *error) MUST_CHECK;

#endif
