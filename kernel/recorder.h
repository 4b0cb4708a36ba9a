/*
 * The kernel's way into the history: every output passes here before the front end is told.
 *
 * The store is opened when the first cell runs, so that starting a kernel costs nothing. When
 * recording fails, cells go on: the user is told once, plainly, every later run tries again, and
 * the user is told at the end of the first that was recorded without any failure. Event loop thread
 * only.
 */
#ifndef FORKERNEL_KERNEL_RECORDER_H
#define FORKERNEL_KERNEL_RECORDER_H

#include "history/history.h"
#include "kernel/cell_place.h"
#include "kernel/engine/engine.h"

/* Notebooks that are recorded at a time; the one that was not used longest makes way for another.
 */
enum { RECORDER_SESSIONS = 8 };

struct recorder;

struct recorder_options {
    bool enabled;            /* false: everything below does nothing, successfully */
    const char *engine_name; /* borrowed for good */
    const char *language;    /* borrowed for good */
    void (*warn)(void *context,
        const char *text); /* lines for the user, to be shown with the cell's output */
    void *context;
};

struct recorder *recorder_create(const struct recorder_options *options);
/* Ends the session: late output is sealed. */
void recorder_destroy(struct recorder **recorder);

/* False: the person has switched the history off. */
bool recorder_is_enabled(const struct recorder *recorder);

/* A cell begins to run on the state that run `parent_run_id` left (0: a fresh program). `deleted`
   is the request's deletedCells, an array, or NULL. */
void recorder_begin(struct recorder *recorder, const struct cell_place *place, const char *text,
    int64_t execution_count, int64_t parent_run_id, const json_t *deleted);
/* What it left behind, before its end: see history_run_leaves(). */
void recorder_leaves(
    struct recorder *recorder, enum history_state state, const char *defines, const char *effects);
/* It has ended. */
void recorder_end(struct recorder *recorder, enum history_run_status status);

/* The run that is being recorded, or NULL. */
const struct history_run *recorder_run(const struct recorder *recorder);
/* The running cell's id in the history; 0: it is not recorded. */
int64_t recorder_run_id(const struct recorder *recorder);

/* The program is in the state that a run left, 0: it is a fresh one; without a cell that ran. */
void recorder_move_state(struct recorder *recorder, int64_t run_id);

/* Its outputs, or those of a run that has ended (streams only). Nothing is recorded where no run
 * was begun. */
void recorder_stream(
    struct recorder *recorder, enum engine_stream stream, const void *data, size_t size);
void recorder_bundle(struct recorder *recorder, enum history_output_kind kind, const json_t *data,
    const json_t *transient);
void recorder_error(
    struct recorder *recorder, const char *ename, const char *evalue, const json_t *traceback);
void recorder_clear(struct recorder *recorder, bool wait);

/* A cell of which nothing is recorded begins (true), and has ended (false): what comes in between
 * belongs to no run. */
void recorder_pause(struct recorder *recorder, bool paused);

/* It is quiet: housekeeping that takes some milliseconds. */
void recorder_tidy(struct recorder *recorder);

/* Microseconds spent in here since the last call. */
int64_t recorder_take_time_us(struct recorder *recorder);

/* The store for questions, one that can only be read too; NULL with the reason when there is none.
 * Borrowed until the next call of this, of recorder_session() or of recorder_begin(). */
struct history *recorder_history(struct recorder *recorder, struct error *error);
/* The session that records this notebook (NULL: a nameless one), begun if need be; NULL with the
   reason. There is one for each of the notebooks whose pages share the kernel, the
   RECORDER_SESSIONS last ones of them. Borrowed until the next call of this or of recorder_begin().
 */
struct history_session *recorder_session(
    struct recorder *recorder, const char *document, struct error *error);
/* The document of the session that records this notebook; 0: none does. */
int64_t recorder_document_at(const struct recorder *recorder, const char *document);
/* What lies at `path` takes the place of the notebook that lay at `document`; `is_said`: it is that
 * one, says a front end or the system. True: it is the same document, and its session goes on.
 * False: it is a document of its own, whose session begins when it is asked for; or, with the
 * reason, nothing could be written. `document` is recorded.
 */
bool recorder_follow(struct recorder *recorder, const char *document, const char *path,
    bool is_said, struct error *error);
/* The kernel is no longer for the notebook at `document`: its session ends when another begins. */
void recorder_turn(struct recorder *recorder, const char *document);
/* The notebook goes on an origin of its document, see history_join(): whatever comes next begins a
 * session there. STATUS_LOCKED: a cell of it is running. It is recorded.
 */
enum status recorder_join(struct recorder *recorder, const char *document, int64_t origin_id,
    struct error *error) MUST_CHECK;
/* The notebook's file was thrown away. */
void recorder_leave(struct recorder *recorder, const char *document);
/* The key of a cell that has a handle only, or none; NULL: nothing is known of it. */
const char *recorder_cell_key(
    struct recorder *recorder, const struct cell_place *place, struct history_memory *memory);
/* The session of the last run, and its document; before the first run those of the first session,
 * 0 before that. */
int64_t recorder_session_id(const struct recorder *recorder);
int64_t recorder_document_id(const struct recorder *recorder);
/* The documents that are recorded; returns how many. */
size_t recorder_documents(
    const struct recorder *recorder, int64_t ret_document_ids[RECORDER_SESSIONS]);
bool recorder_is_own_session(const struct recorder *recorder, int64_t session_id);
/* The session that records the document; 0: none does. */
int64_t recorder_session_of(const struct recorder *recorder, int64_t document_id);

#endif
