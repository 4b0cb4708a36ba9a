/*
 * Edits: what a front end tells about the cells of a notebook while nobody runs anything, and the
 * notebook as it was at a time. Part of history/history.h, which includes it: statuses, ownership,
 * units and threads are as said there.
 *
 * Where texts go in the version tree, by cause (rules 1 to 8):
 *
 *     any             text equal to the head adds nothing and moves nothing
 *     UNDO            the nearest ancestor of the head with that text, else the newest version of
 *     RESTORE, FILE   the cell with it; where there is none, a child of the head
 *     REDO            the nearest descendant with that text along the children that were visited
 *                     last, else the newest version of the cell with it, else a child of the head.
 *                     A child was visited last when it or something below it was the head last
 *     PROGRAM,        the child of the head with that text, which the same command made before it
 *     FORMAT, REPLACE was undone; where there is none, a new one
 *     all others      a child of the head, also when another version has that text: typing an old
 *                     text back is new work, and undo leads from it to where it came from
 *
 * Executions (history_run_begin) keep rule 6 and share the heads. Order is the order of
 * recording; times are shown and asked for, but never sorted by, so that clocks may jump.
 */
#ifndef FORKERNEL_HISTORY_EDITS_H
#define FORKERNEL_HISTORY_EDITS_H

#include "history/history.h"

/* ---- recording ---- */

enum history_edit_kind {
    HISTORY_EDIT_TEXT = 1, /* the whole text of the cell is this now */
    HISTORY_EDIT_DELETE,   /* the cell is gone from the notebook */
    HISTORY_EDIT_LAYOUT,   /* `keys` are the cells of the notebook in their order */
};

/* One change. What a kind does not name is not looked at. */
struct history_edit {
    enum history_edit_kind kind;
    const char *cell_key;        /* TEXT, DELETE: nbformat cell id, not empty */
    enum history_cell_type type; /* TEXT: of the cell from now on; 0: as it was, else code */
    enum history_cause cause;    /* TEXT, DELETE */
    const char *text;            /* TEXT; may be NULL when `text_bytes` is 0 */
    size_t text_bytes;
    const char
        *origin_key; /* TEXT: the cell of the document that the text came from (split, merge,
                        copy); becomes the origin of the version if one is made; NULL: none */
    const char *const *origin_keys; /* TEXT: all such cells, where it is more than one (merge);
                                       `origin_key` may be among them */
    size_t origin_count;
    const void *extras; /* TEXT: what the cell has besides its text, see history/extras.h; NULL:
                           not told */
    size_t extras_bytes;
    const char *const *keys; /* LAYOUT; repeated ones count once */
    size_t key_count;
    int64_t time_us; /* by the front end's clock; 0, before 1970 or in the future: now */
};

struct history_edits {
    const char *client; /* who numbers its batches: one page of a front end; NULL or "": nobody */
    int64_t sequence;   /* of this batch; rises for each client */
    const struct history_edit *items; /* in the order in which they happened */
    size_t count;
};

struct history_edited {
    int64_t cell_id; /* 0: LAYOUT, or DELETE of an unknown cell */
    int64_t version; /* number of the head after it; 0 with `cell_id` 0 */
    bool new_cell;
    bool new_version;
    bool moved; /* the head is another one, or the cell came back, or was deleted now; LAYOUT: the
                   order is not the one recorded before */
};

/*
 * Record a batch in one transaction. When it has returned STATUS_OK the batch survives the death of
 * this process at any later moment. `ret_edited` (NULL: not wanted) has room for one answer for
 * each item.
 *
 * A batch whose sequence is not above the highest one recorded of its client, by whatever kernel,
 * adds nothing, and `ret_repeated` (NULL: not wanted) becomes true; the answers then name the heads
 * as they are now. So: send again until it is acknowledged, and never give a number twice.
 *
 * Deleted cells keep their tree and get a date. A text or a run for one brings it back, and so does
 * a layout that has it. Cells that the layout before had and a new one has not are deleted. A
 * layout may name cells whose text has not come yet.
 *
 * STATUS_INVALID: an item makes no sense (no key, unknown kind, cause or type, 256 MiB of text). On
 * failure nothing of the batch was recorded.
 */
enum status history_record_edits(struct history_session *session, const struct history_edits *edits,
    struct history_edited *ret_edited, bool *ret_repeated, struct error *error) MUST_CHECK;

/* The highest sequence recorded of the client, in the whole store; 0: unknown. */
enum status history_client_sequence(struct history *history, const char *client,
    int64_t *ret_sequence, struct error *error) MUST_CHECK;

/* ---- the notebook at a time ---- */

struct history_notebook_cell {
    int64_t cell_id;
    const char *key;
    enum history_cell_type type; /* the newest */
    const char *language;        /* "" when unknown */
    int64_t version;             /* number of the head at that time */
    int64_t run_id;              /* newest run of that version begun until then; 0: none */
    const char *text;
    size_t text_bytes;
};

struct history_notebook {
    const struct history_notebook_cell *items;
    size_t count;
};

/*
 * The notebook as it was at `time_us` (0: now): what was recorded with a time up to then, in the
 * order of recording. Cells stand as in the newest layout until then, the ones that it has not
 * after them in the order of their creation; those that were deleted then are left out.
 */
enum status history_read_notebook(struct history *history, int64_t document_id, int64_t time_us,
    struct history_memory *memory, struct history_notebook *ret_notebook,
    struct error *error) MUST_CHECK;

/*
 * Where a cell that was deleted stood last: behind the cell `ret_after`, the nearest one before it
 * that is still in the notebook ("": none is), with `ret_index` such cells before it.
 * STATUS_NOT_FOUND: no such cell, or its place was never recorded.
 */
enum status history_cell_place(struct history *history, int64_t document_id, const char *cell_key,
    struct history_memory *memory, size_t *ret_index, const char **ret_after,
    struct error *error) MUST_CHECK;

/* ---- a front end's texts beside the history's ---- */

/* The version of a cell with this text: the nearest ancestor of the head, itself at best, else the
 * newest; 0: none has it. STATUS_NOT_FOUND: no such cell. */
enum status history_find_text(struct history *history, int64_t document_id, const char *cell_key,
    const char *text, size_t text_bytes, int64_t *ret_number, struct error *error) MUST_CHECK;

/* What the cell showed before a file was read: where the newest change of its head is one from a
 * file, the head before it; else 0. STATUS_NOT_FOUND: no such cell. */
enum status history_before_file(struct history *history, int64_t document_id, const char *cell_key,
    int64_t *ret_number, struct error *error) MUST_CHECK;

/* Has a cell shown this text, or the notebook had these cells in this order, at `since_us` or at
 * any time since, by the times recorded? Of a cell that is not known, no. Cheap where little has
 * changed since. */
enum status history_showed(struct history *history, int64_t document_id, const char *cell_key,
    const char *text, size_t text_bytes, int64_t since_us, bool *ret_showed,
    struct error *error) MUST_CHECK;
enum status history_had_layout(struct history *history, int64_t document_id,
    const char *const *keys, size_t count, int64_t since_us, bool *ret_had,
    struct error *error) MUST_CHECK;

/* ---- labels and pins ---- */

enum history_subject {
    HISTORY_VERSION = 1, /* by its number in the document */
    HISTORY_RUN,         /* by its id */
};

/* A name for a version or a run, and whether it is to be kept at hand; both show in
 * struct history_version and struct history_run_info. `text` NULL or "": no label any more.
 * STATUS_NOT_FOUND: the document has no such version or run. */
enum status history_set_label(struct history *history, int64_t document_id,
    enum history_subject subject, int64_t number_or_run_id, const char *text,
    struct error *error) MUST_CHECK;
enum status history_set_pinned(struct history *history, int64_t document_id,
    enum history_subject subject, int64_t number_or_run_id, bool pinned,
    struct error *error) MUST_CHECK;

/* What has this label (ASCII capitals count for nothing): the newest version, else the newest run.
 * STATUS_NOT_FOUND without an error text: nothing has. */
enum status history_find_label(struct history *history, int64_t document_id, const char *text,
    enum history_subject *ret_subject, int64_t *ret_number_or_run_id,
    struct error *error) MUST_CHECK;

#endif
