/* The files that rows name: there, and what was recorded? */
#include "history/check.h"
#include "history/run_parts.h"
#include "history/stream_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Of a file as it was sealed; -1: its row does not tell, since something was lost in writing it. */
static int64_t expected_bytes(const struct run_part_row *part) {
    int64_t kept = part->head_bytes + part->tail_bytes, left_out = part->total_bytes - kept;
    if (!part->complete)
        return -1;
    if (left_out <= 0)
        return kept;
    return kept + snprintf(NULL, 0, "\n[... %" PRId64 " bytes left out ...]\n", left_out);
}

/* What is wrong with the file; NULL: nothing. */
static enum status look(
    const struct run_part_row *part, const char **ret_what, struct error *error) {
    struct stat info;
    if (lstat(part->path, &info) < 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return error_set_errno(error, errno, "cannot look at '%s'", part->path);
        *ret_what = "the file is gone";
        return STATUS_OK;
    }
    int64_t expected = expected_bytes(part);
    unsigned char hash[STREAM_HASH_BYTES];
    *ret_what = NULL;
    if (!S_ISREG(info.st_mode))
        *ret_what = "it is no ordinary file";
    else if (expected >= 0 && info.st_size != expected)
        *ret_what = "the file does not have the size that was recorded";
    else if (part->hashed && stream_hash_file(part->path, hash, NULL) != STATUS_OK)
        *ret_what = "the file cannot be read";
    else if (part->hashed && memcmp(hash, part->hash, sizeof hash) != 0)
        *ret_what = "the file is not the one that was recorded";
    return STATUS_OK;
}

static enum status check_part(void *context, const struct run_part_row *part, struct error *error) {
    static const char mark_text[] = "UPDATE outputs SET complete = 0 WHERE id = ?";
    struct check *check = context;
    if (!part->sealed)
        return STATUS_OK; /* it is being written, or recovery seals it */
    const char *what = NULL;
    enum status status = look(part, &what, error);
    check->health.files++;
    if (status != STATUS_OK || !what)
        return status;
    if (!part->complete) {
        check_say(check, HISTORY_NOTE, part->path, "",
            "%s; the history says that this output is incomplete", what);
        return STATUS_OK;
    }
    bool repair = check->options->repair;
    if (repair)
        status = sql_run(&check->history->sql, error, mark_text, "i", part->output_id);
    if (status == STATUS_OK)
        check_say(check, HISTORY_DAMAGE, part->path,
            repair ? "put it back from a backup if there is one; the output is marked as "
                     "incomplete"
                   : "put it back from a backup if there is one; 'forkernel doctor --repair' marks "
                     "the output as incomplete",
            "%s", what);
    return status;
}

enum status check_files(struct check *check, struct error *error) {
    enum status status = run_parts_read(check->history, check_part, check, error);
    return check_unreadable(check, status, "the tables of outputs", error);
}
