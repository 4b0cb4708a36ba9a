#include "history/similarity.h"
#include "history/version_list.h"

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

/* The newest version of the cell with this text; 0: none. */
static enum status find_exactly(struct history *history, const struct cell *cell, const char *text,
    size_t size, uint16_t hash, int64_t *ret_number, struct error *error) {
    struct version_list list = {0};
    int64_t found = 0;
    enum status status = version_list_find(history, cell->id, hash, &list, error);
    for (size_t i = list.count; i-- > 0 && status == STATUS_OK && !found;) {
        bool same = false;
        status = version_has_text(
            history, version_id(cell->document_id, list.items[i].number), text, size, &same, error);
        if (same)
            found = list.items[i].number;
    }
    version_list_finish(&list);
    if (status == STATUS_OK)
        *ret_number = found;
    return status;
}

/* The cell that has or had exactly this text: as its head, not run in this session yet, and newest
 * at best. */
static enum status match_exactly(struct history_session *session, const char *text, size_t size,
    bool without_handle, struct cell *ret_cell, struct error *error) {
    static const char query[] =
        "SELECT id, key, head, deleted_us IS NOT NULL FROM cells WHERE document_id = ? "
        "AND head <> 0";
    struct sql *sql = &session->history->sql;
    sqlite3_stmt *rows = NULL;
    uint16_t hash = version_list_hash(text_hash(text, size));
    enum status status = sql_query(sql, &rows, error, query, "i", session->document_id);
    int best_rank = -1;
    int64_t best_number = 0;
    struct cell best = {0};
    while (sql_row(sql, rows, &status, error)) {
        int64_t number = 0;
        struct cell cell = read_cell(session, rows);
        if (without_handle && session_has_handle(session, cell.id))
            continue;
        status = find_exactly(session->history, &cell, text, size, hash, &number, error);
        if (status != STATUS_OK) {
            sql_done(rows);
            break;
        }
        int rank = (number == cell.head) * 2 + !was_used(session, cell.id);
        if (number && (rank > best_rank || (rank == best_rank && number > best_number))) {
            best_rank = rank;
            best_number = number;
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
    bool without_handle, struct cell *ret_cell, struct error *error) {
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
        if (without_handle && session_has_handle(session, cells[i].id))
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
    bool without_handle, struct cell *ret_cell, struct error *error) {
    enum status status = match_exactly(session, text, size, without_handle, ret_cell, error);
    if (status == STATUS_NOT_FOUND)
        status = match_alike(session, text, size, without_handle, ret_cell, error);
    return status;
}
