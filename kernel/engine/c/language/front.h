/*
 * The front block: the #include lines of all cells so far as one precompiled header, which libclang
 * and the compiler both read (one file serves both as long as they are the same clang and get the
 * same options), and the libclang translation unit that is parsed again for every cell on top of
 * it.
 */
#ifndef FORKERNEL_LANGUAGE_FRONT_H
#define FORKERNEL_LANGUAGE_FRONT_H

#include "base/buf.h"
#include "kernel/engine/c/language/definition.h"

#include <clang-c/Index.h>
#include <stdbool.h>

/* One precompiled header. */
struct front_header {
    char *text;         /* what it was made of */
    char *flag_text;    /* the session's cflags */
    char *pch;          /* path */
    struct names types; /* typedef names that it brings */
};

/* Going back to an earlier state often means going back to its headers. */
enum { FRONT_HEADERS = 8 };

struct front {
    const char *folder; /* the engine's temporary files; borrowed */
    char *include;      /* folder of forkernel.h */
    char *resources;    /* clang's own headers */
    char **flags;       /* the session's cflags */
    size_t flag_count;
    CXIndex index;
    CXTranslationUnit tu;                       /* on top of `pch`; NULL until the first parse */
    struct front_header headers[FRONT_HEADERS]; /* the first is the one in use, then by last use */
    size_t header_count;
    const char *text; /* of the one in use, "" without one */
    const char *flag_text;
    const char *pch;           /* NULL without one */
    const struct names *types; /* NULL without one */
    unsigned serial;           /* counts the changes of header */
    unsigned made;             /* counts the headers made, for their names */
};

void front_init(struct front *front, const char *folder, const char *include);
void front_finish(struct front *front);

/* The options that both the parser and the compiler get; appended to `args`, at most `max`. */
size_t front_arguments(const struct front *front, const char **args, size_t max);

/* Make the precompiled header for `text` and these cflags, unless it is at hand, the one in use.
   False, with everything as it was, when the text has errors. */
bool front_prepare(struct front *front, const char *text, const char *cflags);

/* Parse `unit` on top of the front. NULL when libclang fails. The result is the front's. */
CXTranslationUnit front_parse(struct front *front, const struct buf *unit);

/* What the preprocessor leaves out of `unit` on top of the front: pairs of offsets, the caller's.
 */
size_t *front_excluded(struct front *front, const struct buf *unit, size_t *ret_count);

/* The name that the parsed text goes by. */
extern const char front_unit_name[];

#endif
