#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *file_join(const char *folder, const char *name) {
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/%s", folder, name);
    return buf_take(&path);
}

enum status file_make_folders(const char *path, mode_t mode, struct error *error) {
    char *copy = strdup(path);
    if (!copy)
        return error_set(error, STATUS_NO_MEMORY, "cannot make folder '%s': out of memory", path);
    enum status status = STATUS_OK;
    for (char *at = copy + 1;; at++) {
        char c = *at;
        if (c != '/' && c != '\0')
            continue;
        *at = '\0';
        if (mkdir(copy, mode) < 0) {
            /* most are there already, also ones whose own parent cannot be written */
            struct stat info;
            int mkdir_errno = errno;
            if (stat(copy, &info) < 0 || !S_ISDIR(info.st_mode)) {
                mkdir_errno = mkdir_errno == EEXIST ? ENOTDIR : mkdir_errno;
                status = error_set_errno(error, mkdir_errno, "cannot make folder '%s'", copy);
                break;
            }
        }
        *at = c;
        if (c == '\0')
            break;
    }
    free(copy);
    return status;
}

enum status file_read_pieces(
    const char *path, file_take_fn *take, void *context, struct error *error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, errno, "cannot open '%s'", path);
    enum status status = STATUS_OK;
    char piece[65536];
    ssize_t n = 1;
    while (status == STATUS_OK && n != 0) {
        n = read(fd, piece, sizeof piece);
        if (n > 0)
            status = take(context, piece, (size_t)n, error);
        else if (n < 0 && errno != EINTR)
            status = error_set_errno(error, errno, "cannot read '%s'", path);
    }
    close(fd);
    return status;
}

struct whole {
    const char *path;
    struct buf *out;
    size_t before;
    size_t max_bytes;
};

static enum status take_all(void *context, const char *bytes, size_t size, struct error *error) {
    const struct whole *whole = context;
    if (whole->out->size - whole->before + size > whole->max_bytes)
        return error_set(error, STATUS_INVALID, "cannot read '%s': larger than %zu bytes",
            whole->path, whole->max_bytes);
    buf_append(whole->out, bytes, size);
    return STATUS_OK;
}

enum status file_read(const char *path, size_t max_bytes, struct buf *out, struct error *error) {
    struct whole whole = {path, out, out->size, max_bytes};
    enum status status = file_read_pieces(path, take_all, &whole, error);
    if (status == STATUS_OK && !buf_ok(out))
        status = error_set(error, STATUS_NO_MEMORY, "cannot read '%s': out of memory", path);
    if (status != STATUS_OK && out->data) {
        out->size = whole.before;
        out->data[whole.before] = '\0';
    }
    return status;
}

bool file_write_all(int fd, const void *data, size_t size) {
    const char *p = data;
    while (size) {
        ssize_t n = write(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        p += n;
        size -= (size_t)n;
    }
    return true;
}

enum status file_write(
    const char *path, const void *data, size_t size, mode_t mode, struct error *error) {
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s.%ld.part", path, (long)getpid());
    char *part = buf_take(&name);
    if (!part)
        return error_set(error, STATUS_NO_MEMORY, "cannot write '%s': out of memory", path);
    enum status status = STATUS_OK;
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) {
        status = error_set_errno(error, errno, "cannot write '%s'", path);
        goto out;
    }
    bool written = file_write_all(fd, data, size);
    int write_errno = errno;
    if (close(fd) < 0 && written) {
        written = false;
        write_errno = errno;
    }
    if (written && rename(part, path) < 0) {
        written = false;
        write_errno = errno;
    }
    if (!written) {
        status = error_set_errno(error, write_errno, "cannot write '%s'", path);
        unlink(part);
    }
out:
    free(part);
    return status;
}
