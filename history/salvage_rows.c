#include "history/salvage_rows.h"
#include "history/salvage_pages.h"

#include <string.h>

/*
 * Tables tell themselves apart by the types of their columns: lower case as it is, upper case may
 * be null. Columns that came with later formats may be missing.
 */
struct shape {
    const char *types;
    size_t least; /* columns */
    bool in_table;
    const char *insert;
};

static const struct shape shapes[] = {
    {"nTbiI", 4, true, "INSERT OR IGNORE INTO documents VALUES (?,?,?,?,?)"},
    {"nitiIIII", 8, true, "INSERT OR IGNORE INTO places VALUES (?,?,?,?,?,?,?,?)"},
    {"nbiB", 4, true, "INSERT OR IGNORE INTO extras VALUES (?,?,?,?)"},
    {"niii", 4, true, "INSERT OR IGNORE INTO version_extras VALUES (?,?,?,?)"},
    {"nii", 3, true, "INSERT OR IGNORE INTO version_origins VALUES (?,?,?)"},
    {"ntiTiitiIII", 9, true, "INSERT OR IGNORE INTO sessions VALUES (?,?,?,?,?,?,?,?,?,?,?)"},
    {"nitTiiIi", 7, true,
        "INSERT OR IGNORE INTO cells VALUES (?1,?2,?3,?4,?5,?6,?7,coalesce(?8,1))"},
    {"niIIiib", 7, true, "INSERT OR IGNORE INTO versions VALUES (?,?,?,?,?,?,?)"},
    {"niIIiiiib", 9, true, "INSERT OR IGNORE INTO hint_versions_2 VALUES (?,?,?,?,?,?,?,?,?)"},
    {"niiiiii", 6, true,
        "INSERT OR IGNORE INTO moves VALUES (?1,?2,?3,?4,?5,?6,coalesce(?7,max(?3,?4)))"},
    {"nib", 3, true, "INSERT OR IGNORE INTO layouts VALUES (?,?,?)"},
    {"niiiIiiItiTITT", 11, true, "INSERT OR IGNORE INTO runs VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
    {"niiiiiiiTTT", 11, true, "INSERT OR IGNORE INTO outputs VALUES (?,?,?,?,?,?,?,?,?,?,?)"},
    {"niitTiiiB", 9, true, "INSERT OR IGNORE INTO output_parts VALUES (?,?,?,?,?,?,?,?,?)"},
    {"ti", 2, true, "INSERT INTO hint_sequences VALUES (?,?)"},
    /* of tables without row ids */
    {"iiti", 4, false, "INSERT OR IGNORE INTO marks VALUES (?,?,?,?)"},
    {"tii", 3, false, "INSERT OR IGNORE INTO clients VALUES (?,?,?)"},
    {"tit", 3, false, "INSERT OR IGNORE INTO settings VALUES (?,?,?)"},
    {"iiii", 4, false, "INSERT OR IGNORE INTO moments VALUES (?,?,?,?)"},
    /* clients of format 3, and of an index: documents by path */
    {"ti", 2, false, "INSERT OR IGNORE INTO hint_texts VALUES (?,?)"},
    /* version_lists; a row that has grown may be there twice */
    {"iib", 3, false,
        "INSERT INTO hint_lists VALUES (?,?,?) ON CONFLICT DO UPDATE SET "
        "entries = excluded.entries WHERE length(excluded.entries) > length(entries)"},
    /* of indexes: versions_of_cell of format 2 (ids of versions are large), cells by key */
    {"iii", 3, false,
        "INSERT OR IGNORE INTO hint_versions SELECT ?3, ?1 WHERE ?3 >= 1 << 32 AND ?1 > 0"},
    {"iti", 3, false, "INSERT OR IGNORE INTO hint_cells VALUES (?3, ?1, ?2)"},
};

enum { SHAPES = sizeof shapes / sizeof *shapes };

struct rescue {
    struct history *made;
    sqlite3_stmt *inserts[SHAPES];
};

static bool fits(const struct shape *shape, const struct salvage_record *record) {
    size_t most = strlen(shape->types);
    if (record->in_table != shape->in_table || record->count < shape->least || record->count > most)
        return false;
    for (size_t i = 0; i < record->count; i++) {
        char want = shape->types[i], is = record->values[i].type;
        bool optional = want >= 'A' && want <= 'Z';
        if (is != (optional ? want - 'A' + 'a' : want) && !(optional && is == 'n'))
            return false;
    }
    return true;
}

static int bind_value(sqlite3_stmt *insert, int at, const struct salvage_value *value) {
    switch (value->type) {
    case 'i':
        return sqlite3_bind_int64(insert, at, value->integer);
    case 't':
        return sqlite3_bind_text64(
            insert, at, (const char *)value->data, value->size, SQLITE_STATIC, SQLITE_UTF8);
    case 'b':
        return sqlite3_bind_blob64(insert, at, value->data, value->size, SQLITE_STATIC);
    default:
        return sqlite3_bind_null(insert, at);
    }
}

static enum status insert_record(
    void *context, const struct salvage_record *record, struct error *error) {
    struct rescue *rescue = context;
    struct sql *sql = &rescue->made->sql;
    for (size_t i = 0; i < SHAPES; i++) {
        if (!fits(&shapes[i], record))
            continue;
        sqlite3_stmt *insert = rescue->inserts[i];
        sqlite3_clear_bindings(insert);
        int code = SQLITE_OK;
        for (size_t at = 0; at < record->count && code == SQLITE_OK; at++)
            code = bind_value(insert, (int)at + 1, &record->values[at]);
        if (code == SQLITE_OK && record->in_table && shapes[i].types[0] == 'n')
            code = sqlite3_bind_int64(insert, 1, record->rowid);
        if (code == SQLITE_OK)
            code = sqlite3_step(insert);
        sqlite3_reset(insert);
        /* a row that breaks a rule of its table is none */
        bool taken = code == SQLITE_DONE || (code & 0xff) == SQLITE_CONSTRAINT;
        return taken ? STATUS_OK : sql_fail(sql, code, error);
    }
    return STATUS_OK;
}

enum status salvage_rows(struct history *made, const char *damaged, struct error *error) {
    struct rescue rescue = {.made = made};
    struct sql *sql = &made->sql;
    enum status status = sql_script(sql,
        "CREATE TEMP TABLE hint_sequences (name TEXT, seq INTEGER);"
        "CREATE TEMP TABLE hint_texts (name TEXT, number INTEGER);"
        "CREATE TEMP TABLE hint_versions (id INTEGER PRIMARY KEY, cell_id INTEGER);"
        "CREATE TEMP TABLE hint_versions_2 (id INTEGER PRIMARY KEY, cell_id INTEGER, parent "
        "INTEGER,"
        "  origin INTEGER, created_us INTEGER, cause INTEGER, hash INTEGER, depth INTEGER,"
        "  text BLOB);"
        "CREATE TEMP TABLE hint_lists (cell_id INTEGER, first_number INTEGER, entries BLOB,"
        "  PRIMARY KEY (cell_id, first_number)) WITHOUT ROWID;"
        "CREATE TEMP TABLE hint_listed (id INTEGER PRIMARY KEY, cell_id INTEGER, hash INTEGER,"
        "  first_number INTEGER);"
        "CREATE TEMP TABLE hint_cells (id INTEGER PRIMARY KEY, document_id INTEGER, key TEXT)",
        error);
    for (size_t i = 0; i < SHAPES && status == STATUS_OK; i++) {
        int code = sqlite3_prepare_v2(sql->db, shapes[i].insert, -1, &rescue.inserts[i], NULL);
        if (code != SQLITE_OK)
            status = sql_fail(sql, code, error);
    }
    if (status == STATUS_OK)
        status = salvage_pages_read(damaged, insert_record, &rescue, error);
    for (size_t i = 0; i < SHAPES; i++)
        sqlite3_finalize(rescue.inserts[i]);
    return status;
}
