/*
 * A session without a notebook, such as papermill's: is it the notebook that has its cells? It is
 * when most of its texts, and two at least, are or were texts of one notebook. Nothing is mixed:
 * its document says which one that is.
 */
#include "history/run.h"
#include "history/version_list.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

enum {
    TEXTS_MAX = 500,    /* of the session that are looked for */
    LEAST_SHARED = 2,   /* one line is soon the same */
    BUDGET_US = 100000, /* a large store is looked through as far as this goes, newest first */
};

struct wanted {
    struct buf text;
    uint16_t hash;
    int64_t version_id; /* of the notebook that is looked at, with this hash; 0: none */
    int64_t best_id;    /* the same of the best notebook */
};

struct tracing {
    struct history *history;
    struct wanted *wanted;
    size_t count;
    int64_t best_document;
    size_t best_shared;
};

static enum status read_wanted(struct tracing *tracing, int64_t document_id, struct error *error) {
    static const char text[] = "SELECT head FROM cells WHERE document_id = ? AND head <> 0 "
                               "ORDER BY id LIMIT ?";
    struct sql *sql = &tracing->history->sql;
    int64_t heads[TEXTS_MAX];
    size_t count = 0;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "ii", document_id, (int64_t)TEXTS_MAX);
    while (sql_row(sql, rows, &status, error)) {
        heads[count++] = sqlite3_column_int64(rows, 0);
    }
    tracing->wanted = calloc(count + 1, sizeof *tracing->wanted);
    if (!tracing->wanted)
        return fail_memory(tracing->history, error);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct wanted *wanted = &tracing->wanted[tracing->count++];
        status = version_read_text(
            tracing->history, version_id(document_id, heads[i]), &wanted->text, error);
        wanted->hash = version_list_hash(text_hash(buf_string(&wanted->text), wanted->text.size));
    }
    return status;
}

/* All versions of a cell, a row of version_lists. */
static void look_at_list(struct tracing *tracing, sqlite3_stmt *rows) {
    int64_t document_id = sqlite3_column_int64(rows, 0), number = sqlite3_column_int64(rows, 1);
    const unsigned char *at = sqlite3_column_blob(rows, 2);
    const unsigned char *end = at ? at + sqlite3_column_bytes(rows, 2) : NULL;
    uint16_t hash;
    while (at && version_list_next(&at, end, &number, &hash))
        for (size_t i = 0; i < tracing->count; i++)
            if (tracing->wanted[i].hash == hash)
                tracing->wanted[i].version_id = version_id(document_id, number);
}

static void end_document(struct tracing *tracing, int64_t document_id) {
    size_t shared = 0;
    for (size_t i = 0; i < tracing->count; i++)
        shared += tracing->wanted[i].version_id != 0;
    bool best = shared > tracing->best_shared;
    if (best) {
        tracing->best_shared = shared;
        tracing->best_document = document_id;
    }
    for (size_t i = 0; i < tracing->count; i++) {
        if (best)
            tracing->wanted[i].best_id = tracing->wanted[i].version_id;
        tracing->wanted[i].version_id = 0;
    }
}

static enum status look_at_notebooks(struct tracing *tracing, struct error *error) {
    static const char text[] =
        "SELECT c.document_id, l.first_number, l.entries FROM documents d "
        "CROSS JOIN cells c ON c.document_id = d.id CROSS JOIN version_lists l ON l.cell_id = c.id "
        "WHERE d.path IS NOT NULL OR EXISTS (SELECT 1 FROM places p WHERE p.document_id = d.id) "
        "ORDER BY d.id DESC";
    struct sql *sql = &tracing->history->sql;
    sqlite3_stmt *rows = NULL;
    int64_t document_id = 0, began_us = clock_monotonic_us();
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        if (sqlite3_column_int64(rows, 0) != document_id) {
            end_document(tracing, document_id);
            document_id = sqlite3_column_int64(rows, 0);
            if (clock_monotonic_us() - began_us > BUDGET_US) {
                sql_done(rows);
                break;
            }
        }
        look_at_list(tracing, rows);
    }
    end_document(tracing, document_id);
    return status;
}

/* The hashes are short: are these the texts? */
static enum status count_shared(
    const struct tracing *tracing, size_t *ret_shared, struct error *error) {
    enum status status = STATUS_OK;
    size_t shared = 0;
    for (size_t i = 0; i < tracing->count && status == STATUS_OK; i++) {
        const struct wanted *wanted = &tracing->wanted[i];
        bool same = false;
        if (wanted->best_id)
            status = version_has_text(tracing->history, wanted->best_id, buf_string(&wanted->text),
                wanted->text.size, &same, error);
        shared += same;
    }
    *ret_shared = shared;
    return status;
}

enum status session_trace(struct history_session *session, struct error *error) {
    static const char text[] = "UPDATE documents SET origin_id = ?2 WHERE id = ?1";
    struct tracing tracing = {.history = session->history};
    size_t shared = 0;
    enum status status = read_wanted(&tracing, session->document_id, error);
    if (status == STATUS_OK && tracing.count >= LEAST_SHARED)
        status = look_at_notebooks(&tracing, error);
    if (status == STATUS_OK)
        status = count_shared(&tracing, &shared, error);
    if (status == STATUS_OK && shared >= LEAST_SHARED && shared * 2 > tracing.count)
        status = sql_run(
            &session->history->sql, error, text, "ii", session->document_id, tracing.best_document);
    for (size_t i = 0; i < tracing.count; i++)
        buf_finish(&tracing.wanted[i].text);
    free(tracing.wanted);
    return status;
}
