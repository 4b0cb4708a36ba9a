/*
 * Documents and files. A document is known by what it holds first, and by where it lies second: its
 * path may change, be taken by another one, or be known no more, and where it lay stays known. Part
 * of history/history.h: statuses, ownership, units and threads are as said there.
 *
 * Two kinds of documents have no path: those whose file is gone, which have places from before, and
 * nameless ones, which never had a file (consoles, `jupyter execute`).
 */
#ifndef FORKERNEL_HISTORY_PLACES_H
#define FORKERNEL_HISTORY_PLACES_H

#include "history/history.h"

/* A file as the system knows it; 0: not known. */
struct history_file {
    const char *path; /* absolute and without symbolic links */
    int64_t device;
    int64_t inode;
    int64_t born_us; /* a file that is deleted leaves its inode to others */
};

/* Where the document lies, or, when that is not known any more, where it lay last; "": it never had
 * a file. STATUS_NOT_FOUND: no such document. */
enum status history_document_path(struct history *history, int64_t document_id,
    struct history_memory *memory, const char **ret_path, struct error *error) MUST_CHECK;

/* ---- which document is the notebook in a file? ---- */

struct history_file_cell {
    const char *key; /* NULL: the file has no id for it */
    const char *text;
    size_t text_bytes;
};

/* A notebook file that was read. */
struct history_met_file {
    struct history_file file;
    const struct history_file_cell *cells;
    size_t count;
    /* Has the notebook at `path` more than half of these cells? False too where there is none. */
    bool (*is_at)(void *context, const char *path);
    /* Has the notebook at `path` a cell with such an id? False too where there is none. */
    bool (*any_at)(
        void *context, const char *path, bool (*is_such)(void *of, const char *key), void *of);
    void *context;
    int64_t session_document; /* that a front end or the system says that it is; 0: nobody says */
};

enum history_meeting {
    HISTORY_MET_KNOWN, /* it lies where it lay */
    HISTORY_MET_MOVED, /* it lay elsewhere, and there is it no more */
    HISTORY_MET_COPY,  /* of one that is there still */
    HISTORY_MET_NEW,   /* the store does not know it */
};

struct history_met {
    enum history_meeting how;
    int64_t document_id; /* KNOWN, MOVED: the notebook's; COPY: the original's; NEW: 0 */
};

/*
 * By what it holds first: nbformat makes ids of cells at random, so that two notebooks share them
 * only when one was made from the other. Most of its ids, or without ids most of its texts, make it
 * that document, the one with its path before others. A notebook without any text is known by its
 * file. Nothing is written.
 */
enum status history_judge_file(struct history *history, const struct history_met_file *file,
    struct history_met *ret_met, struct error *error) MUST_CHECK;

/*
 * Make the store say so: `ret_document_id` lies at the path of `file` from now on. A copy and a new
 * one are made, with the cells of a copy as branches of its original's. Another document that had
 * the path lies nowhere that is known then.
 */
enum status history_take_file(struct history *history, const struct history_met_file *file,
    const struct history_met *met, int64_t *ret_document_id, struct error *error) MUST_CHECK;

/* The document's file was taken away from where it lay, and is nowhere that is known. */
enum status history_leave_place(
    struct history *history, int64_t document_id, struct error *error) MUST_CHECK;

/* ---- notebooks without a file ---- */

/* A notebook whose file is not there. */
struct history_gone {
    int64_t document_id;
    const char *path;     /* where it lay last */
    int64_t last_seen_us; /* when it was known to lie there, at least */
    bool goes_on;         /* in the one that has its path now, by history_join() */
    int64_t cells;        /* deleted ones too */
    int64_t versions;
    int64_t runs;
};

struct history_gone_list {
    const struct history_gone *items;
    size_t count;
};

/* Notebooks that lay last in `folder` (absolute, as paths of documents are; NULL: anywhere) and of
 * which there is no file now, as the file system says at this moment, with a text at least; the one
 * that was seen last comes first. */
enum status history_list_gone(struct history *history, const char *folder,
    struct history_memory *memory, struct history_gone_list *ret_gone,
    struct error *error) MUST_CHECK;

/* A session without a notebook. */
struct history_nameless {
    int64_t document_id;
    int64_t started_us;
    int64_t last_run_us;
    const char *summary;     /* first line of its first text that is not blank, valid UTF-8, cut */
    const char *origin_path; /* of the notebook whose cells it ran; "": not known */
    int64_t origin_id;       /* the document of that one; 0: not known */
    int64_t cells;
    int64_t versions;
    int64_t runs;
};

struct history_nameless_list {
    const struct history_nameless *items;
    size_t count;
};

/* The last `limit` (0: all) documents that never had a file and have a text, newest first;
 * `origin_id` not 0: only those that ran the cells of that document. */
enum status history_list_nameless(struct history *history, int64_t origin_id, size_t limit,
    struct history_memory *memory, struct history_nameless_list *ret_nameless,
    struct error *error) MUST_CHECK;

#endif
