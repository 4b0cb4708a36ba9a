/* Tables that came with formats 3 to 5, for new stores and for migrated ones. Internal to history/.
 */
#ifndef FORKERNEL_HISTORY_SCHEMA_H
#define FORKERNEL_HISTORY_SCHEMA_H

/*
 * A store has far more versions than anything else, and a row of them is to take few bytes: numbers
 * are small, times are of the millisecond, and no index stands beside the table; version_lists is
 * how the versions of a cell are found (version_list.h).
 */
#define SCHEMA_VERSIONS(name)                                                                      \
    "CREATE TABLE " name " ("                                                                      \
    "  id INTEGER PRIMARY KEY," /* document_id << 32 | number */                                   \
    "  cell_id INTEGER NOT NULL REFERENCES cells,"                                                 \
    "  back INTEGER,"   /* the parent's number is that much smaller; null: no parent */            \
    "  origin INTEGER," /* id of the version, of another cell, that the text came from */          \
    "  created_ms INTEGER NOT NULL,"                                                               \
    "  cause INTEGER NOT NULL,"                                                                    \
    "  text BLOB NOT NULL);" /* see text.h */

#define SCHEMA_3                                                                                   \
    "CREATE TABLE version_lists ("                                                                 \
    "  cell_id INTEGER NOT NULL,"                                                                  \
    "  first_number INTEGER NOT NULL,"                                                             \
    "  entries BLOB NOT NULL,"                                                                     \
    "  PRIMARY KEY (cell_id, first_number)) WITHOUT ROWID;"                                        \
    "CREATE TABLE layouts ("    /* the order of the cells of a notebook, each time it changed */   \
    "  id INTEGER PRIMARY KEY," /* document_id << 32 | 1, 2, 3, ... */                             \
    "  time_us INTEGER NOT NULL,"                                                                  \
    "  cells BLOB NOT NULL);" /* see layouts.c */                                                  \
    "CREATE TABLE clients ("  /* front ends that number what they send */                          \
    "  name TEXT PRIMARY KEY,"                                                                     \
    "  sequence INTEGER NOT NULL) WITHOUT ROWID;"                                                  \
    "CREATE TABLE marks ("        /* labels and pins */                                            \
    "  subject INTEGER NOT NULL," /* enum history_subject */                                       \
    "  id INTEGER NOT NULL,"      /* of the version or the run */                                  \
    "  label TEXT NOT NULL,"      /* '' for none */                                                \
    "  pinned INTEGER NOT NULL,"                                                                   \
    "  PRIMARY KEY (subject, id)) WITHOUT ROWID;"

/* Files that later outputs may share; SQLite takes the index where a query has the same words. */
enum { SHARED_LEAST_BYTES = 4096 };
#define SHARED_PARTS(table) table "file IS NOT NULL AND " table "head_bytes >= 4096"

#define SCHEMA_4                                                                                   \
    "ALTER TABLE clients ADD COLUMN heard_us INTEGER NOT NULL DEFAULT 0;" /* 0: not known */       \
    "CREATE TABLE settings ("                                                                      \
    "  name TEXT NOT NULL,"                                                                        \
    "  document_id INTEGER NOT NULL," /* 0: for all documents */                                   \
    "  value TEXT NOT NULL,"                                                                       \
    "  PRIMARY KEY (name, document_id)) WITHOUT ROWID;"                                            \
    "CREATE INDEX output_parts_shared ON output_parts (hash) WHERE " SHARED_PARTS("") ";"

/* What stands in a document's path is where it lies now; where it lay is kept. Nothing but ids is
 * indexed: salvage tells documents by path from the index of that table (salvage_rows.c). */
#define SCHEMA_5                                                                                   \
    "ALTER TABLE documents ADD COLUMN origin_id INTEGER REFERENCES documents;"                     \
    "CREATE TABLE places ("                                                                        \
    "  id INTEGER PRIMARY KEY,"                                                                    \
    "  document_id INTEGER NOT NULL REFERENCES documents,"                                         \
    "  path TEXT NOT NULL,"                                                                        \
    "  since_us INTEGER NOT NULL,"                                                                 \
    "  until_us INTEGER," /* null: as far as is known it lies there */                             \
    "  device INTEGER,"   /* these three of its file, when it was seen last; null: not known */    \
    "  inode INTEGER,"                                                                             \
    "  born_us INTEGER);" /* tells an inode used again */                                          \
    "CREATE INDEX places_of_document ON places (document_id);"                                     \
    "CREATE TABLE extras ("                                                                        \
    "  id INTEGER PRIMARY KEY,"                                                                    \
    "  hash BLOB NOT NULL UNIQUE,"                                                                 \
    "  size INTEGER NOT NULL,"                                                                     \
    "  bytes BLOB);"                /* as a text that stands alone; null: over the limit */        \
    "CREATE TABLE version_extras (" /* the newest of a version is what it has */                   \
    "  id INTEGER PRIMARY KEY,"                                                                    \
    "  version_id INTEGER NOT NULL,"                                                               \
    "  extras_id INTEGER NOT NULL REFERENCES extras,"                                              \
    "  told_us INTEGER NOT NULL);"                                                                 \
    "CREATE INDEX version_extras_of_version ON version_extras (version_id);"                       \
    "CREATE TABLE version_origins (" /* all of them; versions.origin is the first */               \
    "  id INTEGER PRIMARY KEY,"                                                                    \
    "  version_id INTEGER NOT NULL,"                                                               \
    "  origin INTEGER NOT NULL);" /* id of a version of another cell */                            \
    "CREATE INDEX version_origins_of_version ON version_origins (version_id);"                     \
    "CREATE TABLE moments (" /* times that mean something and leave no other row */                \
    "  document_id INTEGER NOT NULL,"                                                              \
    "  kind INTEGER NOT NULL," /* enum history_moment_kind, those that are recorded */             \
    "  time_us INTEGER NOT NULL,"                                                                  \
    "  about INTEGER NOT NULL," /* of a restore: the time that was restored; else 0 */             \
    "  PRIMARY KEY (document_id, kind, time_us)) WITHOUT ROWID;"

#endif
