#include "history/adopt.h"
#include "base/clock.h"
#include "history/similarity.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const double alike_enough = 0.5;

/* Of many cells that have all changed some are new ones then: a kernel does not wait for more. */
enum { ALIKE_BUDGET_US = 25000 };

/* A cell of the document. */
struct known {
    int64_t id;
    bool deleted, taken;
    size_t order; /* in the newest layout; those that it has not come after */
    int64_t hash;
    struct tokens tokens;
};

struct adopting {
    struct history *history;
    int64_t document_id;
    struct known *known;
    size_t known_count;
};

/* ---- what the document has ---- */

static enum status read_heads(
    struct adopting *adopting, struct buf *ret_numbers, struct error *error) {
    static const char text[] = "SELECT id, head, deleted_us IS NOT NULL FROM cells "
                               "WHERE document_id = ? AND head <> 0 ORDER BY id";
    struct sql *sql = &adopting->history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "i", adopting->document_id);
    while (sql_row(sql, rows, &status, error)) {
        struct known *grown = realloc(adopting->known, (adopting->known_count + 1) * sizeof *grown);
        int64_t number = sqlite3_column_int64(rows, 1);
        if (!grown) {
            sql_done(rows);
            return fail_memory(adopting->history, error);
        }
        adopting->known = grown;
        buf_append(ret_numbers, &number, sizeof number);
        adopting->known[adopting->known_count++] = (struct known){
            .id = sqlite3_column_int64(rows, 0),
            .deleted = sqlite3_column_int(rows, 2) != 0,
            .order = SIZE_MAX,
        };
    }
    return status == STATUS_OK && !buf_ok(ret_numbers) ? fail_memory(adopting->history, error)
                                                       : status;
}

static enum status read_texts(
    struct adopting *adopting, const struct buf *numbers, struct error *error) {
    enum status status = STATUS_OK;
    struct buf head = BUF_INIT;
    for (size_t i = 0; i < adopting->known_count && status == STATUS_OK; i++) {
        int64_t number;
        memcpy(&number, numbers->data + i * sizeof number, sizeof number);
        buf_clear(&head);
        status = version_read_text(
            adopting->history, version_id(adopting->document_id, number), &head, error);
        if (status == STATUS_NOT_FOUND)
            status = sql_fail(&adopting->history->sql, SQLITE_CORRUPT, error);
        adopting->known[i].hash = text_hash(buf_string(&head), head.size);
        tokens_read(&adopting->known[i].tokens, buf_string(&head), head.size);
    }
    buf_finish(&head);
    return status;
}

static int by_order(const void *a, const void *b) {
    const struct known *x = a, *y = b;
    if (x->order != y->order)
        return x->order > y->order ? 1 : -1;
    return (x->id > y->id) - (x->id < y->id);
}

static int compare_id(const void *id, const void *known) {
    int64_t x = *(const int64_t *)id, y = ((const struct known *)known)->id;
    return (x > y) - (x < y);
}

/* Those known come by their ids, and go by their order. */
static enum status read_order(struct adopting *adopting, struct error *error) {
    struct buf ids = BUF_INIT;
    enum status status =
        layout_read(adopting->history, adopting->document_id, INT64_MAX, &ids, error);
    for (size_t at = 0; at < ids.size && status == STATUS_OK && adopting->known_count;
        at += sizeof(int64_t)) {
        int64_t id;
        memcpy(&id, ids.data + at, sizeof id);
        struct known *known = bsearch(
            &id, adopting->known, adopting->known_count, sizeof *adopting->known, compare_id);
        if (known)
            known->order = at;
    }
    buf_finish(&ids);
    if (adopting->known_count)
        qsort(adopting->known, adopting->known_count, sizeof *adopting->known, by_order);
    return status;
}

static enum status read_known(struct adopting *adopting, struct error *error) {
    struct buf numbers = BUF_INIT;
    enum status status = read_heads(adopting, &numbers, error);
    if (status == STATUS_OK)
        status = read_texts(adopting, &numbers, error);
    if (status == STATUS_OK)
        status = read_order(adopting, error);
    buf_finish(&numbers);
    return status;
}

static void adopting_finish(struct adopting *adopting) {
    for (size_t i = 0; i < adopting->known_count; i++)
        tokens_finish(&adopting->known[i].tokens);
    free(adopting->known);
}

/* ---- which is which ---- */

static struct known *find_id(const struct adopting *adopting, int64_t id) {
    for (size_t i = 0; i < adopting->known_count; i++)
        if (adopting->known[i].id == id)
            return &adopting->known[i];
    return NULL;
}

/* The next one behind `from` that shows the text, else the first one. */
static struct known *find_equal(
    const struct adopting *adopting, int64_t hash, const struct known *from, bool deleted) {
    struct known *first = NULL;
    for (size_t i = 0; i < adopting->known_count; i++) {
        struct known *known = &adopting->known[i];
        if (known->taken || known->deleted != deleted || known->hash != hash)
            continue;
        if (!from || known > from)
            return known;
        if (!first)
            first = known;
    }
    return first;
}

/* Texts of such lengths are not more alike than this. */
static double likeness_at_most(const struct tokens *a, const struct tokens *b) {
    size_t x = tokens_count(a), y = tokens_count(b);
    return x + y ? 2.0 * (double)(x < y ? x : y) / (double)(x + y) : 1;
}

static struct known *find_alike(
    const struct adopting *adopting, const struct history_page_cell *cell) {
    struct tokens tokens = {0};
    struct known *best = NULL;
    double best_likeness = 0;
    tokens_read(&tokens, cell->text, cell->text_bytes);
    for (size_t i = 0; i < adopting->known_count; i++) {
        struct known *known = &adopting->known[i];
        double most = known->taken ? 0 : likeness_at_most(&tokens, &known->tokens);
        if (known->taken || known->deleted || most < alike_enough || most <= best_likeness)
            continue;
        double likeness = tokens_likeness(&tokens, &known->tokens);
        if (likeness >= alike_enough && likeness > best_likeness) {
            best = known;
            best_likeness = likeness;
        }
    }
    tokens_finish(&tokens);
    return best;
}

enum pass { EQUAL, ALIKE, DELETED, PASSES };

/* `found` and `again` have an item for each of the cells. */
static void match(const struct adopting *adopting, const struct history_page_cell *cells,
    size_t count, const bool *again, struct known **found) {
    int64_t began_us = clock_monotonic_us();
    for (enum pass pass = EQUAL; pass < PASSES; pass++) {
        const struct known *last = NULL;
        for (size_t i = 0; i < count; i++) {
            if (again[i])
                continue;
            int64_t hash = text_hash(cells[i].text, cells[i].text_bytes);
            if (!found[i] && pass == ALIKE)
                found[i] = clock_monotonic_us() - began_us < ALIKE_BUDGET_US
                               ? find_alike(adopting, &cells[i])
                               : NULL;
            else if (!found[i])
                found[i] = find_equal(adopting, hash, last, pass == DELETED);
            if (found[i]) {
                found[i]->taken = true;
                last = found[i];
            }
        }
    }
}

/* ---- keys ---- */

static enum status rekey(
    struct history *history, int64_t cell_id, const char *key, struct error *error) {
    static const char text[] = "UPDATE cells SET key = ?2 WHERE id = ?1";
    struct cell cell = {0};
    cell_key_copy(&cell, key);
    return sql_run(&history->sql, error, text, "is", cell_id, cell.key);
}

enum status cell_rekey(
    struct history *history, struct cell *cell, const char *key, struct error *error) {
    enum status status = rekey(history, cell->id, key, error);
    if (status == STATUS_OK)
        cell_key_copy(cell, key);
    return status;
}

static int by_key(const void *a, const void *b) {
    const struct history_page_cell *x = *(const struct history_page_cell *const *)a;
    const struct history_page_cell *y = *(const struct history_page_cell *const *)b;
    int order = strcmp(x->key, y->key);
    return order ? order : (x > y) - (x < y);
}

/* Marks each cell whose key one before it has: it is the same cell, with its text of later, or in a
 * file that somebody has put together. False: there is no memory. */
static bool find_again(const struct history_page_cell *cells, size_t count, bool *again) {
    const struct history_page_cell **keyed = calloc(count + 1, sizeof *keyed);
    size_t keyed_count = 0;
    if (!keyed)
        return false;
    for (size_t i = 0; i < count; i++)
        if (cells[i].key)
            keyed[keyed_count++] = &cells[i];
    qsort(keyed, keyed_count, sizeof *keyed, by_key);
    for (size_t i = 1; i < keyed_count; i++)
        again[keyed[i] - cells] = strcmp(keyed[i]->key, keyed[i - 1]->key) == 0;
    free(keyed);
    return true;
}

/* Those whose key is known are what they are. */
static enum status find_keys(struct adopting *adopting, const struct history_page_cell *cells,
    size_t count, struct known **found, bool *told, struct error *error) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct cell cell;
        if (!cells[i].key)
            continue;
        status = cell_find(adopting->history, adopting->document_id, cells[i].key, &cell, error);
        if (status == STATUS_OK) {
            told[i] = true;
            found[i] = find_id(adopting, cell.id);
            if (found[i])
                found[i]->taken = true;
        } else if (status == STATUS_NOT_FOUND) {
            status = STATUS_OK;
        }
    }
    return status;
}

static enum status name_key(struct adopting *adopting, const struct history_page_cell *cell,
    const struct known *known, struct history_memory *memory, const char **ret_key,
    struct error *error) {
    char made[3 + 12 + 1] = "fk-";
    unsigned char bytes[6];
    if (!cell->key && known)
        return history_cell_key(adopting->history, known->id, memory, ret_key, error);
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(made + 3, sizeof made - 3, bytes, sizeof bytes);
    const char *key = cell->key ? cell->key : made;
    *ret_key = memory_copy(memory, key, strlen(key));
    return *ret_key ? STATUS_OK : fail_memory(adopting->history, error);
}

enum status cells_adopt(struct history *history, int64_t document_id,
    const struct history_page_cell *cells, size_t count, const struct buf *kept,
    struct history_memory *memory, const char **ret_keys, struct error *error) {
    struct adopting adopting = {.history = history, .document_id = document_id};
    struct known **found = calloc(count + 1, sizeof *found);
    bool *told = calloc(count + 1, sizeof *told);
    bool *again = calloc(count + 1, sizeof *again);
    if (!found || !told || !again || !find_again(cells, count, again)) {
        free(found);
        free(told);
        free(again);
        return fail_memory(history, error);
    }
    enum status status = read_known(&adopting, error);
    for (size_t at = 0; kept && at < kept->size; at += sizeof(int64_t)) {
        int64_t id;
        memcpy(&id, kept->data + at, sizeof id);
        struct known *known = find_id(&adopting, id);
        if (known)
            known->taken = true;
    }
    if (status == STATUS_OK)
        status = find_keys(&adopting, cells, count, found, told, error);
    if (status == STATUS_OK)
        match(&adopting, cells, count, again, found);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (found[i] && cells[i].key && !told[i])
            status = rekey(history, found[i]->id, cells[i].key, error);
        if (status == STATUS_OK && ret_keys)
            status = name_key(&adopting, &cells[i], found[i], memory, &ret_keys[i], error);
    }
    adopting_finish(&adopting);
    free(found);
    free(told);
    free(again);
    return status;
}

/* How many of the keys does the document know? */
static enum status count_known(struct history_session *session,
    const struct history_page_cell *cells, size_t count, size_t *ret_known, struct error *error) {
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        struct cell cell;
        enum status status = cells[i].key ? cell_find(session->history, session->document_id,
                                                cells[i].key, &cell, error)
                                          : STATUS_NOT_FOUND;
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
        known += status == STATUS_OK;
    }
    *ret_known = known;
    return STATUS_OK;
}

enum status history_adopt_cells(struct history_session *session,
    const struct history_page_cell *cells, size_t count, bool hold, struct history_memory *memory,
    const char **ret_keys, struct error *error) {
    struct history *history = session->history;
    size_t known = 0;
    enum status status = hold ? count_known(session, cells, count, &known, error) : STATUS_OK;
    if (status != STATUS_OK || known) /* one that is known tells that all are ids */
        return status;
    status = sql_begin(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    status =
        cells_adopt(history, session->document_id, cells, count, NULL, memory, ret_keys, error);
    status = sql_finish(&history->sql, status, error);
    if (status == STATUS_OK)
        session->keys_pass = !hold;
    return status;
}

/* ---- batches of edits ---- */

/* Cells that the batch does not leave out: those of its last layout. */
static enum status find_kept(struct history_session *session, const struct history_edit *layout,
    struct buf *ret_ids, struct error *error) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < layout->key_count && status == STATUS_OK; i++) {
        struct cell cell;
        status = cell_find(session->history, session->document_id, layout->keys[i], &cell, error);
        if (status == STATUS_OK)
            buf_append(ret_ids, &cell.id, sizeof cell.id);
        else if (status == STATUS_NOT_FOUND)
            status = STATUS_OK;
    }
    return status == STATUS_OK && !buf_ok(ret_ids) ? fail_memory(session->history, error) : status;
}

enum status cells_adopt_batch(
    struct history_session *session, const struct history_edits *edits, struct error *error) {
    struct history_page_cell *cells = calloc(edits->count + 1, sizeof *cells);
    const struct history_edit *layout = NULL;
    struct buf kept = BUF_INIT;
    size_t count = 0;
    if (!cells)
        return fail_memory(session->history, error);
    for (size_t i = 0; i < edits->count; i++) {
        const struct history_edit *edit = &edits->items[i];
        if (edit->kind == HISTORY_EDIT_LAYOUT)
            layout = edit;
        else if (edit->kind == HISTORY_EDIT_TEXT)
            cells[count++] =
                (struct history_page_cell){edit->cell_key, edit->text, edit->text_bytes};
    }
    /* a page tells new cells with a layout: without one these are keys of an earlier page */
    size_t known = 0;
    enum status status = count_known(session, cells, count, &known, error);
    if (status == STATUS_OK && layout)
        status = find_kept(session, layout, &kept, error);
    if (status == STATUS_OK && known < count)
        status = cells_adopt(
            session->history, session->document_id, cells, count, &kept, NULL, NULL, error);
    buf_finish(&kept);
    free(cells);
    return status;
}
