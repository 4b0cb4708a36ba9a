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

/*
 * What a notebook file holds of them: an array of nbformat 4 outputs, new reference. Where
 * something was left out or is gone, an output says so in its metadata: {"forkernel": {"left_out":
 * BYTES}}. Source: "The Notebook file format" in nbformat's documentation.
 */
enum status run_outputs_as_nbformat(struct history *history, const struct history_run_info *run,
    json_t **ret_outputs, struct error *error) MUST_CHECK;

#endif
