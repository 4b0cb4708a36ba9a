#include "history/doctor.h"
#include "history/check.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Is a folder that exists a store with a database in it? */
static enum status find_database(const char *folder, struct error *error) {
    char *path = file_join(folder, "history.sqlite3");
    enum status status = STATUS_OK;
    if (!path)
        status = error_set(error, STATUS_NO_MEMORY, "cannot open history: out of memory");
    else if (access(path, F_OK) < 0)
        status =
            error_set(error, STATUS_NOT_FOUND, "nothing has been recorded in '%s' yet", folder);
    free(path);
    return status;
}

/* SQLite takes some damage in the first bytes for a lack of permission and the like. Source:
 * https://sqlite.org/fileformat2.html#the_database_header */
static bool header_is_damaged(const char *folder) {
    unsigned char header[100];
    char *path = file_join(folder, "history.sqlite3");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    free(path);
    if (fd < 0)
        return false;
    bool whole = read(fd, header, sizeof header) == (ssize_t)sizeof header;
    close(fd);
    return !whole || memcmp(header, "SQLite format 3", 16) != 0 || header[18] != 2 ||
           header[19] != 2 || header[21] != 64 || header[22] != 32 || header[23] != 32 ||
           header[47] > 4 || header[59] != 1;
}

static void add(struct history_health *health, const struct history_health *more) {
    health->versions = more->versions;
    health->runs = more->runs;
    health->files = more->files;
    health->notes += more->notes;
    health->repaired += more->repaired;
    health->damage += more->damage;
    health->database_damaged = more->database_damaged;
}

static void say_sealed(void *context, const struct history_finding *finding) {
    check_say(context, HISTORY_REPAIRED, finding->where, "", "%s; it counts as killed now",
        finding->what);
}

/* Opening for writing seals dead runs: look at them before, so that they are told. What is in the
 * way of looking is found later. */
static void tell_dead_runs(
    const struct history_check_options *options, struct history_health *health) {
    struct history_options open_options = {.folder = options->folder, .read_only = true};
    struct check sealed = {.options = options};
    struct history_check_options look = {.found = say_sealed, .context = &sealed};
    struct check check = {.options = &look};
    if (history_open(&open_options, &check.history, NULL) != STATUS_OK)
        return;
    if (check_dead_runs(&check, NULL) == STATUS_OK)
        health->repaired += sealed.health.repaired;
    history_close(&check.history);
}

static enum status open_and_check(const struct history_check_options *options,
    struct history_health *health, struct error *error) {
    struct history_options open_options = {
        .folder = options->folder, .read_only = !options->repair, .busy_timeout_ms = 5000};
    struct history *history = NULL;
    struct history_health found = {0};
    enum status status = STATUS_OK;
    if (options->repair)
        tell_dead_runs(options, health);
    status = history_open(&open_options, &history, error);
    if (status == STATUS_OK)
        status = history_check(history, options, &found, error);
    if (status == STATUS_CORRUPT || (status != STATUS_OK && header_is_damaged(options->folder))) {
        struct check check = {.options = options};
        check_say_lost(&check, options->folder, "the database cannot be opened as a history");
        found = check.health;
        status = STATUS_OK;
    }
    if (status == STATUS_OK)
        add(health, &found);
    history_close(&history);
    return status;
}

static enum status examine(const struct history_check_options *options,
    struct history_health *health, struct error *error) {
    enum status status = open_and_check(options, health, error);
    if (status != STATUS_OK || !health->database_damaged)
        return status;
    struct history_health salvaged = {0};
    status = history_salvage(options->folder, options, &salvaged, error);
    if (status != STATUS_OK)
        return status;
    int64_t damage = health->damage;
    add(health, &salvaged);
    if (!options->repair)
        return STATUS_OK;
    /* what was wrong is right now, but for what salvage has said is lost */
    health->repaired += damage;
    health->damage = salvaged.damage;
    return open_and_check(options, health, error);
}

enum status history_doctor(const struct history_check_options *options,
    struct history_health *ret_health, struct error *error) {
    struct history_check_options own = *options;
    char *folder = options->folder ? NULL : history_default_folder();
    if (!own.folder)
        own.folder = folder;
    struct history_health health = {0};
    enum status status = STATUS_NOT_FOUND;
    if (!own.folder)
        status = error_set(error, STATUS_INVALID,
            "cannot open history: no folder for it; set FORKERNEL_DATA_DIR or HOME");
    else
        status = find_database(own.folder, error);
    if (status == STATUS_OK)
        status = examine(&own, &health, error);
    if (status == STATUS_OK)
        *ret_health = health;
    free(folder);
    return status;
}
