#include "history/similarity.h"

#include <stdlib.h>
#include <string.h>

static bool in_word(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c >= 0x80;
}

static int compare_hashes(const void *a, const void *b) {
    uint32_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

void tokens_read(struct tokens *tokens, const char *text, size_t size) {
    buf_clear(&tokens->hashes);
    size_t at = 0, count = 0;
    while (at < size && count < TOKENS_MAX) {
        unsigned char c = (unsigned char)text[at];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            at++;
            continue;
        }
        uint32_t hash = 2166136261u; /* FNV-1a */
        bool word = in_word(c);
        do {
            hash = (hash ^ (unsigned char)text[at]) * 16777619u;
            at++;
        } while (word && at < size && in_word((unsigned char)text[at]));
        buf_append(&tokens->hashes, &hash, sizeof hash);
        count++;
    }
    if (buf_ok(&tokens->hashes) && count)
        qsort(tokens->hashes.data, count, sizeof(uint32_t), compare_hashes);
}

void tokens_finish(struct tokens *tokens) {
    buf_finish(&tokens->hashes);
}

size_t tokens_count(const struct tokens *tokens) {
    return tokens->hashes.size / sizeof(uint32_t);
}

double tokens_likeness(const struct tokens *a, const struct tokens *b) {
    size_t a_count = tokens_count(a), b_count = tokens_count(b);
    if (a_count + b_count == 0)
        return 1;
    size_t i = 0, j = 0, common = 0;
    while (i < a_count && j < b_count) {
        int order = compare_hashes(
            a->hashes.data + i * sizeof(uint32_t), b->hashes.data + j * sizeof(uint32_t));
        common += order == 0;
        i += order <= 0;
        j += order >= 0;
    }
    return 2.0 * (double)common / (double)(a_count + b_count);
}

static bool was_used(const struct history_session *session, int64_t cell_id) {
    for (size_t i = 0; i < session->used_count; i++) {
        if (session->used_cells[i] == cell_id)
            return true;
    }
    return false;
}

/* The columns that both queries begin with. */
static struct cell read_cell(const struct history_session *session, sqlite3_stmt *rows) {
    struct cell cell = {
        .id = sqlite3_column_int64(rows, 0),
        .document_id = session->document_id,
        .head = sqlite3_column_int64(rows, 2),
        .deleted = sqlite3_column_int(rows, 3) != 0,
    };
    const char *key = (const char *)sqlite3_column_text(rows, 1);
    cell_key_copy(&cell, key ? key : "");
    return cell;
}

/* Cells that have or had exactly this text. (64 bits of hash decide: at worst a version lands in
 * the wrong cell.) */
static enum status match_exactly(struct history_session *session, const char *text, size_t size,
    struct cell *ret_cell, struct error *error) {
    static const char query[] =
        "SELECT c.id, c.key, c.head, c.deleted_us IS NOT NULL, v.id & 0xffffffff FROM cells c "
        "JOIN versions v ON v.cell_id = c.id AND v.hash = ?2 WHERE c.document_id = ?1 "
        "ORDER BY v.id DESC";
    struct sql *sql = &session->history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status =
        sql_query(sql, &rows, error, query, "ii", session->document_id, text_hash(text, size));
    bool row = status == STATUS_OK;
    int best_rank = -1;
    struct cell best = {0};
    while (status == STATUS_OK && row) {
        status = sql_next(sql, rows, &row, error);
        if (status != STATUS_OK || !row)
            break;
        struct cell cell = read_cell(session, rows);
        bool is_head = sqlite3_column_int64(rows, 4) == cell.head;
        int rank = is_head * 2 + !was_used(session, cell.id);
        if (rank > best_rank) {
            best_rank = rank;
            best = cell;
        }
    }
    if (status == STATUS_OK && best_rank < 0)
        return STATUS_NOT_FOUND;
    if (status == STATUS_OK)
        *ret_cell = best;
    return status;
}

enum { MAX_CANDIDATES = 500, FEW_TOKENS = 12 };

static enum status list_candidates(struct history_session *session, struct cell **ret_cells,
    size_t *ret_count, struct error *error) {
    static const char query[] = "SELECT id, key, head, 0 FROM cells WHERE document_id = ? "
                                "AND deleted_us IS NULL AND head <> 0 ORDER BY head DESC LIMIT ?";
    struct sql *sql = &session->history->sql;
    struct cell *cells = calloc(MAX_CANDIDATES, sizeof *cells);
    if (!cells)
        return fail_memory(session->history, error);
    sqlite3_stmt *rows = NULL;
    size_t count = 0;
    enum status status =
        sql_query(sql, &rows, error, query, "ii", session->document_id, (int64_t)MAX_CANDIDATES);
    bool row = status == STATUS_OK;
    while (status == STATUS_OK && row) {
        status = sql_next(sql, rows, &row, error);
        if (status == STATUS_OK && row)
            cells[count++] = read_cell(session, rows);
    }
    if (status == STATUS_OK) {
        *ret_cells = cells;
        *ret_count = count;
    } else {
        free(cells);
    }
    return status;
}

static enum status match_alike(struct history_session *session, const char *text, size_t size,
    struct cell *ret_cell, struct error *error) {
    struct cell *cells = NULL;
    size_t count = 0;
    enum status status = list_candidates(session, &cells, &count, error);
    struct tokens wanted = {0}, other = {0};
    tokens_read(&wanted, text, size);
    struct buf head = BUF_INIT;
    double best = 0;
    const struct cell *found = NULL;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        bool used = was_used(session, cells[i].id);
        if (used && tokens_count(&wanted) < FEW_TOKENS)
            continue;
        buf_clear(&head);
        status = version_read_text(
            session->history, version_id(session->document_id, cells[i].head), &head, error);
        if (status == STATUS_NOT_FOUND)
            status = sql_fail(&session->history->sql, SQLITE_CORRUPT, error);
        tokens_read(&other, buf_string(&head), head.size);
        double likeness = tokens_likeness(&wanted, &other);
        if (likeness >= (used ? 0.8 : 0.5) && likeness > best) {
            best = likeness;
            found = &cells[i];
        }
    }
    if (status == STATUS_OK && found)
        *ret_cell = *found;
    else if (status == STATUS_OK)
        status = STATUS_NOT_FOUND;
    buf_finish(&head);
    tokens_finish(&wanted);
    tokens_finish(&other);
    free(cells);
    return status;
}

enum status cell_match(struct history_session *session, const char *text, size_t size,
    struct cell *ret_cell, struct error *error) {
    enum status status = match_exactly(session, text, size, ret_cell, error);
    if (status == STATUS_NOT_FOUND)
        status = match_alike(session, text, size, ret_cell, error);
    return status;
}
