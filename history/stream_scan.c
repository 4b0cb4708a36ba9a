/* Finding the pieces of streams on the disk, after a crash or while another process writes. */
#include "history/folder.h"
#include "history/stream_file.h"
#include "history/stream_name.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char part_end[] = ".part";
static const char tail_mark[] = ".tail.";

char *stream_part_name(const char *path) {
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s%s", path, part_end);
    return buf_take(&name);
}

char *stream_segment_name(const char *path, uint64_t offset) {
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s%s%" PRIu64 "%s", path, tail_mark, offset, part_end);
    return buf_take(&name);
}

/* ---- the segments of a folder, by the name of their stream ---- */

struct segment {
    char *stream; /* final name */
    uint64_t offset, size;
};

static int compare_segments(const void *a, const void *b) {
    const struct segment *x = a, *y = b;
    int order = strcmp(x->stream, y->stream);
    return order ? order : (x->offset > y->offset) - (x->offset < y->offset);
}

void stream_folder_finish(struct stream_folder *folder) {
    for (size_t i = 0; i < folder->count; i++)
        free(folder->segments[i].stream);
    free(folder->segments);
    *folder = (struct stream_folder){0};
}

static bool add_segment(
    struct stream_folder *folder, const char *name, size_t length, uint64_t offset, uint64_t size) {
    if (folder->count == folder->capacity) {
        size_t capacity = folder->capacity ? folder->capacity * 2 : 16;
        struct segment *grown = realloc(folder->segments, capacity * sizeof *grown);
        if (!grown)
            return false;
        folder->segments = grown;
        folder->capacity = capacity;
    }
    char *stream = strndup(name, length);
    if (!stream)
        return false;
    folder->segments[folder->count++] = (struct segment){stream, offset, size};
    return true;
}

enum status stream_folder_read(
    const char *path, struct stream_folder *ret_folder, struct error *error) {
    struct stream_folder folder = {0};
    int fd = -1;
    DIR *dir = folder_open(path, &fd);
    if (!dir && errno == ENOENT) {
        *ret_folder = folder;
        return STATUS_OK;
    }
    if (!dir)
        return error_set_errno(error, errno, "cannot read folder '%s'", path);
    bool added = true;
    for (struct dirent *entry; added && (entry = readdir(dir));) {
        const char *mark = strstr(entry->d_name, tail_mark);
        if (!mark)
            continue;
        char *end;
        uint64_t offset = strtoull(mark + sizeof tail_mark - 1, &end, 10);
        struct stat info;
        if (strcmp(end, part_end) == 0 && fstatat(fd, entry->d_name, &info, 0) == 0)
            added = add_segment(&folder, entry->d_name, (size_t)(mark - entry->d_name), offset,
                (uint64_t)info.st_size);
    }
    closedir(dir);
    if (!added) {
        stream_folder_finish(&folder);
        return error_set(error, STATUS_NO_MEMORY, "cannot read folder '%s': out of memory", path);
    }
    if (folder.count)
        qsort(folder.segments, folder.count, sizeof *folder.segments, compare_segments);
    *ret_folder = folder;
    return STATUS_OK;
}

/* A kill leaves three of one stream at most; they are in the order of their offsets. */
static void take_segments(
    const struct stream_folder *folder, const char *name, struct stream_kept *kept) {
    size_t low = 0, high = folder->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(folder->segments[middle].stream, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < folder->count && strcmp(folder->segments[low].stream, name) == 0; low++) {
        const struct segment *segment = &folder->segments[low];
        if (kept->segment_count == STREAM_MAX_SEGMENTS)
            break;
        kept->segments[kept->segment_count].offset = segment->offset;
        kept->segments[kept->segment_count++].size = segment->size;
        if (segment->offset + segment->size > kept->total_bytes)
            kept->total_bytes = segment->offset + segment->size;
    }
}

enum status stream_scan(const char *path, const struct stream_folder *folder,
    struct stream_kept *ret_kept, bool *ret_sealed, struct error *error) {
    struct stream_kept kept = {0};
    struct stat info;
    const char *slash = strrchr(path, '/');
    char *part = stream_part_name(path);
    if (!part)
        return error_set(error, STATUS_NO_MEMORY, "cannot read '%s': out of memory", path);
    bool sealed = false;
    bool in_pieces = stat(part, &info) == 0;
    if (in_pieces)
        kept.head_bytes = kept.total_bytes = (uint64_t)info.st_size;
    free(part);
    take_segments(folder, slash ? slash + 1 : path, &kept);
    if (!in_pieces && kept.segment_count == 0 && stat(path, &info) == 0) {
        kept.head_bytes = kept.total_bytes = (uint64_t)info.st_size;
        sealed = true;
    }
    *ret_kept = kept;
    *ret_sealed = sealed;
    return STATUS_OK;
}
