/* Inputs by session and count, the way that the protocol's history_request asks for them. */
#include "history/run.h"

#include <stdlib.h>
#include <string.h>

/* The text/plain of the run's result. */
static enum status read_result(struct history *history, int64_t run_id,
    struct history_memory *memory, struct history_input *input, struct error *error) {
    struct history_outputs outputs;
    enum status status = history_list_outputs(history, run_id, memory, &outputs, error);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < outputs.count; i++) {
        for (size_t j = 0; j < outputs.items[i].part_count; j++) {
            const struct history_part *part = &outputs.items[i].parts[j];
            if (outputs.items[i].kind != HISTORY_RESULT || strcmp(part->mime, "text/plain") != 0)
                continue;
            struct buf text = BUF_INIT;
            status = history_read_part(history, part, &text, NULL);
            if (status == STATUS_OK) {
                input->output = memory_copy(memory, buf_string(&text), text.size);
                input->output_bytes = text.size;
            }
            buf_finish(&text);
            return STATUS_OK; /* a file that somebody removed does not spoil the list */
        }
    }
    return STATUS_OK;
}

/* Columns id, session_id, execution_count, version_id, started_us. */
static struct history_input read_row(sqlite3_stmt *rows, int64_t *ret_version_id) {
    *ret_version_id = sqlite3_column_int64(rows, 3);
    return (struct history_input){
        .run_id = sqlite3_column_int64(rows, 0),
        .session_id = sqlite3_column_int64(rows, 1),
        .execution_count = sqlite3_column_int64(rows, 2),
        .document_id = version_document(*ret_version_id),
        .version = version_number(*ret_version_id),
        .started_us = sqlite3_column_int64(rows, 4),
    };
}

/* Hashes of texts, to find equal ones: a hash table with free places that are 0. */
struct seen {
    int64_t *slots;
    size_t count, capacity; /* a power of two, or 0 */
};

/* What of the rows is wanted. */
struct filter {
    const char *pattern; /* NULL: all */
    bool unique;
    size_t limit; /* 0: all */
    bool with_output;
    struct seen seen; /* for `unique` */
};

/* Where the hash is, or would be. */
static int64_t *find_slot(const struct seen *seen, int64_t hash) {
    size_t at = (size_t)hash & (seen->capacity - 1);
    while (seen->slots[at] && seen->slots[at] != hash)
        at = (at + 1) & (seen->capacity - 1);
    return &seen->slots[at];
}

static bool grow(struct seen *seen) {
    struct seen grown = {
        .count = seen->count, .capacity = seen->capacity ? seen->capacity * 2 : 64};
    grown.slots = calloc(grown.capacity, sizeof *grown.slots);
    if (!grown.slots)
        return false;
    for (size_t i = 0; i < seen->capacity; i++)
        if (seen->slots[i])
            *find_slot(&grown, seen->slots[i]) = seen->slots[i];
    free(seen->slots);
    *seen = grown;
    return true;
}

/* Is the text new? STATUS_NO_MEMORY: nobody knows. */
static enum status note_text(struct history *history, struct seen *seen, const struct buf *text,
    bool *ret_new, struct error *error) {
    int64_t hash = text_hash(text->data, text->size);
    hash = hash ? hash : 1;
    if (seen->count >= seen->capacity / 2 && !grow(seen))
        return fail_memory(history, error);
    int64_t *slot = find_slot(seen, hash);
    *ret_new = !*slot;
    seen->count += !*slot;
    *slot = hash;
    return STATUS_OK;
}

/* `ret_wanted` stays false for a row that the filter refuses. */
static enum status read_input(struct history *history, struct filter *filter, sqlite3_stmt *rows,
    struct history_memory *memory, struct history_input *ret_input, bool *ret_wanted,
    struct error *error) {
    int64_t id;
    struct history_input input = read_row(rows, &id);
    struct buf text = BUF_INIT;
    enum status status = version_read_text(history, id, &text, error);
    if (status == STATUS_NOT_FOUND)
        status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    bool wanted = status == STATUS_OK &&
                  (!filter->pattern || sqlite3_strglob(filter->pattern, buf_string(&text)) == 0);
    if (wanted && filter->unique)
        status = note_text(history, &filter->seen, &text, &wanted, error);
    if (status == STATUS_OK && wanted) {
        input.text = memory_copy(memory, buf_string(&text), text.size);
        input.text_bytes = text.size;
        if (!input.text)
            status = fail_memory(history, error);
    }
    buf_finish(&text);
    if (status == STATUS_OK && wanted && filter->with_output)
        status = read_result(history, input.run_id, memory, &input, error);
    if (status == STATUS_OK && wanted) {
        *ret_input = input;
        *ret_wanted = true;
    }
    return status;
}

static void reverse(struct history_input *inputs, size_t count) {
    for (size_t i = 0; i < count / 2; i++) {
        struct history_input other = inputs[i];
        inputs[i] = inputs[count - 1 - i];
        inputs[count - 1 - i] = other;
    }
}

/* The rows come newest first, and are handed out oldest first. */
static enum status read_inputs(struct history *history, struct filter *filter, sqlite3_stmt *rows,
    struct history_memory *memory, struct history_inputs *ret_inputs, struct error *error) {
    struct sql *sql = &history->sql;
    struct memory_rows list = {0};
    size_t count = 0;
    enum status status = STATUS_OK;
    while (sql_row(sql, rows, &status, error)) {
        struct history_input input;
        bool wanted = false;
        status = read_input(history, filter, rows, memory, &input, &wanted, error);
        if (status == STATUS_OK && wanted) {
            struct history_input *added = memory_rows_add(&list, sizeof *added);
            if (added)
                *added = input;
            count++;
        }
        if (status != STATUS_OK || (filter->limit && count == filter->limit)) {
            sql_done(rows);
            break;
        }
    }
    free(filter->seen.slots);
    if (!list.failed)
        reverse(list.items, count);
    const void *items = NULL;
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_inputs = (struct history_inputs){items, count};
    return status;
}

/* Newest first; the + keeps SQLite from another order that it would have to sort. */
static const char newest_text[] =
    "SELECT id, session_id, execution_count, version_id, started_us FROM runs "
    "WHERE +version_id BETWEEN ? AND ? ORDER BY id DESC";

static enum status read_newest(struct history *history, int64_t document_id, struct filter *filter,
    struct history_memory *memory, struct history_inputs *ret_inputs, struct error *error) {
    sqlite3_stmt *rows = NULL;
    int64_t from = document_id ? version_id(document_id, 0) : 0;
    int64_t to = document_id ? version_id(document_id + 1, 0) - 1 : INT64_MAX;
    enum status status = sql_query(&history->sql, &rows, error, newest_text, "ii", from, to);
    if (status == STATUS_OK)
        status = read_inputs(history, filter, rows, memory, ret_inputs, error);
    return status;
}

enum status history_list_tail(struct history *history, int64_t document_id, size_t n,
    bool with_output, struct history_memory *memory, struct history_inputs *ret_inputs,
    struct error *error) {
    if (n == 0) {
        *ret_inputs = (struct history_inputs){0};
        return STATUS_OK;
    }
    struct filter filter = {.limit = n, .with_output = with_output};
    return read_newest(history, document_id, &filter, memory, ret_inputs, error);
}

enum status history_list_range(struct history *history, int64_t session_id, int64_t start,
    int64_t stop, bool with_output, struct history_memory *memory,
    struct history_inputs *ret_inputs, struct error *error) {
    static const char text[] =
        "SELECT id, session_id, execution_count, version_id, started_us FROM runs "
        "WHERE session_id = ? AND execution_count >= ? AND execution_count < ? "
        "ORDER BY execution_count DESC, id DESC";
    struct filter filter = {.with_output = with_output};
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(&history->sql, &rows, error, text, "iii", session_id, start,
        stop ? stop : (int64_t)INT64_MAX);
    if (status == STATUS_OK)
        status = read_inputs(history, &filter, rows, memory, ret_inputs, error);
    return status;
}

enum status history_search(struct history *history, int64_t document_id, const char *pattern,
    size_t n, bool unique, bool with_output, struct history_memory *memory,
    struct history_inputs *ret_inputs, struct error *error) {
    struct filter filter = {
        .pattern = pattern, .unique = unique, .limit = n, .with_output = with_output};
    return read_newest(history, document_id, &filter, memory, ret_inputs, error);
}
