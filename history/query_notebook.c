/* The notebook as it was at a time. */
#include "history/version_list.h"

#include <stdlib.h>
#include <string.h>

/* One cell, while it is looked for in time. */
struct candidate {
    int64_t cell_id;
    int64_t head; /* at that time; 0: was not there */
    size_t place; /* in the layout */
};

struct at {
    struct history *history;
    int64_t document_id;
    int64_t time_us;
    struct id_place *places; /* by id */
    size_t place_count;
};

struct id_place {
    int64_t id;
    size_t place;
};

static int compare_ids(const void *a, const void *b) {
    int64_t x = ((const struct id_place *)a)->id, y = ((const struct id_place *)b)->id;
    return (x > y) - (x < y);
}

static int compare_places(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    if (x->place != y->place)
        return x->place > y->place ? 1 : -1;
    return (x->cell_id > y->cell_id) - (x->cell_id < y->cell_id);
}

static enum status read_places(struct at *at, struct error *error) {
    struct buf ids = BUF_INIT;
    enum status status = layout_read(at->history, at->document_id, at->time_us, &ids, error);
    size_t count = ids.size / sizeof(int64_t);
    struct id_place *places = calloc(count + 1, sizeof *places);
    for (size_t i = 0; i < count && places; i++) {
        memcpy(&places[i].id, ids.data + i * sizeof(int64_t), sizeof(int64_t));
        places[i].place = i;
    }
    buf_finish(&ids);
    if (status == STATUS_OK && !places)
        status = fail_memory(at->history, error);
    if (places)
        qsort(places, count, sizeof *places, compare_ids);
    at->places = places;
    at->place_count = places ? count : 0;
    return status;
}

/* Cells that the layout has not come after the others. */
static size_t find_place(const struct at *at, int64_t cell_id) {
    struct id_place wanted = {.id = cell_id};
    const struct id_place *found =
        at->places ? bsearch(&wanted, at->places, at->place_count, sizeof wanted, compare_ids)
                   : NULL;
    return found ? found->place : SIZE_MAX;
}

/* The newest version made until then; 0: none. */
static enum status find_made(
    const struct at *at, int64_t cell_id, int64_t *ret_number, struct error *error) {
    static const char text[] = "SELECT created_ms FROM versions WHERE id = ?";
    struct version_list list = {0};
    enum status status = version_list_read(at->history, cell_id, &list, error);
    int64_t found = 0;
    for (size_t i = list.count; i-- > 0 && status == STATUS_OK && !found;) {
        int64_t number = list.items[i].number, made_ms = 0;
        status = sql_int(
            &at->history->sql, &made_ms, error, text, "i", version_id(at->document_id, number));
        if (status == STATUS_OK && made_ms <= at->time_us / 1000)
            found = number;
    }
    version_list_finish(&list);
    if (status == STATUS_NOT_FOUND)
        status = sql_fail(&at->history->sql, SQLITE_CORRUPT, error);
    if (status == STATUS_OK)
        *ret_number = found;
    return status;
}

/* The newest change of the cell's head with a time until then. */
static enum status find_head(
    const struct at *at, int64_t cell_id, int64_t *ret_head, struct error *error) {
    static const char move_text[] =
        "SELECT after_number, to_number FROM moves WHERE cell_id = ? AND time_us <= ? "
        "ORDER BY id DESC LIMIT 1";
    struct sql *sql = &at->history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    int64_t made = 0, after = 0, to = 0;
    enum status status = find_made(at, cell_id, &made, error);
    if (status == STATUS_OK)
        status = sql_query(sql, &rows, error, move_text, "ii", cell_id, at->time_us);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status != STATUS_OK)
        return status;
    if (row) {
        after = sqlite3_column_int64(rows, 0);
        to = sqlite3_column_int64(rows, 1);
        sql_done(rows);
    }
    *ret_head = row && after >= made ? to : made;
    return STATUS_OK;
}

static enum status list_candidates(
    const struct at *at, bool now, struct memory_rows *candidates, struct error *error) {
    static const char text[] =
        "SELECT id, head, deleted_us IS NOT NULL FROM cells WHERE document_id = ? AND head <> 0";
    struct sql *sql = &at->history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "i", at->document_id);
    while (sql_row(sql, rows, &status, error)) {
        int64_t id = sqlite3_column_int64(rows, 0);
        int64_t head = sqlite3_column_int(rows, 2) ? 0 : sqlite3_column_int64(rows, 1);
        if (!now)
            status = find_head(at, id, &head, error);
        struct candidate *candidate =
            status == STATUS_OK && head ? memory_rows_add(candidates, sizeof *candidate) : NULL;
        if (candidate)
            *candidate = (struct candidate){id, head, find_place(at, id)};
    }
    if (status == STATUS_OK && candidates->failed)
        status = fail_memory(at->history, error);
    return status;
}

static enum status read_cell(const struct at *at, const struct candidate *candidate,
    struct history_memory *memory, struct history_notebook_cell *ret_cell, struct error *error) {
    static const char text[] =
        "SELECT key, coalesce(language, ''), type, (SELECT max(id) FROM runs "
        "WHERE version_id = ?2 AND started_us <= ?3) FROM cells WHERE id = ?1";
    struct sql *sql = &at->history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    int64_t id = version_id(at->document_id, candidate->head);
    enum status status =
        sql_query(sql, &rows, error, text, "iii", candidate->cell_id, id, at->time_us);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status == STATUS_OK && !row)
        status = sql_fail(sql, SQLITE_CORRUPT, error);
    if (status != STATUS_OK)
        return status;
    *ret_cell = (struct history_notebook_cell){
        .cell_id = candidate->cell_id,
        .key = memory_column(memory, rows, 0),
        .type = (enum history_cell_type)sqlite3_column_int(rows, 2),
        .language = memory_column(memory, rows, 1),
        .version = candidate->head,
        .run_id = sqlite3_column_int64(rows, 3),
    };
    sql_done(rows);
    struct buf whole = BUF_INIT;
    status = version_read_text(at->history, id, &whole, error);
    if (status == STATUS_NOT_FOUND)
        status = sql_fail(sql, SQLITE_CORRUPT, error);
    if (status == STATUS_OK) {
        ret_cell->text = memory_copy(memory, buf_string(&whole), whole.size);
        ret_cell->text_bytes = whole.size;
        if (!ret_cell->key || !ret_cell->language || !ret_cell->text)
            status = fail_memory(at->history, error);
    }
    buf_finish(&whole);
    return status;
}

static enum status read_cells(struct at *at, bool now, struct history_memory *memory,
    struct memory_rows *list, struct error *error) {
    struct memory_rows candidates = {0};
    enum status status = read_places(at, error);
    if (status == STATUS_OK)
        status = list_candidates(at, now, &candidates, error);
    const struct candidate *items = candidates.items;
    size_t count = candidates.bytes / sizeof *items;
    if (status == STATUS_OK && count)
        qsort(candidates.items, count, sizeof *items, compare_places);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct history_notebook_cell *cell = memory_rows_add(list, sizeof *cell);
        status =
            cell ? read_cell(at, &items[i], memory, cell, error) : fail_memory(at->history, error);
    }
    free(candidates.items);
    free(at->places);
    return status;
}

static enum status read_at(struct at *at, bool now, struct history_memory *memory,
    struct history_notebook *ret_notebook, struct error *error) {
    struct memory_rows list = {0};
    enum status status = read_cells(at, now, memory, &list, error);
    size_t count = list.bytes / sizeof(struct history_notebook_cell);
    const void *items = NULL;
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_notebook = (struct history_notebook){items, count};
    return status;
}

enum status notebook_read_now(struct history *history, int64_t document_id,
    struct history_memory *memory, struct history_notebook *ret_notebook, struct error *error) {
    struct at at = {.history = history, .document_id = document_id, .time_us = INT64_MAX};
    return read_at(&at, true, memory, ret_notebook, error);
}

enum status history_read_notebook(struct history *history, int64_t document_id, int64_t time_us,
    struct history_memory *memory, struct history_notebook *ret_notebook, struct error *error) {
    struct at at = {
        .history = history,
        .document_id = document_id,
        .time_us = time_us ? time_us : INT64_MAX,
    };
    enum status status = sql_begin_reading(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    status = read_at(&at, time_us == 0, memory, ret_notebook, error);
    sql_end_reading(&history->sql);
    return status;
}
