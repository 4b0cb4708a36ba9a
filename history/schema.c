#include "history/schema.h"
#include "history/alone.h"
#include "history/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { APPLICATION_ID = 0x666f726b /* "fork" */ };

/*
 * Times are microseconds since 1970 UTC. The words of cause, status and kind are the enums of
 * history.h. A version's id is document << 32 | number. The making of a version is a change of its
 * cell's head from its parent to it; `moves` holds the other changes, in the order (after_number,
 * id) among the numbers of the versions.
 */
static const char schema[] =
    "CREATE TABLE documents ("
    "  id INTEGER PRIMARY KEY,"
    "  path TEXT UNIQUE," /* null: nameless */
    "  uuid BLOB NOT NULL,"
    "  created_us INTEGER NOT NULL);"
    "CREATE TABLE sessions ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT," /* people have seen the number: not used again */
    "  uuid TEXT NOT NULL,"                   /* names the lock file */
    "  document_id INTEGER NOT NULL REFERENCES documents,"
    "  engine TEXT,"
    "  pid INTEGER NOT NULL,"
    "  pid_start INTEGER NOT NULL," /* clock ticks after boot, tells a pid used again */
    "  host TEXT NOT NULL,"
    "  started_us INTEGER NOT NULL,"
    "  ended_us INTEGER,"
    "  state_run_id INTEGER,"        /* the program was moved to what this run left; 0: fresh */
    "  state_after_run_id INTEGER);" /* its newest run then, 0: none; null: never moved */
    "CREATE INDEX sessions_open ON sessions (id) WHERE ended_us IS NULL;"
    "CREATE TABLE cells ("
    "  id INTEGER PRIMARY KEY,"
    "  document_id INTEGER NOT NULL REFERENCES documents,"
    "  key TEXT NOT NULL,"
    "  language TEXT,"
    "  head INTEGER NOT NULL," /* number; 0: a layout has named it, no text has come yet */
    "  created_us INTEGER NOT NULL,"
    "  deleted_us INTEGER," /* null: is in the notebook */
    "  type INTEGER NOT NULL DEFAULT 1,"
    "  UNIQUE (document_id, key));" SCHEMA_VERSIONS(
        "versions") "CREATE TABLE moves ("
                    "  id INTEGER PRIMARY KEY,"
                    "  cell_id INTEGER NOT NULL REFERENCES cells,"
                    "  from_number INTEGER NOT NULL," /* 0: it was deleted */
                    "  to_number INTEGER NOT NULL,"   /* 0: a deletion */
                    "  time_us INTEGER NOT NULL,"
                    "  cause INTEGER NOT NULL,"
                    "  after_number INTEGER NOT NULL DEFAULT 0);" /* the document's last version
                                                                     then */
                    "CREATE INDEX moves_of_cell ON moves (cell_id);" SCHEMA_3 "CREATE TABLE runs ("
                    "  id INTEGER PRIMARY KEY AUTOINCREMENT," /* names a folder: not used again */
                    "  version_id INTEGER NOT NULL REFERENCES versions,"
                    "  session_id INTEGER NOT NULL REFERENCES sessions,"
                    "  execution_count INTEGER NOT NULL,"
                    "  parent_run_id INTEGER," /* whose state it started from */
                    "  status INTEGER NOT NULL,"
                    "  started_us INTEGER NOT NULL,"
                    "  ended_us INTEGER,"
                    "  day TEXT NOT NULL,"                  /* YYYY/MM/DD of its folder */
                    "  dropped INTEGER NOT NULL DEFAULT 0," /* bundles past the limit on outputs */
                    "  summary TEXT,"
                    "  state INTEGER," /* what it left; null: unknown */
                    "  defines TEXT,"  /* names separated by ", " */
                    "  effects TEXT);" /* what no state holds, a line for people */
                    "CREATE INDEX runs_of_version ON runs (version_id);"
                    "CREATE INDEX runs_of_session ON runs (session_id, execution_count);"
                    "CREATE TABLE outputs ("
                    "  id INTEGER PRIMARY KEY,"
                    "  run_id INTEGER NOT NULL REFERENCES runs,"
                    "  sequence INTEGER NOT NULL,"
                    "  kind INTEGER NOT NULL,"
                    "  created_us INTEGER NOT NULL,"
                    "  sealed INTEGER NOT NULL," /* the files have their final names, the sizes are
                                                    final */
                    "  complete INTEGER NOT NULL," /* 0: something was lost that no limit asked for
                                                    */
                    "  late INTEGER NOT NULL,"
                    "  display_id TEXT,"
                    "  ename TEXT,"
                    "  evalue TEXT,"
                    "  UNIQUE (run_id, sequence));"
                    "CREATE TABLE output_parts ("
                    "  id INTEGER PRIMARY KEY,"
                    "  output_id INTEGER NOT NULL REFERENCES outputs,"
                    "  position INTEGER NOT NULL,"
                    "  mime TEXT NOT NULL,"
                    "  file TEXT," /* final name in the run's folder; null: not kept */
                    "  total_bytes INTEGER NOT NULL," /* these three of streams: known when sealed
                                                       */
                    "  head_bytes INTEGER NOT NULL,"
                    "  tail_bytes INTEGER NOT NULL,"
                    "  hash BLOB," /* BLAKE2b-128 of the file; of the whole item if not kept */
                    "  UNIQUE (output_id, position));" SCHEMA_4 SCHEMA_5;

static enum status fail_foreign(struct sql *sql, struct error *error) {
    return error_set(error, STATUS_CORRUPT,
        "cannot use history '%s': it is a database of another program; move it away, or set "
        "FORKERNEL_DATA_DIR to another folder",
        sql->path);
}

enum status schema_check(struct sql *sql, int64_t *ret_version, struct error *error) {
    static const char application_text[] = "PRAGMA application_id";
    static const char version_text[] = "PRAGMA user_version";
    int64_t application = 0, version = 0;
    enum status status = sql_int(sql, &application, error, application_text, "");
    if (status == STATUS_OK)
        status = sql_int(sql, &version, error, version_text, "");
    if (status != STATUS_OK)
        return status;
    if (application != APPLICATION_ID || version < 1)
        return fail_foreign(sql, error);
    if (version > SCHEMA_VERSION)
        return error_set(error, STATUS_NEWER,
            "cannot use history '%s': a newer forkernel made it (format %lld, this one knows %d); "
            "update forkernel, or set FORKERNEL_DATA_DIR to another folder",
            sql->path, (long long)version, SCHEMA_VERSION);
    *ret_version = version;
    return STATUS_OK;
}

enum status schema_make_tables(struct sql *sql, struct error *error) {
    return sql_script(sql, schema, error);
}

static enum status fill(const char *made, const char *path, struct error *error) {
    struct sql sql = {.path = path};
    enum status status = alone_open(&sql, made, SQLITE_OPEN_READWRITE, error);
    if (status == STATUS_OK) {
        char settings[160];
        snprintf(settings, sizeof settings,
            "PRAGMA journal_mode = WAL; BEGIN; PRAGMA application_id = %d;"
            "PRAGMA user_version = %d;",
            APPLICATION_ID, SCHEMA_VERSION);
        status = sql_script(&sql, settings, error);
    }
    if (status == STATUS_OK)
        status = schema_make_tables(&sql, error);
    if (status == STATUS_OK)
        status = sql_script(&sql, "COMMIT", error);
    sql_close(&sql); /* the last one to close empties the log into the database */
    return status;
}

enum status schema_create(const char *path, struct error *error) {
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s.XXXXXX", path);
    char *made = buf_take(&name);
    if (!made)
        return error_set(error, STATUS_NO_MEMORY, "cannot make history '%s': out of memory", path);
    int fd = mkostemp(made, O_CLOEXEC); /* 0600 */
    if (fd < 0) {
        int open_errno = errno;
        free(made);
        return error_set_errno(error, open_errno, "cannot make history '%s'", path);
    }
    close(fd);
    enum status status = fill(made, path, error);
    /* link, not rename: whoever comes second must not replace what the first one has begun */
    if (status == STATUS_OK && link(made, path) < 0 && errno != EEXIST) {
        int link_errno = errno;
        struct stat info;
        bool no_links = link_errno == EPERM || link_errno == ENOTSUP || link_errno == ENOSYS;
        if (!no_links || (stat(path, &info) < 0 && rename(made, path) < 0))
            status = error_set_errno(error, link_errno, "cannot make history '%s'", path);
    }
    unlink(made);
    free(made);
    return status;
}
