/* The log of a document in pages, newest first. */
#include "history/changes.h"
#include "history/store.h"

#include <stdlib.h>

/* One kind of events, newest first: as many as the page could want. */
struct stream {
    struct memory_rows rows; /* struct history_event; those of moves with `after` beside them */
    struct memory_rows after;
    size_t at;
};

static const struct history_event *head(const struct stream *stream) {
    const struct history_event *items = stream->rows.items;
    return stream->at < stream->rows.bytes / sizeof *items ? &items[stream->at] : NULL;
}

/* Columns: id, key, from, to, time, cause, and of moves the document's last version then; of runs
 * status, count, end. */
static enum status read_stream(struct history *history, sqlite3_stmt *rows,
    enum history_event_kind kind, struct history_memory *memory, struct stream *stream,
    struct error *error) {
    enum status status = STATUS_OK;
    while (sql_row(&history->sql, rows, &status, error)) {
        struct history_event *event = memory_rows_add(&stream->rows, sizeof *event);
        int64_t *after = memory_rows_add(&stream->after, sizeof *after);
        const char *key = memory_column(memory, rows, 1);
        if (!event || !after || !key) {
            sql_done(rows);
            return fail_memory(history, error);
        }
        *event = (struct history_event){
            .kind = kind,
            .id = sqlite3_column_int64(rows, 0),
            .cell_key = key,
            .from = sqlite3_column_int64(rows, 2),
            .to = sqlite3_column_int64(rows, 3),
            .time_us = sqlite3_column_int64(rows, 4),
            .cause = (enum history_cause)sqlite3_column_int(rows, 5),
            .summary = "",
        };
        if (kind == HISTORY_EVENT_MOVE)
            *after = sqlite3_column_int64(rows, 6);
        if (kind == HISTORY_EVENT_RUN) {
            event->run_status = (enum history_run_status)sqlite3_column_int(rows, 6);
            event->execution_count = sqlite3_column_int64(rows, 7);
            event->ended_us = sqlite3_column_int64(rows, 8);
        }
    }
    return status;
}

struct streams {
    struct stream versions, moves, runs;
};

/* What runs did to heads is said by the runs. HISTORY_CAUSE_RUN */
static enum status read_streams(struct history *history, int64_t document_id,
    const struct history_event_place *place, int64_t limit, struct history_memory *memory,
    struct streams *streams, struct error *error) {
    static const char version_text[] =
        "SELECT v.id, c.key, coalesce((v.id & 0xffffffff) - v.back, 0), v.id & 0xffffffff, "
        "v.created_ms * 1000, v.cause FROM versions v CROSS JOIN cells c ON c.id = v.cell_id "
        "WHERE v.id >= ?1 << 32 AND v.id < ?2 AND v.cause <> 1 ORDER BY v.id DESC LIMIT ?3";
    static const char move_text[] =
        "SELECT m.id, c.key, m.from_number, m.to_number, m.time_us, m.cause, m.after_number "
        "FROM cells c CROSS JOIN moves m ON m.cell_id = c.id WHERE c.document_id = ?1 "
        "AND m.id < ?2 AND m.cause <> 1 ORDER BY m.id DESC LIMIT ?3";
    static const char run_text[] =
        "SELECT r.id, c.key, r.version_id & 0xffffffff, r.version_id & 0xffffffff, r.started_us, "
        "1, r.status, r.execution_count, r.ended_us FROM (SELECT id FROM runs WHERE version_id "
        "BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 AND id < ?2 ORDER BY id DESC LIMIT ?3) t "
        "CROSS JOIN runs r ON r.id = t.id CROSS JOIN versions v ON v.id = r.version_id "
        "CROSS JOIN cells c ON c.id = v.cell_id ORDER BY r.id DESC";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    int64_t version = place->version ? place->version : version_id(document_id + 1, 0);
    int64_t move = place->move ? place->move : INT64_MAX;
    int64_t run = place->run ? place->run : INT64_MAX;
    enum status status =
        sql_query(sql, &rows, error, version_text, "iii", document_id, version, limit);
    if (status == STATUS_OK)
        status =
            read_stream(history, rows, HISTORY_EVENT_VERSION, memory, &streams->versions, error);
    if (status == STATUS_OK)
        status = sql_query(sql, &rows, error, move_text, "iii", document_id, move, limit);
    if (status == STATUS_OK)
        status = read_stream(history, rows, HISTORY_EVENT_MOVE, memory, &streams->moves, error);
    if (status == STATUS_OK)
        status = sql_query(sql, &rows, error, run_text, "iii", document_id, run, limit);
    if (status == STATUS_OK)
        status = read_stream(history, rows, HISTORY_EVENT_RUN, memory, &streams->runs, error);
    return status;
}

/* The stream with the newest event. Versions and moves are in one recorded order; runs come after
   the making of what they run, and otherwise by their time. NULL: that was all. */
static struct stream *newest(struct streams *streams) {
    const struct history_event *version = head(&streams->versions), *move = head(&streams->moves);
    const struct history_event *run = head(&streams->runs);
    const int64_t *after = streams->moves.after.items;
    struct stream *newer = version ? &streams->versions : NULL;
    int64_t last_version = version ? version->to - 1 : 0; /* before it happened */
    if (move && (!version || after[streams->moves.at] >= version->to)) {
        newer = &streams->moves;
        last_version = after[streams->moves.at];
    }
    if (run && (!newer || run->to > last_version || run->time_us >= head(newer)->time_us))
        newer = &streams->runs;
    return newer;
}

static enum status summarize(struct history *history, int64_t document_id,
    struct history_event *event, struct history_memory *memory, struct error *error) {
    struct buf text = BUF_INIT, summary = BUF_INIT;
    int64_t number = event->to ? event->to : event->from;
    enum status status = version_read_text(history, version_id(document_id, number), &text, error);
    if (status == STATUS_NOT_FOUND) /* a damaged store: the log goes on */
        status = STATUS_OK;
    if (status == STATUS_OK) {
        telling_append(&summary, buf_string(&text), text.size);
        event->summary = memory_copy(memory, buf_string(&summary), summary.size);
        if (!event->summary)
            status = fail_memory(history, error);
    }
    buf_finish(&text);
    buf_finish(&summary);
    return status;
}

static enum status merge(struct history *history, int64_t document_id, struct streams *streams,
    struct history_event_place *place, size_t limit, struct history_memory *memory,
    struct memory_rows *events, struct error *error) {
    enum status status = STATUS_OK;
    struct stream *stream;
    for (size_t i = 0; i < limit && status == STATUS_OK && (stream = newest(streams)); i++) {
        struct history_event *event = memory_rows_add(events, sizeof *event);
        if (!event)
            return fail_memory(history, error);
        *event = *head(stream);
        stream->at++;
        if (event->kind == HISTORY_EVENT_VERSION)
            place->version = event->id;
        else if (event->kind == HISTORY_EVENT_MOVE)
            place->move = event->id;
        else
            place->run = event->id;
        status = summarize(history, document_id, event, memory, error);
    }
    return status;
}

static void streams_finish(struct streams *streams) {
    struct stream *all[] = {&streams->versions, &streams->moves, &streams->runs};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]->rows.items);
        free(all[i]->after.items);
    }
}

enum status history_read_events(struct history *history, int64_t document_id,
    struct history_event_place *place, size_t limit, struct history_memory *memory,
    struct history_events *ret_events, struct error *error) {
    struct streams streams = {0};
    struct memory_rows list = {0};
    struct history_event_place next = *place;
    const void *items = NULL;
    enum status status = sql_begin_reading(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    status = read_streams(history, document_id, place, (int64_t)limit, memory, &streams, error);
    if (status == STATUS_OK)
        status = merge(history, document_id, &streams, &next, limit, memory, &list, error);
    sql_end_reading(&history->sql);
    streams_finish(&streams);
    size_t count = list.bytes / sizeof(struct history_event);
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status != STATUS_OK)
        return status;
    *ret_events = (struct history_events){items, count};
    *place = next;
    return STATUS_OK;
}

enum status history_list_work(struct history *history, int64_t document_id, size_t limit,
    struct history_memory *memory, struct history_works *ret_works, struct error *error) {
    static const char text[] = "SELECT id, started_us, coalesce(ended_us, 0) FROM sessions "
                               "WHERE document_id = ? ORDER BY id DESC LIMIT ?";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    struct memory_rows list = {0};
    const void *items = NULL;
    enum status status = sql_query(sql, &rows, error, text, "ii", document_id, (int64_t)limit);
    while (sql_row(sql, rows, &status, error)) {
        struct history_work *work = memory_rows_add(&list, sizeof *work);
        if (work)
            *work = (struct history_work){
                .session_id = sqlite3_column_int64(rows, 0),
                .started_us = sqlite3_column_int64(rows, 1),
                .ended_us = sqlite3_column_int64(rows, 2),
            };
    }
    size_t count = list.bytes / sizeof(struct history_work);
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_works = (struct history_works){items, count};
    return status;
}
