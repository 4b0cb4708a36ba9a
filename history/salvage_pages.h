/*
 * The rows of a SQLite database without SQLite: every page that looks like one with records is
 * read, whether or not anything leads to it. The log beside the database counts. Pages that the
 * database has given up are passed over. Source: https://sqlite.org/fileformat2.html
 *
 * What is found may be anything that a damaged page happens to spell. Internal to history/.
 */
#ifndef FORKERNEL_HISTORY_SALVAGE_PAGES_H
#define FORKERNEL_HISTORY_SALVAGE_PAGES_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SALVAGE_MAX_VALUES = 16 };

struct salvage_value {
    char type; /* n null, i integer, t text, b blob, r real */
    int64_t integer;
    const unsigned char *data; /* of texts and blobs */
    size_t size;
};

struct salvage_record {
    bool in_table; /* of a table with row ids; else of an index */
    int64_t rowid;
    size_t count;
    struct salvage_value values[SALVAGE_MAX_VALUES];
};

typedef enum status salvage_record_fn(
    void *context, const struct salvage_record *record, struct error *error);

/* Calls `each` page by page; ends with its first status that is not OK. */
enum status salvage_pages_read(
    const char *database, salvage_record_fn *each, void *context, struct error *error) MUST_CHECK;

#endif
