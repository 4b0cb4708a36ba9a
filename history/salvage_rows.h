/* Rows found in a damaged database, into the tables of a new one. Internal to history/. */
#ifndef FORKERNEL_HISTORY_SALVAGE_ROWS_H
#define FORKERNEL_HISTORY_SALVAGE_ROWS_H

#include "history/check.h"

/* Every row of `damaged` whose values fit a table. What indexes tell of rows that are lost goes
 * into temporary tables, named hint_*. Inside a transaction. */
enum status salvage_rows(struct history *made, const char *damaged, struct error *error) MUST_CHECK;

/* salvage_lists.c: what the lists of versions tell of versions, into hint_listed. */
enum status salvage_lists(struct history *made, struct error *error) MUST_CHECK;

/* Versions of a store of format 2, as far as those of this format are not there. */
enum status salvage_versions_2(struct history *made, struct error *error) MUST_CHECK;

/* The lists of the new database, once all versions are in their place. */
enum status salvage_make_lists(struct history *made, struct error *error) MUST_CHECK;

/* Make one history of the rows: what others refer to and is lost gets a row that says so; what is
 * lost is told. Inside the transaction. */
enum status salvage_mend(struct check *check, struct error *error) MUST_CHECK;

#endif
