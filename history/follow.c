/*
 * A notebook under a new path. Its cells' ids tell where it comes from: nbformat makes them at
 * random, so that two notebooks share them only when one was made from the other.
 */
#include "history/store.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The document that shares the most cells with the notebook, and how many. */
static enum status find_original(struct history *history, const char *const *keys, size_t count,
    int64_t *ret_document_id, size_t *ret_shared, struct error *error) {
    static const char text[] = "SELECT document_id FROM cells WHERE key = ? ORDER BY id DESC";
    struct sql *sql = &history->sql;
    struct candidate {
        int64_t document_id;
        size_t shared;
    } *candidates = NULL;
    size_t candidate_count = 0;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        sqlite3_stmt *rows = NULL;
        struct cell cell = {0};
        bool row = false;
        cell_key_copy(&cell, keys[i]);
        status = sql_query(sql, &rows, error, text, "s", cell.key);
        while (status == STATUS_OK && (status = sql_next(sql, rows, &row, error)) == STATUS_OK &&
               row) {
            int64_t document_id = sqlite3_column_int64(rows, 0);
            size_t at = 0;
            while (at < candidate_count && candidates[at].document_id != document_id)
                at++;
            if (at == candidate_count) {
                struct candidate *grown = realloc(candidates, (at + 1) * sizeof *grown);
                if (!grown) {
                    sql_done(rows);
                    status = fail_memory(history, error);
                    break;
                }
                candidates = grown;
                candidates[candidate_count++] = (struct candidate){.document_id = document_id};
            }
            candidates[at].shared++;
        }
    }
    for (size_t at = 0; at < candidate_count && status == STATUS_OK; at++)
        if (candidates[at].shared > *ret_shared) {
            *ret_shared = candidates[at].shared;
            *ret_document_id = candidates[at].document_id;
        }
    free(candidates);
    return status;
}

/* Is the notebook still where the document was? A nameless document has no such place. */
static enum status is_there(
    struct history *history, int64_t document_id, bool *ret_there, struct error *error) {
    static const char text[] = "SELECT path FROM documents WHERE id = ?";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    struct stat info;
    enum status status = sql_query(sql, &rows, error, text, "i", document_id);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    const char *path = (const char *)sqlite3_column_text(rows, 0);
    *ret_there = !path || stat(path, &info) == 0 || errno != ENOENT;
    sql_done(rows);
    return STATUS_OK;
}

/* A cell of the copy begins as a branch of the original's: its first version is the text that the
   original shows now, and says so. */
static enum status copy_cell(struct history *history, int64_t from_document, int64_t to_document,
    const char *key, int64_t time_us, struct error *error) {
    struct cell from = {0};
    struct cell to = {0};
    struct buf text = BUF_INIT;
    enum status status = cell_find(history, from_document, key, &from, error);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !from.head))
        return STATUS_OK;
    int64_t head = version_id(from_document, from.head);
    if (status == STATUS_OK)
        status = version_read_text(history, head, &text, error);
    if (status == STATUS_OK)
        status = cell_add(history, to_document, key, NULL, time_us, &to, error);
    if (status == STATUS_OK) {
        struct tree_change change = {
            .text = buf_string(&text),
            .text_bytes = text.size,
            .cause = HISTORY_CAUSE_FILE,
            .origin = head,
            .time_us = time_us,
        };
        bool is_new = false;
        bool moved = false;
        status = tree_set_text(history, &to, &change, &is_new, &moved, error);
    }
    if (status == STATUS_OK)
        status = cell_set_type(history, &to, from.type, error);
    buf_finish(&text);
    return status;
}

static enum status copy(struct history *history, int64_t original, const char *path,
    const char *const *keys, size_t count, struct error *error) {
    int64_t now_us = clock_wall_us();
    int64_t document_id = 0;
    bool changed = false;
    enum status status = document_find_or_add(history, path, now_us, &document_id, error);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = copy_cell(history, original, document_id, keys[i], now_us, error);
    if (status == STATUS_OK)
        status = layout_record(history, document_id, keys, count, now_us, &changed, error);
    return status;
}

enum status history_follow_document(struct history *history, const char *path,
    const char *const *keys, size_t count, enum history_followed *ret_followed,
    struct error *error) {
    static const char move_text[] = "UPDATE documents SET path = ? WHERE id = ?";
    struct sql *sql = &history->sql;
    int64_t document_id = 0;
    size_t shared = 0;
    bool there = false;
    *ret_followed = HISTORY_FOLLOWED_NOTHING;
    enum status status = history_find_document(history, path, &document_id, error);
    if (status != STATUS_NOT_FOUND)
        return status;
    status = find_original(history, keys, count, &document_id, &shared, error);
    if (status != STATUS_OK || shared * 2 <= count)
        return status;
    status = is_there(history, document_id, &there, error);
    if (status == STATUS_OK)
        status = sql_begin(sql, error);
    if (status != STATUS_OK)
        return status;
    status = there ? copy(history, document_id, path, keys, count, error)
                   : sql_run(sql, error, move_text, "si", path, document_id);
    status = sql_finish(sql, status, error);
    if (status == STATUS_OK)
        *ret_followed = there ? HISTORY_FOLLOWED_COPY : HISTORY_FOLLOWED_MOVE;
    return status;
}
