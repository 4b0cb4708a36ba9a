/* Stores of earlier formats, and asking databases directly, for the tests of history/. */
#ifndef FORKERNEL_TESTS_HISTORY_OLD_STORES_H
#define FORKERNEL_TESTS_HISTORY_OLD_STORES_H

#include "history_fixture.h"

#include <sqlite3.h>

/* As forkernel 0.1.0 made them, to the letter, comments aside. */
static const char schema_1[] =
    "PRAGMA journal_mode = WAL; BEGIN; PRAGMA application_id = 1718579819;"
    "PRAGMA user_version = 1;"
    "CREATE TABLE documents (id INTEGER PRIMARY KEY, path TEXT UNIQUE, uuid BLOB NOT NULL, "
    "  created_us INTEGER NOT NULL);"
    "CREATE TABLE sessions (id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL, "
    "  document_id INTEGER NOT NULL REFERENCES documents, engine TEXT, pid INTEGER NOT NULL, "
    "  pid_start INTEGER NOT NULL, host TEXT NOT NULL, started_us INTEGER NOT NULL, "
    "  ended_us INTEGER);"
    "CREATE INDEX sessions_open ON sessions (id) WHERE ended_us IS NULL;"
    "CREATE TABLE cells (id INTEGER PRIMARY KEY, "
    "  document_id INTEGER NOT NULL REFERENCES documents, key TEXT NOT NULL, language TEXT, "
    "  head INTEGER NOT NULL, created_us INTEGER NOT NULL, deleted_us INTEGER, "
    "  UNIQUE (document_id, key));"
    "CREATE TABLE versions (id INTEGER PRIMARY KEY, "
    "  cell_id INTEGER NOT NULL REFERENCES cells, parent INTEGER, origin INTEGER, "
    "  created_us INTEGER NOT NULL, cause INTEGER NOT NULL, hash INTEGER NOT NULL, "
    "  depth INTEGER NOT NULL, text BLOB NOT NULL);"
    "CREATE INDEX versions_of_cell ON versions (cell_id, hash);"
    "CREATE TABLE moves (id INTEGER PRIMARY KEY, cell_id INTEGER NOT NULL REFERENCES cells, "
    "  from_number INTEGER NOT NULL, to_number INTEGER NOT NULL, time_us INTEGER NOT NULL, "
    "  cause INTEGER NOT NULL);"
    "CREATE INDEX moves_of_cell ON moves (cell_id);"
    "CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, "
    "  version_id INTEGER NOT NULL REFERENCES versions, "
    "  session_id INTEGER NOT NULL REFERENCES sessions, execution_count INTEGER NOT NULL, "
    "  parent_run_id INTEGER, status INTEGER NOT NULL, started_us INTEGER NOT NULL, "
    "  ended_us INTEGER, day TEXT NOT NULL, dropped INTEGER NOT NULL DEFAULT 0, summary TEXT);"
    "CREATE INDEX runs_of_version ON runs (version_id);"
    "CREATE INDEX runs_of_session ON runs (session_id, execution_count);"
    "CREATE TABLE outputs (id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs, "
    "  sequence INTEGER NOT NULL, kind INTEGER NOT NULL, created_us INTEGER NOT NULL, "
    "  sealed INTEGER NOT NULL, complete INTEGER NOT NULL, late INTEGER NOT NULL, "
    "  display_id TEXT, ename TEXT, evalue TEXT, UNIQUE (run_id, sequence));"
    "CREATE TABLE output_parts (id INTEGER PRIMARY KEY, "
    "  output_id INTEGER NOT NULL REFERENCES outputs, position INTEGER NOT NULL, "
    "  mime TEXT NOT NULL, file TEXT, total_bytes INTEGER NOT NULL, "
    "  head_bytes INTEGER NOT NULL, tail_bytes INTEGER NOT NULL, hash BLOB, "
    "  UNIQUE (output_id, position));";

/* A session of three runs, ok, interrupted, error; texts "one" and "two" as zstd frames. */
static const char rows_1[] =
    "INSERT INTO documents VALUES (1, '/notes/a.ipynb', x'00', 1000);"
    "INSERT INTO sessions VALUES (1, 'u', 1, 'c', 1, 1, 'host', 1000, 9000);"
    "INSERT INTO cells VALUES (1, 1, 'a', 'c', 2, 1000, NULL);"
    "INSERT INTO versions VALUES (4294967297, 1, NULL, NULL, 1000, 1, 1, 0, x'20031900006f6e65');"
    "INSERT INTO versions VALUES (4294967298, 1, 1, NULL, 2000, 1, 2, 0, x'200319000074776f');"
    "INSERT INTO runs VALUES (1, 4294967297, 1, 1, NULL, 1, 1000, 1500, '1970/01/01', 0, '');"
    "INSERT INTO runs VALUES (2, 4294967298, 1, 2, 1, 3, 2000, 2500, '1970/01/01', 0, '');"
    "INSERT INTO runs VALUES (3, 4294967298, 1, 3, 2, 2, 3000, 3500, '1970/01/01', 0, '');"
    "COMMIT;";

/* What format 2 had more. */
static const char schema_2[] = "ALTER TABLE runs ADD COLUMN state INTEGER;"
                               "ALTER TABLE runs ADD COLUMN defines TEXT;"
                               "ALTER TABLE runs ADD COLUMN effects TEXT;"
                               "ALTER TABLE sessions ADD COLUMN state_run_id INTEGER;"
                               "ALTER TABLE sessions ADD COLUMN state_after_run_id INTEGER;"
                               "PRAGMA user_version = 2;";

/* As forkernel made them with format 3, to the letter, comments aside. */
static const char schema_3[] =
    "PRAGMA journal_mode = WAL; BEGIN; PRAGMA application_id = 1718579819;"
    "PRAGMA user_version = 3;"
    "CREATE TABLE documents (id INTEGER PRIMARY KEY, path TEXT UNIQUE, uuid BLOB NOT NULL, "
    "  created_us INTEGER NOT NULL);"
    "CREATE TABLE sessions (id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL, "
    "  document_id INTEGER NOT NULL REFERENCES documents, engine TEXT, pid INTEGER NOT NULL, "
    "  pid_start INTEGER NOT NULL, host TEXT NOT NULL, started_us INTEGER NOT NULL, "
    "  ended_us INTEGER, state_run_id INTEGER, state_after_run_id INTEGER);"
    "CREATE INDEX sessions_open ON sessions (id) WHERE ended_us IS NULL;"
    "CREATE TABLE cells (id INTEGER PRIMARY KEY, "
    "  document_id INTEGER NOT NULL REFERENCES documents, key TEXT NOT NULL, language TEXT, "
    "  head INTEGER NOT NULL, created_us INTEGER NOT NULL, deleted_us INTEGER, "
    "  type INTEGER NOT NULL DEFAULT 1, UNIQUE (document_id, key));"
    "CREATE TABLE versions (id INTEGER PRIMARY KEY, "
    "  cell_id INTEGER NOT NULL REFERENCES cells, back INTEGER, origin INTEGER, "
    "  created_ms INTEGER NOT NULL, cause INTEGER NOT NULL, text BLOB NOT NULL);"
    "CREATE TABLE moves (id INTEGER PRIMARY KEY, cell_id INTEGER NOT NULL REFERENCES cells, "
    "  from_number INTEGER NOT NULL, to_number INTEGER NOT NULL, time_us INTEGER NOT NULL, "
    "  cause INTEGER NOT NULL, after_number INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX moves_of_cell ON moves (cell_id);"
    "CREATE TABLE version_lists (cell_id INTEGER NOT NULL, first_number INTEGER NOT NULL, "
    "  entries BLOB NOT NULL, PRIMARY KEY (cell_id, first_number)) WITHOUT ROWID;"
    "CREATE TABLE layouts (id INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, "
    "  cells BLOB NOT NULL);"
    "CREATE TABLE clients (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE marks (subject INTEGER NOT NULL, id INTEGER NOT NULL, label TEXT NOT NULL, "
    "  pinned INTEGER NOT NULL, PRIMARY KEY (subject, id)) WITHOUT ROWID;"
    "CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, "
    "  version_id INTEGER NOT NULL REFERENCES versions, "
    "  session_id INTEGER NOT NULL REFERENCES sessions, execution_count INTEGER NOT NULL, "
    "  parent_run_id INTEGER, status INTEGER NOT NULL, started_us INTEGER NOT NULL, "
    "  ended_us INTEGER, day TEXT NOT NULL, dropped INTEGER NOT NULL DEFAULT 0, summary TEXT, "
    "  state INTEGER, defines TEXT, effects TEXT);"
    "CREATE INDEX runs_of_version ON runs (version_id);"
    "CREATE INDEX runs_of_session ON runs (session_id, execution_count);"
    "CREATE TABLE outputs (id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs, "
    "  sequence INTEGER NOT NULL, kind INTEGER NOT NULL, created_us INTEGER NOT NULL, "
    "  sealed INTEGER NOT NULL, complete INTEGER NOT NULL, late INTEGER NOT NULL, "
    "  display_id TEXT, ename TEXT, evalue TEXT, UNIQUE (run_id, sequence));"
    "CREATE TABLE output_parts (id INTEGER PRIMARY KEY, "
    "  output_id INTEGER NOT NULL REFERENCES outputs, position INTEGER NOT NULL, "
    "  mime TEXT NOT NULL, file TEXT, total_bytes INTEGER NOT NULL, "
    "  head_bytes INTEGER NOT NULL, tail_bytes INTEGER NOT NULL, hash BLOB, "
    "  UNIQUE (output_id, position));";

/* A cell of two versions, "one" and "two", a run that displayed 5,000 times 'x' as text, and a page
 * of a front end that has sent eight batches. */
static const char rows_3[] =
    "INSERT INTO documents VALUES (1, '/notes/a.ipynb', x'00', 1000);"
    "INSERT INTO sessions VALUES (1, 'u', 1, 'c', 1, 1, 'host', 1000, 9000, NULL, NULL);"
    "INSERT INTO cells VALUES (1, 1, 'a', 'c', 2, 1000, NULL, 1);"
    "INSERT INTO versions VALUES (4294967297, 1, NULL, NULL, 1, 1, x'0020031900006f6e65');"
    "INSERT INTO versions VALUES (4294967298, 1, 1, NULL, 2, 1, x'00200319000074776f');"
    "INSERT INTO version_lists VALUES (1, 1, x'00c88d01d681');"
    "INSERT INTO clients VALUES ('page', 8);"
    "INSERT INTO marks VALUES (1, 4294967297, 'first', 0);"
    "INSERT INTO runs VALUES (1, 4294967298, 1, 1, NULL, 1, 2000, 2500, '1970/01/01', 0, 'x', 2, "
    "  NULL, NULL);"
    "INSERT INTO outputs VALUES (1, 1, 1, 3, 2100, 1, 1, 0, NULL, NULL, NULL);"
    "INSERT INTO output_parts VALUES (1, 1, 0, 'text/plain', '0001-display.txt', 5000, 5000, 0, "
    "  x'75d0878b8974254f2150d1f569930205');"
    "COMMIT;";

/*
 * A store of format 2 with a full text every third version. By seconds: 1 cell a is run, 2 cell b,
 * 3 and 4 edits of a, 5 a is restored to its first text, 6 another edit, 7 cell c is run and b
 * deleted, 8 a text of second 3 is run again.
 */
#define SECOND(n) "170000000" #n "000000"
static const char rows_2[] = "INSERT INTO documents VALUES (1, '/notes/a.ipynb', x'00', " SECOND(
    0) ");"
       "INSERT INTO sessions VALUES (1, 'u', 1, 'c', 1, 1, 'host', " SECOND(0) ", " SECOND(
           9) ", NULL, NULL);"
              "INSERT INTO cells VALUES (1, 1, 'a', 'c', 3, " SECOND(
                  1) ", NULL);"
                     "INSERT INTO cells VALUES (2, 1, 'b', 'c', 2, " SECOND(2) ", " SECOND(
                         7) ");"
                            "INSERT INTO cells VALUES (3, 1, 'c', 'c', 6, " SECOND(
                                7) ", NULL);"
                                   "INSERT INTO versions VALUES (4294967297, 1, NULL, "
                                   "NULL, " SECOND(
                                       1) ", 1, "
                                          "-4753896699071371076, 0, "
                                          "x'"
                                          "2016b10000696e742078203d20313b0a696e742079203d20323b0a')"
                                          ";"
                                          "INSERT INTO versions VALUES (4294967298, 2, NULL, "
                                          "NULL, " SECOND(
                                              2) ", 1, "
                                                 "2316468732171963313, 0, "
                                                 "x'200b5900007075747328226222293b0a');"
                                                 "INSERT INTO versions VALUES (4294967299, 1, 1, "
                                                 "NULL, " SECOND(
                                                     3) ", 1, "
                                                        "-2599181475524215810, 1, "
                                                        "x'20164d000018333b0a0100994c20');"
                                                        "INSERT INTO versions VALUES (4294967300, "
                                                        "1, 3, NULL, " SECOND(
                                                            4) ", 1, "
                                                               "-1767025371040511168, 2, "
                                                               "x'"
                                                               "20216d0000387a203d20343b0a0100694f2"
                                                               "0');"
                                                               "INSERT INTO versions VALUES "
                                                               "(4294967301, 1, 1, NULL, " SECOND(
                                                                   6) ", 1, "
                                                                      "-8543298565443955067, 1, "
                                                                      "x'"
                                                                      "20164d000008370200e048121308"
                                                                      "');"
                                                                      "INSERT INTO versions VALUES "
                                                                      "(4294967302, 3, NULL, "
                                                                      "NULL, " SECOND(
                                                                          7) ", 1, "
                                                                             "-6590943557848191361,"
                                                                             " 0, "
                                                                             "x'"
                                                                             "20052900006328293b0a'"
                                                                             ");"
                                                                             "INSERT INTO moves "
                                                                             "VALUES (1, 1, 4, "
                                                                             "1, " SECOND(
                                                                                 5) ", 12);"
                                                                                    "INSERT INTO "
                                                                                    "moves VALUES "
                                                                                    "(2, 1, 5, "
                                                                                    "3, " SECOND(
                                                                                        8) ", 1);"
                                                                                           "INSERT "
                                                                                           "INTO "
                                                                                           "runs "
                                                                                           "(versio"
                                                                                           "n_id, "
                                                                                           "session"
                                                                                           "_id, "
                                                                                           "executi"
                                                                                           "on_"
                                                                                           "count, "
                                                                                           "status,"
                                                                                           " starte"
                                                                                           "d_us, "
                                                                                           "ended_"
                                                                                           "us, "
                                                                                           "day, "
                                                                                           "  "
                                                                                           "state) "
                                                                                           "SELECT "
                                                                                           "id, 1, "
                                                                                           "id & "
                                                                                           "7, 1, "
                                                                                           "created"
                                                                                           "_us, "
                                                                                           "created"
                                                                                           "_us + "
                                                                                           "1, "
                                                                                           "'2023/"
                                                                                           "11/"
                                                                                           "14', 2 "
                                                                                           "FROM "
                                                                                           "version"
                                                                                           "s;"
                                                                                           "INSERT "
                                                                                           "INTO "
                                                                                           "runs "
                                                                                           "(versio"
                                                                                           "n_id, "
                                                                                           "session"
                                                                                           "_id, "
                                                                                           "executi"
                                                                                           "on_"
                                                                                           "count, "
                                                                                           "status,"
                                                                                           " starte"
                                                                                           "d_us, "
                                                                                           "ended_"
                                                                                           "us, "
                                                                                           "day, "
                                                                                           "  "
                                                                                           "state) "
                                                                                           "VALUES "
                                                                                           "(429496"
                                                                                           "7299, "
                                                                                           "1, 7, "
                                                                                           "1,"
                                                                                           " " SECOND(8) ", " SECOND(
                                                                                               8) ", '2023/11/14', 2);"
                                                                                                  "COMMIT;";

/* What made a store of format 4 of one of format 3. */
static const char to_format_4[] =
    "ALTER TABLE clients ADD COLUMN heard_us INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE settings (name TEXT NOT NULL, document_id INTEGER NOT NULL, "
    "  value TEXT NOT NULL, PRIMARY KEY (name, document_id)) WITHOUT ROWID;"
    "CREATE INDEX output_parts_shared ON output_parts (hash) "
    "  WHERE file IS NOT NULL AND head_bytes >= 4096;"
    "INSERT INTO documents VALUES (2, NULL, x'01', 2000);"
    "PRAGMA user_version = 4;";

static inline void execute(const char *path, const char *text) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char *why = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", text, why);
    sqlite3_close(db);
}

/* The first column of the first row. */
static inline int64_t ask(const char *path, const char *text) {
    sqlite3 *db = NULL;
    sqlite3_stmt *rows = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &rows, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(rows, 0);
    sqlite3_finalize(rows);
    sqlite3_close(db);
    return value;
}

static inline void append_columns(const char *path, struct buf *out) {
    static const char text[] = "SELECT m.name, i.name, i.type, i.\"notnull\" FROM sqlite_schema m, "
                               "pragma_table_info(m.name) i ORDER BY m.name, i.cid";
    sqlite3 *db = NULL;
    sqlite3_stmt *rows = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &rows, NULL), SQLITE_OK);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        for (int i = 0; i < 4; i++)
            buf_printf(out, "%s ", (const char *)sqlite3_column_text(rows, i));
        buf_append_char(out, '\n');
    }
    sqlite3_finalize(rows);
    sqlite3_close(db);
}

#endif
