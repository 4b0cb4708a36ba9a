/*
 * One cell on its way from text to code.
 *
 *   split   what its items are, and what its comments ask for
 *   plan    what they change, which earlier definitions that touches
 *   parse   libclang's opinion: errors, and the types of what it declares
 *   code    the translation unit for the compiler, and the session as it will be afterwards
 *
 * Everything here belongs to the cell and goes with cell_finish(), except the definitions that it
 * made.
 */
#ifndef FORKERNEL_LANGUAGE_CELL_H
#define FORKERNEL_LANGUAGE_CELL_H

#include "kernel/engine/c/language/definition.h"
#include "kernel/engine/c/language/front.h"
#include "kernel/engine/c/language/unit.h"
#include "kernel/engine/c/split.h"

enum item_role {
    ITEM_PLAIN,     /* goes into the unit where it stands */
    ITEM_HOISTED,   /* is in the front */
    ITEM_UNCHANGED, /* a definition that is there already, word for word */
};

struct cell_item {
    enum item_role role;
    bool changes;      /* brings names that live definitions have */
    bool conditional;  /* between #if and #endif */
    size_t group_end;  /* a directive: index past the directives that go with it */
    bool not_constant; /* a variable here has an initialiser that has to run */
    bool run_start;    /* first item of a run of statements */
    bool run_end;
    bool reached; /* the parser saw this run: no #if took it out */
};

/* One variable, function or prototype that the parser found. */
struct cell_entity {
    size_t item;
    char *name;
    size_t offset; /* of the name in the cell; (size_t)-1 when a macro made it */
    char *type;
    long long size;
    long long align;
    bool is_function;
    bool is_definition;
    bool is_extern; /* declared, defined elsewhere */
    bool is_thread_local;
};

struct cell {
    int64_t number;
    const char *code; /* borrowed */
    size_t size;
    char *text; /* the code with what later stages must not see blanked out; same length */
    bool is_expression;
    bool wants_result;
    bool is_program;
    char *arguments; /* //%args: */
    char *cflags;
    char *ldflags;
    struct split split;
    struct cell_item *items;
    struct buf front;       /* text of the front with the hoisted lines */
    bool hoists;            /* the front could be made */
    struct names shadowed;  /* names of libraries that get a meaning of their own here */
    struct names changed;   /* names that get another meaning here */
    struct session kept;    /* live definitions that stay as they are */
    struct session moved;   /* those that have to be compiled again */
    struct session dropped; /* moved ones that no longer compile */
    size_t *moved_after;    /* per moved definition: the item after which it goes */
    struct cell_entity *entities;
    size_t entity_count;
    struct unit unit; /* what was parsed */
    CXType result;    /* of the last expression */
    bool has_result;
    bool shows_number;    /* the result, by show_number() */
    struct session after; /* the session once the code is loaded */
    struct buf warnings;
    struct buf trouble; /* an error that the parser does not know of */
    char name[32];      /* "cell [3]" */
};

struct language {
    struct front front;
    struct session session;
    char *cflags; /* of the session */
    char *ldflags;
    unsigned next_id;
};

void cell_init(struct cell *cell, struct language *language, int64_t number, const char *code,
    bool is_expression, bool wants_result);
void cell_finish(struct cell *cell);

unsigned cell_line(const struct cell *cell, size_t offset);

/* ---- cell_options.c ---- */

/* What the cell's comments ask for, on top of what the session has. */
void cell_take_options(struct cell *cell, const struct language *language);

/* ---- cell_split.c ---- */

/* Split the cell and take the options out of its comments; again when the front has brought new
   type names, on which the split depends. */
void cell_split(struct cell *cell, struct language *language);
/* The front of the session as it is. */
void cell_base_front(struct buf *out, const struct language *language);
/* Is item `i` a directive of this name? */
bool cell_directive_is(const struct cell *cell, size_t i, const char *word);

/* ---- cell_plan.c ---- */

/* Decide what stays and what moves, given the names in cell->changed. */
void cell_plan(struct cell *cell, const struct language *language);
/* The names that item `i` brings, as far as tokens tell: types, macros, functions. */
void cell_item_names(const struct cell *cell, size_t i, struct names *names);

/* ---- cell_parse.c ---- */

enum cell_verdict { CELL_FINE, CELL_ERRORS, CELL_BROKEN };

/* Plan and parse, again where a type changed. CELL_ERRORS leaves them in front.tu. */
enum cell_verdict cell_parse(struct cell *cell, struct language *language);
/* What is parsed: statements in functions, everything else as written. */
void cell_build_unit(struct cell *cell);
/* Is the diagnostic one that the rewriting takes care of? */
bool cell_forgives(const struct cell *cell, CXDiagnostic diagnostic);
/* The live typedef names, for splitting. */
bool cell_is_type(void *language, const char *name, size_t size);

/* The definitions before the cell's own text, as later cells see them. */
void cell_add_prelude(struct buf *out, const struct session *session);
/* From here on, __func__ and its like are this name; NULL: what they are by themselves. */
void cell_name_function(struct buf *out, const char *name);
/* Item `i` as it goes into the parsed unit: with tags for the nameless. */
void cell_add_item(struct cell *cell, struct unit *unit, size_t i);
/* The tag that a nameless struct of item `i`'s variables gets; false where there is none. */
bool cell_tag(const struct cell *cell, size_t i, char ret_tag[32]);

/* A variable may be called `index` or `y1` although a header or clang itself has a function of that
   name: it goes by fk_u_index then, through a macro. This takes the prefix out of a text again. */
void cell_unshadow(char *text);
void cell_add_shadows(struct buf *out, const struct cell *cell);

/* ---- cell_code.c ---- */

/* The unit for the compiler into `out`, and cell->after. The entry symbol goes to `ret_entry`. */
void cell_code(struct cell *cell, struct language *language, struct buf *out, char ret_entry[32]);

/* ---- cell_guess.c ---- */

/* What cell_code() is going to make, when tokens alone can tell; comes before cell_parse(). */
bool cell_guess(struct cell *cell, struct language *language, struct buf *out, char ret_entry[32]);

/* ---- show_code.c ---- */

/* Statements that show `expression`, which has this type. */
void show_code(struct buf *out, CXType type, const char *expression);
/* The same for any arithmetic type but the extensions: one text for all, which asks the compiler
   for the type. */
bool show_is_number(CXType type);
void show_number(struct buf *out, const char *variable);

/* ---- report.c ---- */

/* The parser's errors as evalue and traceback lines (struct buf each, caller's), warnings into
   cell->warnings. True when there are errors. */
struct report {
    struct buf evalue;
    struct names lines;
};
bool report_diagnostics(struct cell *cell, CXTranslationUnit tu, struct report *report);
void report_finish(struct report *report);

#endif
