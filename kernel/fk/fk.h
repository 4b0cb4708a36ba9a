/*
 * The verbs of the history: `%fk tree` in a cell and `forkernel tree NOTEBOOK` in a terminal are
 * the same function.
 *
 * A verb reads the store and writes to a sink; it knows neither sockets nor terminals. Event loop
 * thread in the kernel, main thread in a terminal.
 */
#ifndef FORKERNEL_KERNEL_FK_H
#define FORKERNEL_KERNEL_FK_H

#include "history/history.h"
#include "kernel/states.h"

#include <jansson.h>

/* What a verb has changed in the history. */
enum fk_changed { FK_CHANGED_HEAD, FK_CHANGED_VERSION, FK_CHANGED_RUN };

/* Where a verb's answer goes. `context` first, everything borrowed. */
struct fk_sink {
    void *context;
    void (*text)(void *context, const char *text, size_t size);
    /* A MIME bundle (object) and what a terminal says instead of showing it: the files that hold
     * it. */
    void (*bundle)(void *context, json_t *data, const struct history_output *output);
    /* Text for the next input: the cell is to have it. NULL where there is no such thing (a
     * terminal). */
    void (*next_input)(void *context, const char *text, size_t size);
    /* Version `number` is the head of the cell with this key now, or a version or run has another
       label or pin (then `cell_key` is NULL). NULL: nobody listens. */
    void (*changed)(void *context, enum fk_changed changed, int64_t number, const char *cell_key);
    bool colours; /* ANSI sequences are understood */
};

struct fk_context {
    struct history *history;
    int64_t document_id;
    const char *cell_key; /* of the cell that asks; NULL when unknown or in a terminal */
    const struct fk_sink *sink;
    struct states *states; /* of the kernel that asks; NULL in a terminal */
    int64_t session_id;    /* of the kernel that asks, 0: it has none yet */
    /* the answer of verbs that go to another state: the kernel does it when they have returned */
    bool moves;
    int64_t move_to; /* the run that left it, 0: a fresh program */
};

struct fk_verb {
    const char *name;
    const char *arguments; /* for the usage line */
    const char *summary;   /* one line */
    bool begins_document;  /* it means something for a notebook of which nothing is recorded yet */
    /* `arguments` are the words behind the verb. STATUS_INVALID: wrong words, the message says how.
     */
    enum status (*run)(struct fk_context *context, size_t count, const char *const *arguments,
        struct error *error);
};

/* The verbs; NULL for an unknown name, and past the last. */
const struct fk_verb *fk_verb_find(const char *name);
const struct fk_verb *fk_verb_at(size_t index);

extern const struct fk_verb fk_deleted, fk_diff, fk_goto, fk_help, fk_label, fk_log, fk_notebook,
    fk_pin, fk_redo, fk_restore, fk_resume, fk_settings, fk_show, fk_states, fk_tree, fk_undo,
    fk_unpin;

/* ---- shared by the verbs ---- */

void fk_printf(struct fk_context *context, const char *format, ...) PRINTF_LIKE(2, 3);
void fk_print_bytes(struct fk_context *context, const char *bytes, size_t size);

/* Tell whoever listens. */
void fk_tell_changed(
    struct fk_context *context, enum fk_changed changed, int64_t number, const char *cell_key);

/* "\x1b[32m" and so on where the sink understands colours, else "". */
enum fk_colour { FK_PLAIN, FK_BOLD, FK_FAINT, FK_RED, FK_GREEN, FK_YELLOW, FK_BLUE };
const char *fk_colour(const struct fk_context *context, enum fk_colour colour);

/* A version number as people type it: "7", also "v7" and "#7". */
enum status fk_parse_number(const char *word, int64_t *ret_number, struct error *error) MUST_CHECK;

/* A run's number: "12", also "r12" and "#12". */
enum status fk_parse_run(const char *word, int64_t *ret_run_id, struct error *error) MUST_CHECK;

/* The same, or "[3]": the newest run of the asking kernel's session that has this count. */
enum status fk_find_run(struct fk_context *context, const char *word, int64_t *ret_run_id,
    struct error *error) MUST_CHECK;

/* A version's number as fk_parse_number() reads it, or with "r12" or "[3]" that of the version
   which this run ran. */
enum status fk_find_version(struct fk_context *context, const char *word, int64_t *ret_number,
    struct error *error) MUST_CHECK;

/* "ok [12]", "error [12]", coloured, without a newline; `out` is appended to. */
void fk_append_run(
    const struct fk_context *context, const struct history_run_info *run, struct buf *out);

void fk_append_status(const struct fk_context *context, enum history_run_status status,
    int64_t execution_count, struct buf *out);

/* The cell of the document with this key; STATUS_NOT_FOUND when it has no history. */
enum status fk_find_cell(struct fk_context *context, const char *key, struct history_memory *memory,
    struct history_cell *ret_cell, struct error *error) MUST_CHECK;

/* Show the outputs of a run as they were, cleared ones left out. */
enum status fk_show_outputs(
    struct fk_context *context, int64_t run_id, struct error *error) MUST_CHECK;

/* All that came, in its order: every state of a display that was updated, and what was cleared. */
enum status fk_show_every_state(
    struct fk_context *context, int64_t run_id, struct error *error) MUST_CHECK;

#endif
