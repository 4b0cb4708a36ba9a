#include "history/same_file.h"
#include "history/schema.h"
#include "history/stream_name.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CANDIDATES = 4 }; /* some may be gone, edited, or have as many links as there can be */

static bool has_bytes(int fd, const char *data, size_t size) {
    char chunk[32768];
    struct stat info;
    if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) || info.st_size != (off_t)size)
        return false;
    for (size_t at = 0; at < size;) {
        size_t want = size - at < sizeof chunk ? size - at : sizeof chunk;
        ssize_t got = pread(fd, chunk, want, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || memcmp(chunk, data + at, (size_t)got) != 0)
            return false;
        at += (size_t)got;
    }
    return true;
}

/* The very file that was looked at, whatever has its name by now. */
static bool link_open_file(int fd, const char *path) {
    char name[32];
    (void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, name, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

static bool link_if_same(const char *candidate, const char *data, size_t size, const char *path) {
    int fd = open(candidate, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool linked = has_bytes(fd, data, size) && fchmod(fd, 0400) == 0 && link_open_file(fd, path);
    close(fd);
    return linked;
}

/* Its name while its run lasts is another one than afterwards. */
static char *candidate_path(struct history *history, sqlite3_stmt *rows) {
    const char *day = (const char *)sqlite3_column_text(rows, 1);
    const char *file = (const char *)sqlite3_column_text(rows, 2);
    char *folder = day ? run_folder(history, day, sqlite3_column_int64(rows, 0)) : NULL;
    char *path = folder && file && !strchr(file, '/') ? file_join(folder, file) : NULL;
    free(folder);
    if (!path || sqlite3_column_int(rows, 3))
        return path;
    char *part = stream_part_name(path);
    free(path);
    return part;
}

bool same_file_link(struct history *history, const void *data, size_t size,
    const unsigned char hash[STREAM_HASH_BYTES], const char *path) {
    static const char text[] =
        "SELECT r.id, r.day, p.file, o.sealed FROM output_parts p JOIN outputs o "
        "ON o.id = p.output_id JOIN runs r ON r.id = o.run_id "
        "WHERE p.hash = ?1 AND " SHARED_PARTS(
            "p.") " AND p.head_bytes = ?2 "
                  "AND p.total_bytes = ?2 ORDER BY p.id DESC LIMIT ?3";
    if (size < SHARED_LEAST_BYTES)
        return false;
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = true, linked = false;
    enum status status = sql_query(sql, &rows, NULL, text, "bii", (const void *)hash,
        (size_t)STREAM_HASH_BYTES, (int64_t)size, (int64_t)CANDIDATES);
    while (status == STATUS_OK && !linked) {
        status = sql_next(sql, rows, &row, NULL);
        if (status != STATUS_OK || !row)
            break;
        char *candidate = candidate_path(history, rows);
        linked = candidate && link_if_same(candidate, data, size, path);
        free(candidate);
        if (linked)
            sql_done(rows);
    }
    return linked;
}
