/* Where notebooks lay, what versions have besides their texts, and where those came from. */
#include "history/check.h"

#include <string.h>

enum status check_places(struct check *check, struct error *error) {
    static const char text[] = "SELECT count(*) FROM documents d WHERE d.path IS NOT NULL AND 1 < ("
                               "SELECT count(*) FROM places p WHERE p.document_id = d.id "
                               "AND p.until_us IS NULL)";
    int64_t count = 0;
    enum status status = sql_int(&check->history->sql, &count, error, text, "");
    if (status == STATUS_OK && count)
        check_say(check, HISTORY_NOTE, "the table of places", "",
            "%lld notebooks are said to lie in several places", (long long)count);
    return check_unreadable(check, status, "the table of places", error);
}

/* The ids of those that say something else than was recorded, int64_t each. */
static enum status list_bad(struct check *check, struct buf *ret_ids, struct error *error) {
    static const char text[] = "SELECT id FROM extras WHERE id > ? ORDER BY id LIMIT 1";
    enum status status = STATUS_OK;
    for (int64_t id = 0, last = 0; status == STATUS_OK; last = id) {
        bool well = false;
        status = sql_int(&check->history->sql, &id, error, text, "i", last);
        if (status == STATUS_NOT_FOUND)
            return buf_ok(ret_ids) ? STATUS_OK : fail_memory(check->history, error);
        if (status == STATUS_OK && id <= last) /* a damaged table leads in circles */
            status = sql_fail(&check->history->sql, SQLITE_CORRUPT, error);
        if (status == STATUS_OK)
            status = extras_check(check->history, id, &well, error);
        if (status == STATUS_OK && !well)
            buf_append(ret_ids, &id, sizeof id);
    }
    return status;
}

enum status check_extras(struct check *check, struct error *error) {
    static const char text[] = "SELECT count(*) FROM version_extras x WHERE NOT EXISTS "
                               "(SELECT 1 FROM versions v WHERE v.id = x.version_id)";
    static const char where[] = "the table of attachments and metadata";
    struct buf ids = BUF_INIT;
    int64_t count = 0;
    enum status status = list_bad(check, &ids, error);
    if (status == STATUS_OK && ids.size) {
        struct buf what = BUF_INIT;
        buf_printf(&what, "%zu of them cannot be read", ids.size / sizeof(int64_t));
        check_say_lost(check, where, buf_string(&what));
        buf_finish(&what);
    }
    buf_finish(&ids);
    if (status == STATUS_OK)
        status = sql_int(&check->history->sql, &count, error, text, "");
    if (status == STATUS_OK && count)
        check_say(check, HISTORY_NOTE, where, "", "%lld of them are of a version that is not there",
            (long long)count);
    return check_unreadable(check, status, where, error);
}

enum status check_origins(struct check *check, struct error *error) {
    static const char text[] = "SELECT count(*) FROM version_origins o WHERE NOT EXISTS "
                               "(SELECT 1 FROM versions v WHERE v.id = o.version_id) OR NOT EXISTS "
                               "(SELECT 1 FROM versions v WHERE v.id = o.origin)";
    static const char where[] = "the table of origins";
    int64_t count = 0;
    enum status status = sql_int(&check->history->sql, &count, error, text, "");
    if (status == STATUS_OK && count)
        check_say(check, HISTORY_NOTE, where, "",
            "%lld of them lead to a version that is not there", (long long)count);
    return check_unreadable(check, status, where, error);
}

enum status check_drop_extras(struct check *check, struct error *error) {
    static const char delete_text[] = "DELETE FROM extras WHERE id = ?";
    static const char orphans_text[] =
        "DELETE FROM version_extras WHERE extras_id NOT IN (SELECT id FROM extras)";
    struct sql *sql = &check->history->sql;
    struct buf ids = BUF_INIT;
    enum status status = list_bad(check, &ids, error);
    for (size_t at = 0; at < ids.size && status == STATUS_OK; at += sizeof(int64_t)) {
        int64_t id;
        memcpy(&id, ids.data + at, sizeof id);
        status = sql_run(sql, error, delete_text, "i", id);
    }
    if (status == STATUS_OK && ids.size)
        check_say(check, HISTORY_DAMAGE, check->options->folder, "",
            "attachments or metadata of %zu cells are lost", ids.size / sizeof(int64_t));
    buf_finish(&ids);
    return status == STATUS_OK ? sql_run(sql, error, orphans_text, "") : status;
}
