/* A cell of one document goes on in another one. */
#include "history/store.h"

enum status cell_branch(struct history *history, const struct cell *from, int64_t document_id,
    int64_t time_us, struct error *error) {
    struct cell to = {0};
    struct buf text = BUF_INIT;
    bool is_new = false, moved = false;
    int64_t head = version_id(from->document_id, from->head);
    enum status status = version_read_text(history, head, &text, error);
    if (status == STATUS_NOT_FOUND)
        status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    if (status == STATUS_OK)
        status = cell_find(history, document_id, from->key, &to, error);
    if (status == STATUS_NOT_FOUND)
        status = cell_add(history, document_id, from->key, NULL, time_us, &to, error);
    bool begins = !to.head;
    struct tree_change change = {
        .text = buf_string(&text),
        .text_bytes = text.size,
        .cause = HISTORY_CAUSE_FILE,
        .origin = head,
        .time_us = time_us,
    };
    if (status == STATUS_OK)
        status = tree_set_text(history, &to, &change, &is_new, &moved, error);
    int64_t now = version_id(document_id, to.head);
    if (status == STATUS_OK && is_new)
        status = origin_record(history, now, head, error);
    if (status == STATUS_OK && !begins) /* its parent's are not what the cell has now */
        status = extras_inherit(history, head, now, time_us, error);
    if (status == STATUS_OK)
        status = cell_set_type(history, &to, from->type, error);
    buf_finish(&text);
    return status;
}
