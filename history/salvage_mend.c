/* Of the rows that were rescued, one history again. */
#include "history/salvage_rows.h"
#include "history/version_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char lost_text[] =
    "// The text of this version was lost when the history was damaged.\n";

/* ---- what is lost: rows are numbered without gaps and never deleted ---- */

struct numbered {
    const char *table, *name;
};

static enum status tell_gaps(struct check *check, const struct numbered *of, struct error *error) {
    struct sql *sql = &check->history->sql;
    char text[400];
    snprintf(text, sizeof text,
        "SELECT before + 1, id - 1 FROM (SELECT id, lag(id, 1, id >> 32 << 32) OVER (PARTITION BY "
        "id >> 32 ORDER BY id) AS before FROM (SELECT id FROM %s UNION SELECT max(seq) + 1 FROM "
        "hint_sequences WHERE name = '%s')) WHERE id > before + 1",
        of->table, of->table);
    sqlite3_stmt *rows = NULL; /* not from the cache: the text does not stay */
    int code = sqlite3_prepare_v2(sql->db, text, -1, &rows, NULL);
    struct buf ranges = BUF_INIT;
    int64_t count = 0;
    for (int shown = 0; code == SQLITE_OK || code == SQLITE_ROW; shown++) {
        code = sqlite3_step(rows);
        if (code != SQLITE_ROW)
            break;
        int64_t first = sqlite3_column_int64(rows, 0), last = sqlite3_column_int64(rows, 1);
        count += last - first + 1;
        if (shown == 10)
            buf_append_string(&ranges, ", ...");
        if (shown >= 10)
            continue;
        buf_printf(&ranges, "%s%lld", shown ? ", " : "", (long long)version_number(first));
        if (last > first)
            buf_printf(&ranges, " to %lld", (long long)version_number(last));
    }
    sqlite3_finalize(rows);
    if (count)
        check_say(check, HISTORY_DAMAGE, check->options->folder, "", "%lld %s lost: number %s",
            (long long)count, of->name, buf_string(&ranges));
    buf_finish(&ranges);
    return code == SQLITE_DONE ? STATUS_OK : sql_fail(sql, code, error);
}

static enum status tell_losses(struct check *check, struct error *error) {
    static const struct numbered tables[] = {
        {"documents", "documents"},
        {"sessions", "sessions"},
        {"cells", "cells"},
        {"moves", "moves of heads"},
        {"layouts", "layouts"},
        {"runs", "runs"},
        {"outputs", "outputs (their files stay)"},
        {"output_parts", "names of output files (the files stay)"},
        {"places", "places of notebooks"},
        {"extras", "attachments and metadata of cells"},
        {"version_extras", "attachments and metadata of versions"},
        {"version_origins", "origins of versions"},
    };
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof tables / sizeof *tables && status == STATUS_OK; i++)
        status = tell_gaps(check, &tables[i], error);
    return status;
}

/* ---- rows that others refer to ---- */

/* Which versions there were, and of which cells. */
static const char find_versions[] =
    "INSERT OR IGNORE INTO hint_versions SELECT id - back, cell_id FROM versions "
    "  WHERE back > 0 AND back < id & 0xffffffff;"
    "INSERT OR IGNORE INTO hint_versions SELECT id, cell_id FROM hint_listed;"
    "INSERT OR IGNORE INTO hint_versions SELECT (document_id << 32) + head, id FROM cells "
    "  WHERE head > 0;"
    "INSERT OR IGNORE INTO hint_versions SELECT (c.document_id << 32) + m.to_number, c.id "
    "  FROM moves m JOIN cells c ON c.id = m.cell_id WHERE m.to_number > 0;"
    "INSERT OR IGNORE INTO hint_versions SELECT (c.document_id << 32) + m.from_number, c.id "
    "  FROM moves m JOIN cells c ON c.id = m.cell_id WHERE m.from_number > 0;"
    "DELETE FROM hint_versions WHERE id IN (SELECT id FROM versions);"
    /* a number far from all others is a damaged one */
    "DELETE FROM hint_versions WHERE id > 1000 + (SELECT max(coalesce((SELECT max(v.id) "
    "  FROM versions v WHERE v.id >> 32 = hint_versions.id >> 32), 0), coalesce((SELECT "
    "  max(r.version_id) FROM runs r WHERE r.version_id >> 32 = hint_versions.id >> 32), 0)))";

static const char mend_cells[] =
    "INSERT OR IGNORE INTO documents (id, path, uuid, created_us) "
    "  SELECT number, name, randomblob(16), 0 FROM hint_texts WHERE name GLOB '/*';"
    "INSERT OR IGNORE INTO documents (id, path, uuid, created_us) "
    "  SELECT document_id, path, randomblob(16), since_us FROM places WHERE until_us IS NULL;"
    "INSERT OR IGNORE INTO clients SELECT name, number, strftime('%s', 'now') * 1000000 FROM "
    "hint_texts "
    "  WHERE NOT name GLOB '/*';"
    "INSERT OR IGNORE INTO cells (id, document_id, key, head, created_us) "
    "  SELECT id, document_id, key, 0, 0 FROM hint_cells;"
    "INSERT OR IGNORE INTO cells (id, document_id, key, head, created_us) "
    "  SELECT cell_id, id >> 32, 'lost-' || cell_id, 0, min(created_ms) * 1000 FROM versions "
    "  GROUP BY cell_id;"
    "INSERT OR IGNORE INTO cells (id, document_id, key, head, created_us) "
    "  SELECT cell_id, id >> 32, 'lost-' || cell_id, 0, 0 FROM hint_versions GROUP BY cell_id";

/* A number that damage made up names another document than its cell does; where all versions of a
 * cell say so it is the cell that is wrong. */
static const char mend_numbers[] =
    "CREATE TEMP TABLE cell_documents AS SELECT v.cell_id, max(v.id >> 32) AS document_id "
    "  FROM versions v JOIN cells c ON c.id = v.cell_id GROUP BY v.cell_id "
    "  HAVING sum(v.id >> 32 = c.document_id) = 0;"
    "UPDATE OR IGNORE cells SET document_id = (SELECT d.document_id FROM cell_documents d "
    "  WHERE d.cell_id = cells.id) WHERE id IN (SELECT cell_id FROM cell_documents);"
    "DELETE FROM versions WHERE id IN (SELECT v.id FROM versions v JOIN cells c "
    "  ON c.id = v.cell_id WHERE c.document_id != v.id >> 32)";

static const char mend_documents[] =
    "DELETE FROM hint_versions WHERE id IN (SELECT h.id FROM hint_versions h JOIN cells c "
    "  ON c.id = h.cell_id WHERE c.document_id != h.id >> 32);"
    "INSERT OR IGNORE INTO documents (id, uuid, created_us) SELECT d, randomblob(16), 0 FROM ("
    "  SELECT id >> 32 AS d FROM versions UNION SELECT version_id >> 32 FROM runs UNION "
    "  SELECT document_id FROM cells UNION SELECT document_id FROM sessions UNION "
    "  SELECT id >> 32 FROM layouts);"
    "DELETE FROM places WHERE document_id NOT IN (SELECT id FROM documents);"
    "UPDATE documents SET origin_id = NULL WHERE origin_id NOT IN (SELECT id FROM documents);";

/* A run whose version is known by its number alone gets a cell for such ones. */
static const char mend_runs[] =
    "CREATE TEMP TABLE nowhere AS SELECT DISTINCT version_id AS id FROM runs WHERE version_id "
    "  NOT IN (SELECT id FROM versions) AND version_id NOT IN (SELECT id FROM hint_versions);"
    "INSERT OR IGNORE INTO cells (document_id, key, head, created_us) "
    "  SELECT DISTINCT id >> 32, 'lost', 0, 0 FROM nowhere;"
    "INSERT OR IGNORE INTO hint_versions SELECT n.id, c.id FROM nowhere n "
    "  JOIN cells c ON c.document_id = n.id >> 32 AND c.key = 'lost';"
    "INSERT OR IGNORE INTO sessions (id, uuid, document_id, pid, pid_start, host, started_us, "
    "  ended_us) SELECT session_id, 'lost-' || session_id, version_id >> 32, 0, 0, '', "
    "  min(started_us), max(coalesce(ended_us, started_us)) FROM runs GROUP BY session_id;"
    "INSERT INTO hint_sequences SELECT 'runs', max(run_id) FROM outputs;"
    "INSERT INTO hint_sequences SELECT 'runs', max(id) FROM runs;"
    "INSERT INTO hint_sequences SELECT 'sessions', max(id) FROM sessions;"
    "DELETE FROM sqlite_sequence;"
    "INSERT INTO sqlite_sequence SELECT name, max(seq) FROM hint_sequences "
    "  WHERE name IN ('runs', 'sessions') AND seq > 0 GROUP BY name;"
    "DELETE FROM moves WHERE cell_id NOT IN (SELECT id FROM cells);"
    "DELETE FROM outputs WHERE run_id NOT IN (SELECT id FROM runs);"
    "DELETE FROM output_parts WHERE output_id NOT IN (SELECT id FROM outputs)";

#define A_DAY "'[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]'"

/* What damaged numbers refer to, once all else is in its place. */
static const char drop_nonsense[] =
    "UPDATE runs SET day = '' WHERE day NOT GLOB " A_DAY " OR length(day) != 10;"
    /* the time may be damaged as well: most runs are of the day of the one before */
    "UPDATE runs SET day = CASE WHEN started_us BETWEEN 0 AND 253402300799999999 "
    "  THEN strftime('%Y/%m/%d', started_us / 1000000, 'unixepoch', 'localtime') "
    "  ELSE coalesce((SELECT r.day FROM runs r WHERE r.id < runs.id AND r.day GLOB " A_DAY
    "  ORDER BY r.id DESC LIMIT 1), '1970/01/01') END WHERE day = '';"
    "DELETE FROM output_parts WHERE file = '' OR file GLOB '.*' OR file GLOB '*/*' "
    "  OR instr(CAST(file AS BLOB), x'00');"
    /* that its text is right on its parent's shows that the parent is right, and not the cell */
    "UPDATE versions SET cell_id = (SELECT p.cell_id FROM versions p WHERE p.id = "
    "  versions.id - versions.back) WHERE substr(text, 1, 1) >= x'02' AND cell_id != (SELECT "
    "  p.cell_id FROM versions p WHERE p.id = versions.id - versions.back);"
    "UPDATE versions SET back = NULL WHERE substr(text, 1, 1) < x'02' AND back IS NOT NULL AND "
    "  NOT EXISTS (SELECT 1 FROM versions p WHERE p.id = versions.id - versions.back "
    "  AND p.id < versions.id AND p.id >> 32 = versions.id >> 32 "
    "  AND p.cell_id = versions.cell_id);"
    "DELETE FROM moves WHERE EXISTS (SELECT 1 FROM cells c WHERE c.id = moves.cell_id AND ("
    "  (to_number != 0 AND (c.document_id << 32) + to_number NOT IN (SELECT id FROM versions)) OR "
    "  (from_number != 0 AND (c.document_id << 32) + from_number NOT IN "
    "  (SELECT id FROM versions))));"
    "DELETE FROM version_extras WHERE version_id NOT IN (SELECT id FROM versions);"
    "DELETE FROM version_origins WHERE version_id NOT IN (SELECT id FROM versions) "
    "  OR origin NOT IN (SELECT id FROM versions)";

/* ---- texts ---- */

static enum status read_ids(
    struct check *check, const char *text, struct buf *ret_ids, struct error *error) {
    struct sql *sql = &check->history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        int64_t id = sqlite3_column_int64(rows, 0);
        buf_append(ret_ids, &id, sizeof id);
    }
    if (status == STATUS_OK && !buf_ok(ret_ids))
        status = fail_memory(check->history, error);
    return status;
}

static int64_t id_at(const struct buf *ids, size_t at) {
    int64_t id;
    memcpy(&id, ids->data + at, sizeof id);
    return id;
}

static int compare_ids(const void *a, const void *b) {
    int64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* A delta can be whole where the text that it stands on is not, in a place that it does not use:
 * it is stored in full, before that one becomes another. */
static enum status stand_alone(
    struct check *check, int64_t id, const struct buf *text, struct error *error) {
    static const char update_text[] = "UPDATE versions SET text = ?2 WHERE id = ?1";
    struct buf stored = BUF_INIT;
    enum status status = text_encode(
        &check->history->codec, 0, NULL, 0, buf_string(text), text->size, &stored, error);
    if (status == STATUS_OK)
        status =
            sql_run(&check->history->sql, error, update_text, "ib", id, stored.data, stored.size);
    buf_finish(&stored);
    return status;
}

/* Is the text what was recorded? `on_bad`: the one that it stands on is not. */
static enum status check_text(struct check *check, int64_t id, const struct buf *text, bool on_bad,
    bool *ret_good, struct error *error) {
    static const char hash_text[] = "SELECT hash FROM hint_listed WHERE id = ?";
    int64_t hash = 0;
    enum status status = sql_int(&check->history->sql, &hash, error, hash_text, "i", id);
    if (status == STATUS_NOT_FOUND) { /* no list tells */
        *ret_good = !on_bad;
        return STATUS_OK;
    }
    *ret_good = hash == version_list_hash(text_hash(buf_string(text), text->size));
    return status;
}

static enum status find_bad_text(
    struct check *check, int64_t id, struct buf *ret_bad, struct error *error) {
    /* 0: it stands alone */
    static const char base_text[] =
        "SELECT CASE WHEN substr(text, 1, 1) >= x'02' THEN id - coalesce(back, 0) ELSE 0 END "
        "FROM versions WHERE id = ?";
    int64_t base_id = 0;
    struct buf text = BUF_INIT;
    bool good = false;
    enum status status = sql_int(&check->history->sql, &base_id, error, base_text, "i", id);
    bool on_bad = base_id && ret_bad->size &&
                  bsearch(&base_id, ret_bad->data, ret_bad->size / sizeof base_id, sizeof base_id,
                      compare_ids);
    if (status == STATUS_OK)
        status = version_read_text(check->history, id, &text, error);
    if (status == STATUS_OK)
        status = check_text(check, id, &text, on_bad, &good, error);
    else if (status == STATUS_CORRUPT)
        status = STATUS_OK;
    if (status == STATUS_OK && !good) {
        buf_append(ret_bad, &id, sizeof id);
        status = buf_ok(ret_bad) ? STATUS_OK : fail_memory(check->history, error);
    } else if (status == STATUS_OK && on_bad) {
        status = stand_alone(check, id, &text, error);
    }
    buf_finish(&text);
    return status;
}

/* Those that cannot be read, or say something else than was recorded; parents come first. */
static enum status find_bad_texts(
    struct check *check, const struct buf *ids, struct buf *ret_bad, struct error *error) {
    enum status status = STATUS_OK;
    for (size_t at = 0; at < ids->size && status == STATUS_OK; at += sizeof(int64_t))
        status = find_bad_text(check, id_at(ids, at), ret_bad, error);
    return status;
}

static enum status replace_texts(
    struct check *check, const struct buf *bad, const struct buf *gone, struct error *error) {
    static const char update_text[] = "UPDATE versions SET text = ?2 WHERE id = ?1";
    static const char insert_text[] =
        "INSERT INTO versions (id, cell_id, created_ms, cause, text) SELECT ?1, "
        "cell_id, coalesce((SELECT created_ms FROM versions WHERE id < ?1 AND id > ?1 >> 32 << 32 "
        "ORDER BY id DESC LIMIT 1), 0), 13, ?2 FROM hint_versions WHERE id = ?1";
    struct sql *sql = &check->history->sql;
    struct buf stored = BUF_INIT;
    size_t size = sizeof lost_text - 1;
    enum status status =
        text_encode(&check->history->codec, 0, NULL, 0, lost_text, size, &stored, error);
    for (int pass = 0; pass < 2; pass++) {
        const struct buf *ids = pass ? gone : bad;
        for (size_t at = 0; at < ids->size && status == STATUS_OK; at += sizeof(int64_t)) {
            int64_t id = id_at(ids, at);
            status = sql_run(
                sql, error, pass ? insert_text : update_text, "ib", id, stored.data, stored.size);
            char *where = check_name_version(check->history, id);
            if (status == STATUS_OK)
                check_say(check, HISTORY_DAMAGE, where ? where : "a version", "",
                    "its text is lost; its place, its runs and their outputs stay");
            free(where);
        }
    }
    buf_finish(&stored);
    return status;
}

static enum status mend_texts(struct check *check, struct error *error) {
    static const char all_text[] = "SELECT id FROM versions ORDER BY id";
    static const char gone_text[] = "SELECT id FROM hint_versions WHERE id NOT IN "
                                    "(SELECT id FROM versions) ORDER BY id";
    struct buf ids = BUF_INIT, bad = BUF_INIT, gone = BUF_INIT;
    enum status status = read_ids(check, all_text, &ids, error);
    if (status == STATUS_OK)
        status = read_ids(check, gone_text, &gone, error);
    if (status == STATUS_OK)
        status = find_bad_texts(check, &ids, &bad, error);
    if (status == STATUS_OK)
        status = buf_ok(&bad) ? replace_texts(check, &bad, &gone, error)
                              : fail_memory(check->history, error);
    text_cache_finish(&check->history->texts); /* it has bad ones */
    check->health.versions = (int64_t)((ids.size + gone.size) / sizeof(int64_t));
    buf_finish(&ids);
    buf_finish(&bad);
    buf_finish(&gone);
    return status;
}

/* ---- layouts ---- */

static enum status mend_layout(struct check *check, int64_t id, struct error *error) {
    static const char delete_text[] = "DELETE FROM layouts WHERE id = ?";
    static const char cell_text[] =
        "INSERT OR IGNORE INTO cells (id, document_id, key, head, created_us) "
        "VALUES (?1, ?2, 'lost-' || ?1, 0, 0)";
    struct sql *sql = &check->history->sql;
    struct buf cells = BUF_INIT;
    enum status status = layout_read_by_id(check->history, id, &cells, error);
    for (size_t at = 0; at < cells.size && status == STATUS_OK; at += sizeof(int64_t))
        status = sql_run(sql, error, cell_text, "ii", id_at(&cells, at), version_document(id));
    buf_finish(&cells);
    if (status != STATUS_CORRUPT)
        return status;
    check_say(check, HISTORY_DAMAGE, check->options->folder, "",
        "layout %lld of document %lld is lost", (long long)version_number(id),
        (long long)version_document(id));
    return sql_run(sql, error, delete_text, "i", id);
}

static enum status mend_layouts(struct check *check, struct error *error) {
    static const char all_text[] = "SELECT id FROM layouts ORDER BY id DESC";
    struct buf ids = BUF_INIT;
    enum status status = read_ids(check, all_text, &ids, error);
    /* the newest first: later ones stand on earlier ones */
    for (size_t at = 0; at < ids.size && status == STATUS_OK; at += sizeof(int64_t))
        status = mend_layout(check, id_at(&ids, at), error);
    buf_finish(&ids);
    return status;
}

enum status salvage_mend(struct check *check, struct error *error) {
    struct sql *sql = &check->history->sql;
    enum status status = salvage_versions_2(check->history, error);
    if (status == STATUS_OK)
        status = tell_losses(check, error);
    if (status == STATUS_OK)
        status = sql_script(sql, mend_cells, error);
    if (status == STATUS_OK)
        status = sql_script(sql, mend_numbers, error);
    if (status == STATUS_OK)
        status = salvage_lists(check->history, error);
    if (status == STATUS_OK)
        status = sql_script(sql, find_versions, error);
    if (status == STATUS_OK)
        status = sql_script(sql, mend_documents, error);
    if (status == STATUS_OK)
        status = mend_layouts(check, error);
    if (status == STATUS_OK)
        status = sql_script(sql, mend_runs, error);
    if (status == STATUS_OK)
        status = mend_texts(check, error);
    if (status == STATUS_OK)
        status = sql_script(sql, drop_nonsense, error);
    if (status == STATUS_OK)
        status = check_drop_extras(check, error);
    if (status == STATUS_OK)
        status = salvage_make_lists(check->history, error);
    if (status == STATUS_OK)
        status = check_mend_heads(check->history, error);
    return status;
}
