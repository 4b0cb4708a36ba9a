/*
 * SQLite with our statuses: cached statements, arguments by a format string, sentences for people.
 *
 * A statement is named by its SQL literal: the cache compares pointers, so pass the same literal
 * from one place (a static const array). A statement that is being read must not be begun again
 * before its rows are over. Internal to history/.
 */
#ifndef FORKERNEL_HISTORY_SQL_H
#define FORKERNEL_HISTORY_SQL_H

#include "base/status.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SQL_MAX_STATEMENTS = 160 };

struct sql {
    sqlite3 *db;
    const char *path; /* borrowed, for messages */
    bool in_transaction;
    unsigned rolled_back; /* how many transactions were */
    size_t count;
    struct {
        const char *text;
        sqlite3_stmt *statement;
    } cache[SQL_MAX_STATEMENTS];
};

/* Close the statements and the database. */
void sql_close(struct sql *sql);

/* What SQLite's last error on this connection is to us. */
enum status sql_fail(struct sql *sql, int code, struct error *error);

/*
 * Arguments, by the letters of `format`: i int64_t, s const char * (NULL: null), t const char * and
 * size_t (text), b const void * and size_t (blob), n nothing (null), z int64_t with 0 as null.
 * Pointers must stay valid until the rows are over.
 */

/* Run a statement that returns no rows. */
enum status sql_run(
    struct sql *sql, struct error *error, const char *text, const char *format, ...) MUST_CHECK;

/* The first column of the first row; STATUS_NOT_FOUND without an error text when there is none. */
enum status sql_int(struct sql *sql, int64_t *ret_value, struct error *error, const char *text,
    const char *format, ...) MUST_CHECK;

/* Begin reading rows, then sql_next() until it is false or fails; sql_done() when stopping early.
 */
enum status sql_query(struct sql *sql, sqlite3_stmt **ret_rows, struct error *error,
    const char *text, const char *format, ...) MUST_CHECK;
enum status sql_next(
    struct sql *sql, sqlite3_stmt *rows, bool *ret_row, struct error *error) MUST_CHECK;

/* The head of a loop over the rows of sql_query(), whose status is in `status`. False: that was
 * all, or `status` has what failed, here or in the loop; nothing is left to be done then. */
bool sql_row(
    struct sql *sql, sqlite3_stmt *rows, enum status *status, struct error *error) MUST_CHECK;

void sql_done(sqlite3_stmt *rows);

/* Several statements in one go, for the schema. */
enum status sql_script(struct sql *sql, const char *script, struct error *error) MUST_CHECK;

/* A writing transaction. After a failed commit it is rolled back. Nothing nests. */
enum status sql_begin(struct sql *sql, struct error *error) MUST_CHECK;
enum status sql_commit(struct sql *sql, struct error *error) MUST_CHECK;
void sql_rollback(struct sql *sql);

/* Reading as of one moment, and without a lock for each of many statements. Nothing nests. */
enum status sql_begin_reading(struct sql *sql, struct error *error) MUST_CHECK;
void sql_end_reading(struct sql *sql);

/* Commit when `status` is STATUS_OK, else roll back; the status of the whole. */
enum status sql_finish(struct sql *sql, enum status status, struct error *error) MUST_CHECK;

#endif
