#include "history/stream_file.h"
#include "history/stream_name.h"

#include "base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void stream_init(
    struct stream_file *file, char *path, uint64_t head_limit, uint64_t segment_bytes) {
    assert(segment_bytes > 0);
    *file = (struct stream_file){
        .path = path, .fd = -1, .head_limit = head_limit, .segment_bytes = segment_bytes};
}

void stream_finish(struct stream_file *file) {
    stream_pause(file);
    free(file->path);
    file->path = NULL;
}

void stream_pause(struct stream_file *file) {
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

uint64_t stream_tail_bytes(const struct stream_file *file) {
    return file->kept.total_bytes - file->kept.head_bytes;
}

static enum status open_piece(struct stream_file *file, const char *piece, struct error *error) {
    stream_pause(file);
    file->fd = piece ? open(piece, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (!piece)
        return error_set(error, STATUS_NO_MEMORY, "cannot write '%s': out of memory", file->path);
    if (file->fd < 0)
        return error_set_errno(error, errno, "cannot write '%s'", piece);
    return STATUS_OK;
}

static void remove_segment(const char *path, uint64_t offset) {
    char *name = stream_segment_name(path, offset);
    if (name)
        unlink(name);
    free(name);
}

/* Forget the oldest segments until at most `keep` are left. */
static void forget_segments(struct stream_file *file, unsigned keep) {
    struct stream_kept *kept = &file->kept;
    while (kept->segment_count > keep) {
        remove_segment(file->path, kept->segments[0].offset);
        kept->segment_count--;
        memmove(kept->segments, kept->segments + 1, kept->segment_count * sizeof *kept->segments);
    }
}

static void add_segment(struct stream_file *file, uint64_t offset, uint64_t size) {
    struct stream_kept *kept = &file->kept;
    kept->segments[kept->segment_count].offset = offset;
    kept->segments[kept->segment_count].size = size;
    kept->segment_count++;
}

/* Have the piece open that the next byte belongs in. */
static enum status reach_piece(struct stream_file *file, uint64_t *ret_room, struct error *error) {
    struct stream_kept *kept = &file->kept;
    if (kept->segment_count == 0 && kept->total_bytes < file->head_limit) {
        enum status status = STATUS_OK;
        if (file->fd < 0) {
            char *piece = stream_part_name(file->path);
            status = open_piece(file, piece, error);
            free(piece);
        }
        *ret_room = file->head_limit - kept->total_bytes;
        return status;
    }
    uint64_t used = kept->segment_count ? kept->segments[kept->segment_count - 1].size : 0;
    bool begins = kept->segment_count == 0 || used >= file->segment_bytes;
    uint64_t offset = begins ? kept->total_bytes : kept->segments[kept->segment_count - 1].offset;
    if (begins || file->fd < 0) {
        char *piece = stream_segment_name(file->path, offset);
        enum status status = open_piece(file, piece, error);
        free(piece);
        if (status != STATUS_OK)
            return status;
    }
    if (begins) {
        forget_segments(file, 1);
        add_segment(file, offset, 0);
        used = 0;
    }
    *ret_room = file->segment_bytes - used;
    return STATUS_OK;
}

/*
 * More than a whole segment at once: only its end can matter. It appears at one stroke, since the
 * bytes before it are the last ones until then.
 */
static enum status jump(
    struct stream_file *file, const char *data, size_t size, struct error *error) {
    uint64_t skipped = size - file->segment_bytes;
    uint64_t offset = file->kept.total_bytes + skipped;
    char *name = stream_segment_name(file->path, offset);
    enum status status = STATUS_NO_MEMORY;
    if (name)
        status = file_write(name, data + skipped, file->segment_bytes, 0600, error);
    else
        error_set(error, status, "cannot write '%s': out of memory", file->path);
    free(name);
    if (status != STATUS_OK)
        return status;
    stream_pause(file);
    forget_segments(file, 0);
    add_segment(file, offset, file->segment_bytes);
    file->kept.total_bytes += size;
    return STATUS_OK;
}

static enum status write_piece(struct stream_file *file, const char *data, size_t size,
    size_t *ret_written, struct error *error) {
    uint64_t room = 0;
    enum status status = reach_piece(file, &room, error);
    if (status != STATUS_OK)
        return status;
    ssize_t n;
    do
        n = write(file->fd, data, size < room ? size : (size_t)room);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_set_errno(error, errno, "cannot write '%s'", file->path);
    struct stream_kept *kept = &file->kept;
    if (kept->segment_count)
        kept->segments[kept->segment_count - 1].size += (uint64_t)n;
    else
        kept->head_bytes += (uint64_t)n;
    kept->total_bytes += (uint64_t)n;
    *ret_written = (size_t)n;
    return STATUS_OK;
}

enum status stream_write(
    struct stream_file *file, const void *data, size_t size, struct error *error) {
    const char *at = data;
    enum status status = STATUS_OK;
    while (size && !file->failed) {
        size_t written = size;
        bool in_head = file->kept.segment_count == 0 && file->kept.total_bytes < file->head_limit;
        if (!in_head && size > file->segment_bytes)
            status = jump(file, at, size, error);
        else
            status = write_piece(file, at, size, &written, error);
        if (status != STATUS_OK) {
            file->failed = true;
            break;
        }
        at += written;
        size -= written;
    }
    file->lost_bytes += size;
    return status;
}

void stream_drop_tail(struct stream_file *file) {
    struct stream_kept *kept = &file->kept;
    stream_pause(file);
    if (kept->segment_count == 0 || (kept->segment_count == 1 && kept->segments[0].size == 0))
        return;
    char *mark = stream_segment_name(file->path, kept->total_bytes);
    int fd = mark ? open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    free(mark);
    if (fd < 0)
        return; /* keeping more than asked for is the lesser harm */
    close(fd);
    forget_segments(file, 0);
    add_segment(file, kept->total_bytes, 0);
}
