#include "history/join.h"
#include "history/adopt.h"
#include "history/run.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* ---- which one could it go on? ---- */

/* A nameless document has the notebook whose cells it ran as its origin, and goes on by itself. */
enum status history_list_origins(struct history *history, int64_t document_id,
    struct history_memory *memory, struct history_origin_list *ret_origins, struct error *error) {
    static const char text[] =
        "WITH began AS (SELECT path, since_us FROM places WHERE document_id = ?1 "
        "  ORDER BY id LIMIT 1), "
        "found (how, id, since_us) AS (SELECT 1, d.origin_id, d.created_us FROM documents d "
        "  WHERE d.id = ?1 AND d.origin_id IS NOT NULL AND EXISTS (SELECT 1 FROM began) "
        "  UNION ALL SELECT 2, p.document_id, b.since_us FROM began b JOIN places p "
        "  ON p.path = b.path AND p.until_us = b.since_us AND p.document_id <> ?1 "
        "  JOIN documents d ON d.id = p.document_id WHERE d.path IS NULL AND NOT EXISTS "
        "  (SELECT 1 FROM places l WHERE l.document_id = p.document_id AND l.id > p.id)) "
        "SELECT min(f.how), f.id, f.since_us, coalesce(d.path, (SELECT p.path FROM places p "
        "  WHERE p.document_id = d.id ORDER BY p.id DESC LIMIT 1)) AS lay, d.path IS NOT NULL "
        "FROM found f JOIN documents d ON d.id = f.id WHERE lay IS NOT NULL AND EXISTS "
        "(SELECT 1 FROM versions v WHERE v.id = (d.id << 32) + 1) GROUP BY f.id ORDER BY 1";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    struct memory_rows list = {0};
    enum status status = sql_query(sql, &rows, error, text, "i", document_id);
    while (sql_row(sql, rows, &status, error)) {
        struct history_origin *origin = memory_rows_add(&list, sizeof *origin);
        const char *path = memory_column(memory, rows, 3);
        if (!origin || !path) {
            sql_done(rows);
            status = fail_memory(history, error);
            break;
        }
        *origin = (struct history_origin){
            .how = (enum history_origin_how)sqlite3_column_int(rows, 0),
            .document_id = sqlite3_column_int64(rows, 1),
            .since_us = sqlite3_column_int64(rows, 2),
            .path = path,
            .is_there = sqlite3_column_int(rows, 4) && file_may_be_there(path),
        };
    }
    size_t count = list.bytes / sizeof(struct history_origin);
    const void *items = NULL;
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_origins = (struct history_origin_list){items, count};
    return status;
}

static enum status check(struct history *history, int64_t document_id, int64_t origin_id,
    const struct history_file *file, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_origin_list origins = {0};
    const struct history_origin *found = NULL;
    int64_t there = 0;
    static const char path_text[] = "SELECT id FROM documents WHERE path = ?";
    enum status status = sql_int(&history->sql, &there, error, path_text, "s", file->path);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && there != document_id))
        return error_set(error, STATUS_INVALID,
            "'%s' is not where this history is recorded; save the notebook there first",
            file->path);
    if (status == STATUS_OK)
        status = history_list_origins(history, document_id, &memory, &origins, error);
    for (size_t i = 0; i < origins.count; i++)
        if (origins.items[i].document_id == origin_id)
            found = &origins.items[i];
    if (status == STATUS_OK && !found)
        status = error_set(error, STATUS_INVALID,
            "'%s' did not begin as a branch of document %lld: there is nothing to continue",
            file->path, (long long)origin_id);
    else if (status == STATUS_OK && found->is_there)
        status = error_set(error, STATUS_INVALID,
            "'%s' is still there: it and this copy of it go on by themselves; to continue its "
            "history here, delete or move that file first",
            found->path);
    history_memory_finish(&memory);
    return status;
}

/* ---- joining: inside the transaction ---- */

/* Regenerated notebooks, and those without ids, have other keys: there the texts tell. One key that
 * is known tells that all are ids. */
static enum status adopt(struct history *history, int64_t origin_id,
    const struct history_notebook *notebook, struct error *error) {
    struct history_page_cell *cells = calloc(notebook->count + 1, sizeof *cells);
    enum status status = STATUS_NOT_FOUND;
    if (!cells)
        return fail_memory(history, error);
    for (size_t i = 0; i < notebook->count && status == STATUS_NOT_FOUND; i++) {
        const struct history_notebook_cell *cell = &notebook->items[i];
        struct cell known;
        cells[i] = (struct history_page_cell){cell->key, cell->text, cell->text_bytes};
        status = cell_find(history, origin_id, cell->key, &known, error);
    }
    if (status == STATUS_NOT_FOUND)
        status = cells_adopt(history, origin_id, cells, notebook->count, NULL, NULL, NULL, error);
    free(cells);
    return status;
}

static enum status branch(struct history *history, int64_t document_id, int64_t origin_id,
    const struct history_notebook *notebook, int64_t now_us, struct error *error) {
    const char **keys = calloc(notebook->count + 1, sizeof *keys);
    bool changed = false;
    enum status status = STATUS_OK;
    if (!keys)
        return fail_memory(history, error);
    for (size_t i = 0; i < notebook->count && status == STATUS_OK; i++) {
        struct cell from = {0};
        keys[i] = notebook->items[i].key;
        status = cell_find(history, document_id, keys[i], &from, error);
        if (status == STATUS_NOT_FOUND)
            status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
        if (status == STATUS_OK)
            status = cell_branch(history, &from, origin_id, now_us, error);
    }
    if (status == STATUS_OK && notebook->count)
        status = layout_record(history, origin_id, keys, notebook->count, now_us, &changed, error);
    free(keys);
    return status;
}

static enum status join(struct history *history, int64_t document_id, int64_t origin_id,
    const struct history_file *file, struct error *error) {
    static const char origin_text[] =
        "UPDATE documents SET origin_id = ?2 WHERE id = ?1 AND origin_id IS NULL";
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_notebook notebook = {0};
    int64_t now_us = clock_wall_us();
    enum status status = check(history, document_id, origin_id, file, error);
    if (status == STATUS_OK)
        status = notebook_read_now(history, document_id, &memory, &notebook, error);
    if (status == STATUS_OK)
        status = place_set(history, origin_id, file, now_us, error);
    if (status == STATUS_OK)
        status = sql_run(&history->sql, error, origin_text, "ii", document_id, origin_id);
    if (status == STATUS_OK)
        status = adopt(history, origin_id, &notebook, error);
    if (status == STATUS_OK)
        status = branch(history, document_id, origin_id, &notebook, now_us, error);
    history_memory_finish(&memory);
    return status;
}

enum status history_join(struct history *history, int64_t document_id, int64_t origin_id,
    const struct history_file *file, struct error *error) {
    struct sql *sql = &history->sql;
    enum status status = sql_begin(sql, error);
    if (status == STATUS_OK)
        status = sql_finish(sql, join(history, document_id, origin_id, file, error), error);
    return status;
}
