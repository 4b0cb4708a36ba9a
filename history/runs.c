/* The beginning and the end of a run. */
#include "history/run.h"
#include "history/similarity.h"

#include "base/clock.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY_BYTES = 16, MAX_LATE_RUNS = 8 };

struct history_run *run_create(struct history_session *session, struct history *history) {
    struct history_run *run = calloc(1, sizeof *run);
    if (run)
        *run = (struct history_run){
            .history = history,
            .session = session,
            .current = SIZE_MAX,
        };
    return run;
}

void run_destroy(struct history_run **run) {
    struct history_run *gone = *run;
    if (!gone)
        return;
    *run = NULL;
    for (size_t i = 0; i < gone->output_count; i++)
        run_output_finish(&gone->outputs[i]);
    free(gone->outputs);
    buf_finish(&gone->summary);
    free(gone->folder);
    free(gone->key);
    free(gone->defines);
    free(gone->effects);
    free(gone);
}

/* The day of a run's folder, as the person's clock had it. */
static void format_day(int64_t time_us, char ret_day[DAY_BYTES]) {
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm parts = {0};
    localtime_r(&seconds, &parts);
    strftime(ret_day, DAY_BYTES, "%Y/%m/%d", &parts);
}

char *run_folder(const struct history *history, const char *day, int64_t run_id) {
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/outputs/%s/run-%lld", history->folder, day, (long long)run_id);
    return buf_take(&path);
}

static enum status find_cell(struct history_session *session, const struct history_run_start *start,
    int64_t time_us, struct cell *ret_cell, bool *ret_new, struct error *error) {
    /* cells that edits have made */
    static const char language_text[] =
        "UPDATE cells SET language = ?2 WHERE id = ?1 AND language IS NULL";
    const char *key = start->cell_key && *start->cell_key ? start->cell_key : NULL;
    const char *handle = !key ? start->cell_handle : NULL;
    int64_t named = handle ? session_handle_cell(session, handle) : 0;
    enum status status;
    if (key)
        status = cell_find(session->history, session->document_id, key, ret_cell, error);
    else if (named)
        status = cell_get(session->history, named, ret_cell, error);
    else
        status =
            cell_match(session, start->text, start->text_bytes, handle != NULL, ret_cell, error);
    if (status == STATUS_NOT_FOUND && key && session->keys_pass) {
        status = cell_match(session, start->text, start->text_bytes, false, ret_cell, error);
        if (status == STATUS_OK)
            status = cell_rekey(session->history, ret_cell, key, error);
    }
    if (status == STATUS_OK && start->language)
        status = sql_run(
            &session->history->sql, error, language_text, "is", ret_cell->id, start->language);
    if (status != STATUS_NOT_FOUND)
        return status;
    status = cell_add(
        session->history, session->document_id, key, start->language, time_us, ret_cell, error);
    if (status == STATUS_OK)
        *ret_new = true;
    return status;
}

static enum status delete_cells(struct history_session *session,
    const struct history_run_start *start, int64_t time_us, struct error *error) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < start->deleted_cell_count && status == STATUS_OK; i++) {
        struct cell cell;
        status = cell_find(
            session->history, session->document_id, start->deleted_cell_keys[i], &cell, error);
        if (status == STATUS_OK)
            status =
                cell_delete(session->history, &cell, HISTORY_CAUSE_DELETE, time_us, NULL, error);
        else if (status == STATUS_NOT_FOUND)
            status = STATUS_OK;
    }
    return status;
}

static enum status insert_run(struct history_run *run, const struct history_run_start *start,
    int64_t time_us, struct error *error) {
    static const char text[] = "INSERT INTO runs (version_id, session_id, execution_count, "
                               "parent_run_id, status, started_us, day) "
                               "VALUES (?, ?, ?, ?, ?, ?, ?)";
    struct sql *sql = &run->history->sql;
    char day[DAY_BYTES];
    format_day(time_us, day);
    int64_t parent = start->parent_run_id;
    if (parent == 0)
        parent = run->session->program_run_id;
    else if (parent == HISTORY_PARENT_NONE)
        parent = 0;
    enum status status = sql_run(sql, error, text, "iiiziis",
        version_id(run->place.document_id, run->place.version), run->session->id,
        start->execution_count, parent, (int64_t)HISTORY_RUNNING, time_us, day);
    if (status != STATUS_OK)
        return status;
    run->place.run_id = sqlite3_last_insert_rowid(sql->db);
    run->folder = run_folder(run->history, day, run->place.run_id);
    return run->folder ? STATUS_OK : fail_memory(run->history, error);
}

/* Inside the transaction. */
static enum status begin(
    struct history_run *run, const struct history_run_start *start, struct error *error) {
    struct history_session *session = run->session;
    int64_t time_us = start->time_us ? start->time_us : clock_wall_us();
    struct cell cell = {0};
    bool moved = false;
    enum status status = delete_cells(session, start, time_us, error);
    if (status == STATUS_OK)
        status = find_cell(session, start, time_us, &cell, &run->place.new_cell, error);
    if (status == STATUS_OK)
        status = tree_set_text(session->history, &cell,
            &(struct tree_change){.text = start->text,
                .text_bytes = start->text_bytes,
                .cause = HISTORY_CAUSE_RUN,
                .time_us = time_us},
            &run->place.new_version, &moved, error);
    if (status != STATUS_OK)
        return status;
    run->key = strdup(cell.key);
    if (!run->key)
        return fail_memory(run->history, error);
    status = run_read_limits(run, session->document_id, error);
    if (status != STATUS_OK)
        return status;
    run->place.document_id = session->document_id;
    run->place.cell_id = cell.id;
    run->place.cell_key = run->key;
    run->place.version = cell.head;
    return insert_run(run, start, time_us, error);
}

/* Losing a note for want of memory only makes the next search for a cell a little worse. */
static void note_used(struct history_session *session, int64_t cell_id) {
    for (size_t i = 0; i < session->used_count; i++) {
        if (session->used_cells[i] == cell_id)
            return;
    }
    if (session->used_count == session->used_capacity) {
        size_t capacity = session->used_capacity ? session->used_capacity * 2 : 16;
        int64_t *grown = realloc(session->used_cells, capacity * sizeof *grown);
        if (!grown)
            return;
        session->used_cells = grown;
        session->used_capacity = capacity;
    }
    session->used_cells[session->used_count++] = cell_id;
}

enum status history_run_begin(struct history_session *session,
    const struct history_run_start *start, struct history_run **ret_run, struct error *error) {
    struct sql *sql = &session->history->sql;
    enum status status = session_retry(session, error);
    if (status != STATUS_OK)
        return status;
    struct history_run *run = run_create(session, session->history);
    if (!run)
        return fail_memory(session->history, error);
    status = sql_begin(sql, error);
    if (status == STATUS_OK) {
        status = begin(run, start, error);
        status = sql_finish(sql, status, error);
    }
    if (status == STATUS_OK) {
        session->last_run_id = session->program_run_id = run->place.run_id;
        note_used(session, run->place.cell_id);
        if (start->cell_handle)
            session_add_handle(session, start->cell_handle, run->place.cell_id);
        *ret_run = run;
    } else {
        run_destroy(&run);
    }
    return status;
}

struct history_run_place history_run_place(const struct history_run *run) {
    return run->place;
}

enum status run_finish(struct history_run *run, struct error *error) {
    enum status files = run_seal_files(run, error);
    enum status rows = run_save_end(run, files == STATUS_OK ? error : NULL);
    if (rows == STATUS_OK) {
        run_clean_up(run);
        /* what could not be sealed is tried again by recovery: no use in trying it here */
        run->rows_pending = false;
    } else {
        run->rows_pending = true;
    }
    return files == STATUS_OK ? rows : files;
}

enum status history_run_end(struct history_run **run, enum history_run_status run_status,
    int64_t time_us, struct error *error) {
    struct history_run *ending = *run;
    if (!ending)
        return STATUS_OK;
    *run = NULL;
    ending->end_status = run_status;
    ending->end_us = time_us ? time_us : clock_wall_us();
    enum status status = run_finish(ending, error);
    if (ending->rows_pending) {
        ending->next = ending->session->unended;
        ending->session->unended = ending;
    } else {
        run_destroy(&ending);
    }
    return status;
}

/* ---- output after the end ---- */

static enum status reopen(struct history_session *session, int64_t run_id,
    struct history_run **ret_run, struct error *error) {
    static const char day_text[] = "SELECT day FROM runs WHERE id = ? AND session_id = ?";
    static const char last_text[] =
        "SELECT coalesce(max(sequence), 0) FROM outputs WHERE run_id = ?";
    struct sql *sql = &session->history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(sql, &rows, error, day_text, "ii", run_id, session->id);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status == STATUS_OK && !row)
        status = error_set(error, STATUS_NOT_FOUND, "this session has no run %lld in its history",
            (long long)run_id);
    if (status != STATUS_OK)
        return status;
    struct history_run *run = run_create(session, session->history);
    if (run) {
        run->late = true;
        run->place.run_id = run_id;
        run->folder =
            run_folder(session->history, (const char *)sqlite3_column_text(rows, 0), run_id);
    }
    sql_done(rows);
    if (!run || !run->folder)
        status = fail_memory(session->history, error);
    else
        status = sql_int(sql, &run->last_sequence, error, last_text, "i", run_id);
    if (status == STATUS_OK)
        status = run_read_limits(run, session->document_id, error);
    if (status == STATUS_OK)
        *ret_run = run;
    else
        run_destroy(&run);
    return status;
}

/* Too many runs that still write: seal the one that began to do so first. */
static void retire_oldest_late(struct history_session *session) {
    size_t count = 0;
    struct history_run **last = &session->late;
    for (struct history_run **at = &session->late; *at; at = &(*at)->next, count++)
        last = at;
    if (count < MAX_LATE_RUNS)
        return;
    struct history_run *run = *last;
    *last = NULL;
    if (run_finish(run, NULL) == STATUS_OK || !run->rows_pending) {
        run_destroy(&run);
    } else {
        run->next = session->unended;
        session->unended = run;
    }
}

enum status history_late_write(struct history_session *session, int64_t run_id,
    enum history_output_kind stream, const void *data, size_t size, struct error *error) {
    if (!size)
        return STATUS_OK;
    for (struct history_run *run = session->late; run; run = run->next) {
        if (run->place.run_id == run_id)
            return history_run_write(run, stream, data, size, error);
    }
    enum status status = session_retry(session, error);
    struct history_run *run = NULL;
    if (status == STATUS_OK)
        status = reopen(session, run_id, &run, error);
    if (status != STATUS_OK)
        return status;
    retire_oldest_late(session);
    run->next = session->late;
    session->late = run;
    return history_run_write(run, stream, data, size, error);
}
