/*
 * The unit for the compiler while it is written, shared by the files that write it:
 *
 *   cell_code.c          the whole, statements, the result, what is compiled again
 *   code_variable.c      variables
 *   code_function.c      functions and prototypes
 *   code_declaration.c   types, declarations, preprocessor lines
 *
 * Symbols: fk_v12_x is the storage of variable x, fk_f3_f the entry of function f that every caller
 * uses: one jump through fk_p3_f, which points at its newest code, fk_i9_f. So names of cells never
 * meet names of libraries, and a function can be replaced under its callers.
 */
#ifndef FORKERNEL_LANGUAGE_CODER_H
#define FORKERNEL_LANGUAGE_CODER_H

#include "kernel/engine/c/language/cell.h"

struct coder {
    struct cell *cell;
    struct language *language;
    struct buf *out;
    struct buf calls;                    /* what the entry does, in order */
    struct buf updates;                  /* what it does before: functions that got new code */
    struct session made;                 /* definitions for the session, in order */
    const struct definition **replacing; /* pairs: old, new */
    size_t replacing_count;
};

/* ---- cell_code.c ---- */

/* A definition that stays, or one that this unit has made. */
const struct definition *coder_kept(const struct coder *coder, const char *name);
const struct definition *coder_made(const struct coder *coder, const char *name);
/* What follows stands in that line of that cell. */
void coder_mark_line(struct coder *coder, int64_t cell, unsigned line);
void coder_add_text(struct coder *coder, size_t start, size_t end);

/* ---- code_variable.c ---- */

/* Symbols are quoted: names may have letters that assemblers take only so. */
void code_storage(
    struct coder *coder, unsigned id, const char *name, long long size, long long align);
/* A variable of this type, without its storage. */
struct definition *code_new_variable(struct coder *coder, const char *name, const char *type,
    bool thread_local_storage, unsigned *ret_id);
/* `serial` names what belongs to its initialiser. */
void code_variable(struct coder *coder, const struct cell_entity *entity, size_t serial);

/* ---- code_function.c ---- */

/* The function's code under a symbol of its own; __func__ and assert() go on naming it as written.
 */
void code_body(struct coder *coder, const struct definition *f, unsigned code, bool is_new);
void code_function(struct coder *coder, size_t i);
/* A declaration of a function, or of a variable that is defined elsewhere. */
void code_prototype(struct coder *coder, const struct cell_entity *entity);

/* ---- code_declaration.c ---- */

void code_declaration(struct coder *coder, size_t i);
void code_directive(struct coder *coder, size_t i);
/* A line that went into the front. */
void code_hoisted(struct coder *coder, size_t i);
/* A type that a function's definition brings is one of its own from here on. */
void code_function_tag(struct coder *coder, size_t i);

#endif
