/* Where a cell that is gone stood in the notebook. */
#include "history/store.h"

#include <string.h>

enum { LAYOUTS_BACK = 16 }; /* from its deletion; the one before that has it */

static int64_t id_at(const struct buf *ids, size_t index) {
    int64_t id;
    memcpy(&id, ids->data + index * sizeof id, sizeof id);
    return id;
}

/* Its index; false: it is not there. */
static bool find_id(const struct buf *ids, int64_t cell_id, size_t *ret_index) {
    for (size_t i = 0; i < ids->size / sizeof cell_id; i++)
        if (id_at(ids, i) == cell_id) {
            *ret_index = i;
            return true;
        }
    return false;
}

/* The layout that had the cell last, into `ids`. STATUS_NOT_FOUND without an error text. */
static enum status find_layout(struct history *history, const struct cell *cell, struct buf *ids,
    size_t *ret_index, struct error *error) {
    static const char text[] =
        "SELECT coalesce(max(id), 0) FROM layouts WHERE id BETWEEN ?1 << 32 AND "
        "(?1 + 1 << 32) - 1 AND time_us <= coalesce((SELECT deleted_us FROM cells WHERE id = ?2), "
        "9223372036854775807)";
    int64_t id = 0;
    enum status status =
        sql_int(&history->sql, &id, error, text, "ii", cell->document_id, cell->id);
    for (int i = 0; i < LAYOUTS_BACK && status == STATUS_OK && version_number(id) > 0; i++, id--) {
        buf_finish(ids);
        status = layout_read_by_id(history, id, ids, error);
        if (status == STATUS_OK && find_id(ids, cell->id, ret_index))
            return STATUS_OK;
    }
    return status == STATUS_OK ? STATUS_NOT_FOUND : status;
}

/* Of those before it in its layout, the ones that are still there. */
static enum status find_place(struct history *history, const struct cell *cell,
    struct history_memory *memory, size_t *ret_index, const char **ret_after, struct error *error) {
    static const char there_text[] =
        "SELECT count(*) FROM cells WHERE id = ? AND deleted_us IS NULL AND head <> 0";
    struct buf ids = BUF_INIT;
    size_t index = 0, there = 0;
    int64_t nearest = 0;
    enum status status = find_layout(history, cell, &ids, &index, error);
    for (size_t i = 0; i < index && status == STATUS_OK; i++) {
        int64_t is_there = 0;
        status = sql_int(&history->sql, &is_there, error, there_text, "i", id_at(&ids, i));
        if (is_there) {
            there++;
            nearest = id_at(&ids, i);
        }
    }
    buf_finish(&ids);
    const char *after = "";
    if (status == STATUS_OK && nearest)
        status = history_cell_key(history, nearest, memory, &after, error);
    if (status == STATUS_OK) {
        *ret_index = there;
        *ret_after = after;
    }
    return status;
}

enum status history_cell_place(struct history *history, int64_t document_id, const char *cell_key,
    struct history_memory *memory, size_t *ret_index, const char **ret_after, struct error *error) {
    struct cell cell;
    enum status status = sql_begin_reading(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    status = cell_find(history, document_id, cell_key, &cell, error);
    if (status == STATUS_OK)
        status = find_place(history, &cell, memory, ret_index, ret_after, error);
    sql_end_reading(&history->sql);
    return status == STATUS_NOT_FOUND
               ? error_set(error, status, "no recorded order of the cells has '%s'", cell_key)
               : status;
}
