/* The language service: one loop over the socket and the compiler. */
#ifndef FORKERNEL_LANGUAGE_SERVICE_H
#define FORKERNEL_LANGUAGE_SERVICE_H

#include "base/frame.h"
#include "kernel/engine/c/language/cell.h"
#include "kernel/engine/c/language/compiler.h"
#include "kernel/engine/c/language/snapshots.h"

struct service {
    struct language language;
    struct snapshots snapshots;
    struct compiler compiler;
    struct frame_reader reader;
    struct buf out;
    const char *folder;
    bool building;
    bool warm_later;  /* the next cell's compiler is to be made ready in a quiet moment */
    struct cell cell; /* while building, and until it is committed */
    bool has_cell;
    char *code; /* what `cell` points into */
    char entry[32];
    int64_t parse_us;
    int64_t serial;       /* the kernel side's number for this request */
    struct names sources; /* "number\tcode" of cells that ran, for the lines of tracebacks */
};

/* ---- query.c: contents as JSON text, by hand-made frames ---- */
void query_complete(struct service *service, int64_t token, const char *code, size_t cursor);
void query_inspect(
    struct service *service, int64_t token, const char *code, size_t cursor, int detail);

/* ---- symbolize.c ---- */
void symbolize(struct service *service, const struct frame *frame);

void service_send(struct service *service);

#endif
