/* Files below outputs/ that no row names. They become outputs again where their run is known and
 * has none in that place; others are moved to outputs/strays, never deleted. */
#include "history/check.h"
#include "history/folder.h"
#include "history/names.h"
#include "history/recover.h"
#include "history/stream_file.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char strays[] = "strays";

enum { LEVELS = 4 }; /* year, month, day, run */

/* Until its session has ended rows of a run may still come: late output, or recovery. */
static enum status is_quiet(
    struct check *check, int64_t run_id, const char *below, bool *ret_quiet, struct error *error) {
    static const char text[] =
        "SELECT count(*) FROM runs r JOIN sessions s ON s.id = r.session_id "
        "WHERE r.id = ?1 AND r.day || '/run-' || r.id = ?2 AND (s.ended_us IS NULL "
        "OR EXISTS (SELECT 1 FROM outputs o WHERE o.run_id = r.id AND o.sealed = 0))";
    int64_t busy = 0;
    enum status status = sql_int(&check->history->sql, &busy, error, text, "is", run_id, below);
    if (status == STATUS_OK)
        *ret_quiet = busy == 0;
    return status;
}

static enum status is_named(struct check *check, int64_t run_id, const char *below,
    const char *file, bool *ret_named, struct error *error) {
    static const char text[] = "SELECT count(*) FROM runs r JOIN outputs o ON o.run_id = r.id "
                               "JOIN output_parts p ON p.output_id = o.id "
                               "WHERE r.id = ?1 AND r.day || '/run-' || r.id = ?2 AND p.file = ?3";
    int64_t count = 0;
    enum status status =
        sql_int(&check->history->sql, &count, error, text, "iss", run_id, below, file);
    *ret_named = count > 0;
    return status;
}

/* To the same place below strays/; what is there already stays. */
static enum status move_away(struct check *check, const char *below, struct error *error) {
    struct buf from = BUF_INIT, to = BUF_INIT;
    const char *folder = check->history->folder;
    buf_printf(&from, "%s/outputs/%s", folder, below);
    enum status status = STATUS_OK;
    int moved = -1;
    for (int copy = 0; copy < 100 && moved < 0 && status == STATUS_OK; copy++) {
        buf_clear(&to);
        buf_printf(&to, "%s/outputs/%s/%s", folder, strays, below);
        char *slash = buf_ok(&to) ? strrchr(to.data, '/') : NULL;
        if (!slash || !buf_ok(&from)) {
            status = fail_memory(check->history, error);
            break;
        }
        *slash = '\0';
        status = file_make_folders(to.data, 0700, error);
        *slash = '/';
        if (copy)
            buf_printf(&to, ".%d", copy);
        if (status == STATUS_OK)
            moved =
                renameat2(AT_FDCWD, buf_string(&from), AT_FDCWD, buf_string(&to), RENAME_NOREPLACE);
        if (status == STATUS_OK && moved < 0 && errno != EEXIST)
            status = error_set_errno(error, errno, "cannot move '%s'", from.data);
    }
    if (status == STATUS_OK)
        check_say(check, HISTORY_REPAIRED, from.data, "", "no run names this file; it is now '%s'",
            to.data);
    buf_finish(&from);
    buf_finish(&to);
    return status;
}

static enum status say_stray(struct check *check, const char *below) {
    char *root = file_join(check->history->folder, "outputs");
    char *path = root ? file_join(root, below) : NULL;
    check_say(check, HISTORY_NOTE, path ? path : below,
        "'forkernel doctor --repair' makes it an output of its run again, or moves it to "
        "outputs/strays",
        "no run names this file");
    free(root);
    free(path);
    return STATUS_OK;
}

/* The file of an output that is known, while the row with the name is lost. */
static enum status name_again(
    struct check *check, int64_t run_id, const char *below, const char *file, struct error *error) {
    static const char text[] =
        "INSERT INTO output_parts (output_id, position, mime, file, total_bytes, head_bytes, "
        "tail_bytes, hash) SELECT o.id, (SELECT count(*) FROM output_parts p WHERE p.output_id = "
        "o.id), ?4, ?5, ?6, ?6, 0, ?7 FROM outputs o WHERE o.run_id = ?1 AND o.sequence = ?2 AND "
        "o.kind = ?3 AND o.sealed AND NOT EXISTS (SELECT 1 FROM output_parts p WHERE "
        "p.output_id = o.id AND (o.kind <= 2 OR p.mime = ?4))";
    struct buf path = BUF_INIT;
    struct stat info;
    int64_t sequence;
    enum history_output_kind kind;
    const char *extension;
    unsigned char hash[STREAM_HASH_BYTES];
    buf_printf(&path, "%s/outputs/%s/%s", check->history->folder, below, file);
    enum status status = STATUS_OK;
    if (output_file_parse(file, &sequence, &kind, &extension) &&
        lstat(buf_string(&path), &info) == 0 && S_ISREG(info.st_mode) &&
        stream_hash_file(path.data, hash, NULL) == STATUS_OK)
        status = sql_run(&check->history->sql, error, text, "iiissib", run_id, sequence,
            (int64_t)kind, extension_mime(extension), file, (int64_t)info.st_size,
            (const void *)hash, sizeof hash);
    buf_finish(&path);
    return status;
}

/* Recovery takes in files of a run that have no row; it removes pieces, so there may be none. */
static enum status adopt(struct check *check, int64_t run_id, const char *below,
    const char *const *files, size_t count, struct error *error) {
    static const char run_text[] = "SELECT 1 FROM runs WHERE id = ?";
    int64_t known = 0;
    enum status status = sql_int(&check->history->sql, &known, error, run_text, "i", run_id);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = name_again(check, run_id, below, files[i], error);
    if (status == STATUS_OK)
        status = recover_run(check->history, run_id, error);
    else if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        bool named = false;
        char *path = file_join(below, files[i]);
        status = path ? is_named(check, run_id, below, files[i], &named, error)
                      : fail_memory(check->history, error);
        if (status == STATUS_OK && named)
            check_say(check, HISTORY_REPAIRED, path, "", "it is an output of its run again");
        else if (status == STATUS_OK)
            status = move_away(check, path, error);
        free(path);
    }
    return status;
}

static bool is_piece(const char *name) {
    size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".part") == 0;
}

/* `names` are the files of a run's folder. */
static enum status check_run_folder(struct check *check, int64_t run_id, const char *below,
    const struct memory_rows *names, struct error *error) {
    bool quiet = false;
    enum status status = is_quiet(check, run_id, below, &quiet, error);
    if (status != STATUS_OK || !quiet)
        return status;
    size_t count = names->bytes / sizeof(char *), left = 0;
    const char **files = calloc(count + 1, sizeof *files);
    if (!files)
        return fail_memory(check->history, error);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const char *name = ((char **)names->items)[i];
        bool named = false;
        status = is_named(check, run_id, below, name, &named, error);
        if (status != STATUS_OK || named)
            continue;
        char *path = file_join(below, name);
        if (!path)
            status = fail_memory(check->history, error);
        else if (!check->options->repair)
            status = say_stray(check, path);
        else if (is_piece(name))
            status = move_away(check, path, error);
        else
            files[left++] = name;
        free(path);
    }
    if (status == STATUS_OK && left)
        status = adopt(check, run_id, below, files, left, error);
    free(files);
    return status;
}

static enum status list_names(
    struct check *check, const char *path, struct memory_rows *names, struct error *error) {
    int fd = -1;
    DIR *dir = folder_open(path, &fd);
    if (!dir && (errno == ENOENT || errno == ENOTDIR))
        return STATUS_OK;
    if (!dir)
        return error_set_errno(error, errno, "cannot read folder '%s'", path);
    enum status status = STATUS_OK;
    for (struct dirent *entry; status == STATUS_OK && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char *copy = strdup(entry->d_name);
        char **name = copy ? memory_rows_add(names, sizeof *name) : NULL;
        if (name)
            *name = copy;
        else {
            free(copy);
            status = fail_memory(check->history, error);
        }
    }
    closedir(dir);
    return status;
}

static void free_names(struct memory_rows *names) {
    for (size_t i = 0; i < names->bytes / sizeof(char *); i++)
        free(((char **)names->items)[i]);
    free(names->items);
}

/* Folders of no known shape are looked into as well: their files are strays. */
static enum status visit(struct check *check, const char *below, int level, struct error *error);

static enum status visit_entry(
    struct check *check, const char *below, const char *name, int level, struct error *error) {
    char *next = *below ? file_join(below, name) : strdup(name);
    struct buf path = BUF_INIT;
    struct stat info;
    enum status status = STATUS_OK;
    buf_printf(&path, "%s/outputs/%s", check->history->folder, next ? next : "");
    if (!next || !buf_ok(&path))
        status = fail_memory(check->history, error);
    else if (level == 0 && strcmp(name, strays) == 0)
        ;
    else if (lstat(path.data, &info) < 0)
        ; /* a kernel has just removed it */
    else if (S_ISDIR(info.st_mode) && level < LEVELS)
        status = visit(check, next, level + 1, error);
    else
        status = check->options->repair ? move_away(check, next, error) : say_stray(check, next);
    buf_finish(&path);
    free(next);
    return status;
}

static enum status visit(struct check *check, const char *below, int level, struct error *error) {
    struct memory_rows names = {0};
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/outputs/%s", check->history->folder, below);
    enum status status = buf_ok(&path) ? list_names(check, path.data, &names, error)
                                       : fail_memory(check->history, error);
    const char *slash = strrchr(below, '/');
    char *end = NULL;
    int64_t run_id = level == LEVELS && slash && strncmp(slash, "/run-", 5) == 0
                         ? strtoll(slash + 5, &end, 10)
                         : 0;
    if (status == STATUS_OK && run_id > 0 && !*end)
        status = check_run_folder(check, run_id, below, &names, error);
    else
        for (size_t i = 0; i < names.bytes / sizeof(char *) && status == STATUS_OK; i++)
            status = visit_entry(check, below, ((char **)names.items)[i], level, error);
    free_names(&names);
    buf_finish(&path);
    return status;
}

enum status check_strays(struct check *check, struct error *error) {
    return check_unreadable(check, visit(check, "", 0, error), "the tables of outputs", error);
}
