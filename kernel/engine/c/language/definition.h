/*
 * What cells have defined so far: the state of the language service.
 *
 * A definition never changes once made and lives until the process ends; the session is a list of
 * pointers to them in the order in which later cells see them, so that a copy of that list is a
 * copy of the state.
 */
#ifndef FORKERNEL_LANGUAGE_DEFINITION_H
#define FORKERNEL_LANGUAGE_DEFINITION_H

#include "kernel/engine/c/split.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum definition_kind {
    DEFINITION_FRONT,     /* an #include or what came before it: part of the precompiled header */
    DEFINITION_DIRECTIVE, /* #define and the like */
    DEFINITION_TYPE,      /* struct, union, enum, typedef */
    DEFINITION_PROTOTYPE, /* a declaration of something that no cell defines */
    DEFINITION_VARIABLE,
    DEFINITION_FUNCTION,
    DEFINITION_INLINE, /* a function whose body later cells see */
};

struct definition {
    enum definition_kind kind;
    char **names; /* tags, which are names of their own, with a # before them: "#point" */
    size_t name_count;
    size_t type_count;  /* the last so many names are typedefs */
    char *prelude;      /* what later cells see of it */
    char *source;       /* functions: the text as written; types and macros: to tell changes */
    int64_t cell;       /* where it was written */
    unsigned line;      /* first line of `source` in that cell, from 1 */
    char *type;         /* variables and functions: as clang spells it */
    unsigned id;        /* the number in fk_v12_name, fk_f12_name */
    size_t name_offset; /* functions: the name in `source` */
    size_t body_offset; /* functions: the { in `source` */
};

struct session {
    const struct definition **items;
    size_t count;
    size_t capacity;
};

/* A new definition with copies of the strings; abort() without memory: the process is expendable
   and the kernel starts another. */
struct definition *definition_create(enum definition_kind kind, const char *prelude,
    size_t prelude_size, const char *source, size_t source_size);
void definition_add_name(struct definition *definition, const char *name, size_t size);
/* As split_type_names() reports them, the tag among names with its #. */
void definition_add_type_name(
    struct definition *definition, enum split_name_kind kind, const char *name, size_t size);
bool definition_is_typedef(const struct definition *definition, const char *name);
/* What to call it before people. */
const char *definition_title(const struct definition *definition);
bool definition_has_name(const struct definition *definition, const char *name);

void session_finish(struct session *session);
void session_clear(struct session *session);
void session_append(struct session *session, const struct definition *definition);
void session_copy(struct session *to, const struct session *from);
bool session_has(const struct session *session, const struct definition *definition);
/* The live definition of `name` apart from the front's, or NULL. */
const struct definition *session_find(const struct session *session, const char *name);

/* A list of names that owns its strings. */
struct names {
    char **items;
    size_t count;
};
void names_add(struct names *names, const char *name, size_t size);
void names_add_type_name(
    struct names *names, enum split_name_kind kind, const char *name, size_t size);
bool names_have(const struct names *names, const char *name);
void names_remove(struct names *names, const char *name);
void names_finish(struct names *names);

/* Memory or abort(). */
__attribute__((returns_nonnull)) void *must_allocate(void *old, size_t size);
__attribute__((returns_nonnull)) char *must_copy(const char *text, size_t size);

#endif
