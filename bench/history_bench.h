/* What the benchmarks of history/ share. */
#ifndef FORKERNEL_BENCH_HISTORY_BENCH_H
#define FORKERNEL_BENCH_HISTORY_BENCH_H

#include "base/clock.h"
#include "history/history.h"

#include <stdio.h>
#include <stdlib.h>

/* In $TMPDIR, else /tmp; ends the program when that cannot be. */
void make_folder(char ret_folder[256]);
void remove_folder(const char *folder);

/* Ends the program after a failure. */
void must(enum status status, const struct error *error);

struct samples {
    int64_t *us;
    size_t count, capacity;
};

struct samples samples_of(size_t capacity);
void add_sample(struct samples *samples, int64_t us);
void print_header(void);
void print_samples(const char *name, struct samples *samples); /* and give them up */

/* ---- history_edits_bench.c ---- */

void bench_edits(void);
void bench_million(int edits, int cells, int burst);

/* ---- history_trace_bench.c ---- */

/* `lines`: how many of the trace's first lines make the cell. */
void bench_trace(const char *path, int lines);

#endif
