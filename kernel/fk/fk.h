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
    size_t width; /* columns of the terminal; 0: not known */
};

struct fk_context {
    struct history *history;
    int64_t document_id;
    const char *cell_key; /* of the cell that asks; NULL when unknown or in a terminal */
    const char *notebook; /* as it was typed in a terminal, "" where none was; NULL in a cell */
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

/* How whoever asks types a command: of "restore 7" it makes "%fk restore 7" in a cell, and in a
   terminal "forkernel restore notebook.ipynb 7". For printf's arguments. */
struct fk_typed {
    char text[256];
};
struct fk_typed fk_command(const struct fk_context *context, const char *format, ...)
    PRINTF_LIKE(2, 3);

/*
 * What people type for versions, runs and cells is what they are shown: "7", "v7", "#7", "version
 * 7"; "r12", "run 12", "[3]" (the newest run with this count, of the asking kernel's session if
 * that has one); labels; cells as in cell_names.h. A bare number is a version, where a run is asked
 * for a run. Several words are joined by fk_join().
 *
 * STATUS_NOT_FOUND: nothing is called that, or several things are; the message says how they are
 * typed.
 */
enum status fk_find_version(struct fk_context *context, const char *name, int64_t *ret_number,
    struct error *error) MUST_CHECK; /* of a run its own, of a cell the one that it shows */
enum status fk_find_run(struct fk_context *context, const char *name, int64_t *ret_run_id,
    struct error *error) MUST_CHECK; /* of a version or cell the newest */

enum fk_kind { FK_VERSION, FK_RUN, FK_CELL };
struct fk_thing {
    enum fk_kind kind;
    int64_t number; /* of the version; the run's id; the cell's id */
};
enum status fk_find(struct fk_context *context, const char *name, enum fk_kind of_a_number,
    struct fk_thing *ret_thing, struct error *error) MUST_CHECK;

/* How many of the words, at least one is there, name one thing: two of "run 12" and the like. */
size_t fk_words_of_name(size_t count, const char *const *words);

/* Append the words with a blank between them, those that are `option` (NULL: none is) left out.
   Returns whether one was. */
bool fk_join(size_t count, const char *const *words, const char *option, struct buf *out);

/* How many characters of a text there is room for behind `used` columns: `most`, or fewer in a
   narrow terminal. */
size_t fk_room(const struct fk_context *context, size_t used, size_t most);

/* "ok [12]", "error [12]", coloured, without a newline; `out` is appended to. */
void fk_append_run(
    const struct fk_context *context, const struct history_run_info *run, struct buf *out);

enum fk_colour fk_status_colour(enum history_run_status status);

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
