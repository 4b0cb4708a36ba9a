/*
 * The outputs of a running cell on their way: to the history first, to the front end second. Text
 * is gathered into few messages; everything else flushes the text before it, so that the order is
 * the program's. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_OUTPUT_H
#define FORKERNEL_KERNEL_OUTPUT_H

#include "kernel/engine/engine.h"

struct kernel;

/* Fill in the host functions for outputs; the host's context is the kernel. */
void output_connect_host(struct engine_host *host);

/* Send the text that waits. */
void output_flush(struct kernel *kernel);

/* The error output of the running cell. `traceback` is an array of strings; all borrowed. */
void output_error(struct kernel *kernel, const char *ename, const char *evalue, json_t *traceback);

/* A line of the kernel's own, shown on stderr and not recorded. `context` is the kernel. */
void output_warning(void *context, const char *text);

#endif
