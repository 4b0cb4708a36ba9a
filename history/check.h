/* Looking at a store; see doctor.h. Internal to history/. */
#ifndef FORKERNEL_HISTORY_CHECK_H
#define FORKERNEL_HISTORY_CHECK_H

#include "history/doctor.h"
#include "history/store.h"

struct check {
    struct history *history; /* NULL while salvaging */
    const struct history_check_options *options;
    struct history_health health;
};

/* `where` as in struct history_finding; `format` makes `what`. */
void check_say(struct check *check, enum history_severity severity, const char *where,
    const char *next, const char *format, ...) PRINTF_LIKE(5, 6);

/* Damage of the database that history_salvage() is for. */
void check_say_lost(struct check *check, const char *where, const char *what);

/* The database cannot be read on in this place: that is a finding, other failures are not. */
enum status check_unreadable(
    struct check *check, enum status status, const char *where, struct error *error) MUST_CHECK;

/* "version 7 of /home/a/b.ipynb", in new memory; never NULL but without memory. */
char *check_name_version(struct history *history, int64_t version_id);

/* Does the process of this session live? Where the system cannot tell: yes. */
bool check_session_lives(struct history *history, const char *uuid);

/* Runs that are said to last, of sessions that are gone. */
enum status check_dead_runs(struct check *check, struct error *error) MUST_CHECK;

/* check_schema.c: when it finds damage, nothing else can be asked */
enum status check_schema(struct check *check, struct error *error) MUST_CHECK;

/* check_versions.c: also the lists of versions */
enum status check_versions(struct check *check, struct error *error) MUST_CHECK;

/* check_rows.c */
enum status check_heads(struct check *check, struct error *error) MUST_CHECK;
enum status check_moves(struct check *check, struct error *error) MUST_CHECK;
enum status check_runs(struct check *check, struct error *error) MUST_CHECK;
enum status check_marks(struct check *check, struct error *error) MUST_CHECK;
enum status check_settings(struct check *check, struct error *error) MUST_CHECK;
enum status check_clients(struct check *check, struct error *error) MUST_CHECK;
enum status check_moments(struct check *check, struct error *error) MUST_CHECK;
enum status check_layouts(struct check *check, struct error *error) MUST_CHECK;

/* A head that is not there becomes the newest version of its cell. */
enum status check_mend_heads(struct history *history, struct error *error) MUST_CHECK;

/* check_extras.c */
enum status check_places(struct check *check, struct error *error) MUST_CHECK;
enum status check_extras(struct check *check, struct error *error) MUST_CHECK;
enum status check_origins(struct check *check, struct error *error) MUST_CHECK;

/* Of a salvaged store: extras that say something else than was recorded are dropped, and told. */
enum status check_drop_extras(struct check *check, struct error *error) MUST_CHECK;

/* check_files.c, check_strays.c */
enum status check_files(struct check *check, struct error *error) MUST_CHECK;
enum status check_strays(struct check *check, struct error *error) MUST_CHECK;

#endif
