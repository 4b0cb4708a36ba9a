/* Putting the pieces of a stream together: for its final file, or for a reader. */
#include "history/stream_file.h"
#include "history/stream_name.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sink {
    int fd;          /* -1: to `out` */
    struct buf *out; /* NULL: nowhere but into the hash */
    crypto_generichash_state hash;
};

static bool sink_write(struct sink *sink, const void *data, size_t size) {
    crypto_generichash_update(&sink->hash, data, size);
    if (sink->fd >= 0)
        return file_write_all(sink->fd, data, size);
    if (sink->out)
        buf_append(sink->out, data, size);
    return true;
}

/* Copy bytes [from, from + size) of a piece. */
static enum status copy_piece(
    struct sink *sink, const char *piece, uint64_t from, uint64_t size, struct error *error) {
    int fd = piece ? open(piece, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return error_set_errno(error, errno, "cannot read '%s'", piece ? piece : "output");
    enum status status = STATUS_OK;
    char chunk[32768];
    while (size && status == STATUS_OK) {
        ssize_t n =
            pread(fd, chunk, size < sizeof chunk ? (size_t)size : sizeof chunk, (off_t)from);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            status = error_set_errno(error, errno, "cannot read '%s'", piece);
        else if (n == 0)
            status = error_set(error, STATUS_CORRUPT, "cannot read '%s': it was cut short", piece);
        else if (!sink_write(sink, chunk, (size_t)n))
            status = error_set_errno(error, errno, "cannot write output '%s'", piece);
        if (n > 0) {
            from += (uint64_t)n;
            size -= (uint64_t)n;
        }
    }
    close(fd);
    return status;
}

static enum status copy_head(
    struct sink *sink, const char *path, uint64_t size, struct error *error) {
    if (!size)
        return STATUS_OK;
    char *piece = stream_part_name(path);
    enum status status = copy_piece(sink, piece, 0, size, error);
    free(piece);
    return status;
}

/* Copy stream bytes [from, to) that are in segments. */
static enum status copy_segments(struct sink *sink, const char *path,
    const struct stream_kept *kept, uint64_t from, uint64_t to, struct error *error) {
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < kept->segment_count && from < to && status == STATUS_OK; i++) {
        uint64_t begin = kept->segments[i].offset, end = begin + kept->segments[i].size;
        if (end <= from)
            continue;
        uint64_t upto = end < to ? end : to;
        char *piece = stream_segment_name(path, begin);
        status = copy_piece(sink, piece, from - begin, upto - from, error);
        free(piece);
        from = upto;
    }
    return status;
}

/* The longest run of bytes at the end of the stream that the segments hold without a hole. */
static uint64_t tail_available(const struct stream_kept *kept) {
    uint64_t begin = kept->total_bytes;
    for (unsigned i = kept->segment_count; i-- > 0;) {
        if (kept->segments[i].offset + kept->segments[i].size < begin)
            break;
        if (kept->segments[i].offset < begin)
            begin = kept->segments[i].offset;
    }
    if (begin < kept->head_bytes)
        begin = kept->head_bytes;
    return kept->total_bytes - begin;
}

/* How many bytes at the end of `text` begin a character that they do not finish? */
static size_t unfinished(const unsigned char *text, size_t size) {
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        unsigned char c = text[size - back];
        if ((c & 0xc0) == 0x80)
            continue;
        size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
        return c < 0xf5 && length > back ? back : 0;
    }
    return 0;
}

/* How many bytes at the beginning continue a character that began before? */
static size_t continued(const unsigned char *text, size_t size) {
    size_t count = 0;
    while (count < 3 && count < size && (text[count] & 0xc0) == 0x80)
        count++;
    return count;
}

/* Where something is left out, no character is cut in two: give up its bytes as well. */
static enum status fit_characters(const char *path, const struct stream_kept *kept,
    uint64_t *head_bytes, uint64_t *tail_bytes, struct error *error) {
    struct buf edge = BUF_INIT;
    struct sink sink = {.fd = -1, .out = &edge};
    crypto_generichash_init(&sink.hash, NULL, 0, STREAM_HASH_BYTES);
    uint64_t take = *head_bytes < 3 ? *head_bytes : 3;
    enum status status = STATUS_OK;
    if (take) {
        char *piece = stream_part_name(path);
        status = copy_piece(&sink, piece, *head_bytes - take, take, error);
        free(piece);
        if (status == STATUS_OK)
            *head_bytes -= unfinished((const unsigned char *)buf_string(&edge), edge.size);
    }
    buf_clear(&edge);
    take = *tail_bytes < 3 ? *tail_bytes : 3;
    uint64_t from = kept->total_bytes - *tail_bytes;
    if (status == STATUS_OK && take)
        status = copy_segments(&sink, path, kept, from, from + take, error);
    if (status == STATUS_OK)
        *tail_bytes -= continued((const unsigned char *)buf_string(&edge), edge.size);
    buf_finish(&edge);
    return status;
}

static enum status compose(struct sink *sink, const char *path, const struct stream_kept *kept,
    uint64_t tail_limit, struct stream_sealed *ret_sealed, struct error *error) {
    crypto_generichash_init(&sink->hash, NULL, 0, STREAM_HASH_BYTES);
    uint64_t head = kept->head_bytes, tail = tail_available(kept);
    if (tail > tail_limit)
        tail = tail_limit;
    enum status status = STATUS_OK;
    if (head + tail < kept->total_bytes)
        status = fit_characters(path, kept, &head, &tail, error);
    if (status == STATUS_OK)
        status = copy_head(sink, path, head, error);
    if (status == STATUS_OK && head + tail < kept->total_bytes) {
        char notice[80];
        int length = snprintf(notice, sizeof notice, "\n[... %" PRIu64 " bytes left out ...]\n",
            kept->total_bytes - head - tail);
        if (!sink_write(sink, notice, (size_t)length))
            status = error_set_errno(error, errno, "cannot write '%s'", path);
    }
    if (status == STATUS_OK)
        status =
            copy_segments(sink, path, kept, kept->total_bytes - tail, kept->total_bytes, error);
    if (status == STATUS_OK) {
        ret_sealed->head_bytes = head;
        ret_sealed->tail_bytes = tail;
        crypto_generichash_final(&sink->hash, ret_sealed->hash, STREAM_HASH_BYTES);
    }
    return status;
}

enum status stream_read(const char *path, const struct stream_kept *kept, uint64_t tail_limit,
    struct buf *out, struct error *error) {
    struct sink sink = {.fd = -1, .out = out};
    struct stream_sealed sealed;
    enum status status = compose(&sink, path, kept, tail_limit, &sealed, error);
    if (status == STATUS_OK && !buf_ok(out))
        status = error_set(error, STATUS_NO_MEMORY, "cannot read '%s': out of memory", path);
    return status;
}

enum status stream_hash_file(
    const char *path, unsigned char ret_hash[STREAM_HASH_BYTES], struct error *error) {
    struct stat info;
    if (stat(path, &info) < 0)
        return error_set_errno(error, errno, "cannot read '%s'", path);
    struct sink sink = {.fd = -1};
    crypto_generichash_init(&sink.hash, NULL, 0, STREAM_HASH_BYTES);
    enum status status = copy_piece(&sink, path, 0, (uint64_t)info.st_size, error);
    if (status == STATUS_OK)
        crypto_generichash_final(&sink.hash, ret_hash, STREAM_HASH_BYTES);
    return status;
}

/* All of it is in the head: the head is the file. */
static enum status seal_whole(const char *path, const struct stream_kept *kept, const char *part,
    struct stream_sealed *ret_sealed, struct error *error) {
    if (rename(part, path) < 0)
        return error_set_errno(error, errno, "cannot write '%s'", path);
    struct stream_sealed sealed = {.head_bytes = kept->head_bytes};
    enum status status = stream_hash_file(path, sealed.hash, error);
    if (status == STATUS_OK)
        *ret_sealed = sealed;
    return status;
}

enum status stream_seal(const char *path, const struct stream_kept *kept, uint64_t tail_limit,
    struct stream_sealed *ret_sealed, struct error *error) {
    char *part = stream_part_name(path);
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s.seal.part", path);
    struct sink sink = {.fd = -1};
    struct stream_sealed sealed = {0};
    enum status status = STATUS_OK;
    if (!part || !buf_ok(&name)) {
        status = error_set(error, STATUS_NO_MEMORY, "cannot write '%s': out of memory", path);
        goto out;
    }
    if (kept->segment_count == 0) {
        status = seal_whole(path, kept, part, ret_sealed, error);
        goto out;
    }
    sink.fd = open(name.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (sink.fd < 0) {
        status = error_set_errno(error, errno, "cannot write '%s'", path);
        goto out;
    }
    status = compose(&sink, path, kept, tail_limit, &sealed, error);
    if (close(sink.fd) < 0 && status == STATUS_OK)
        status = error_set_errno(error, errno, "cannot write '%s'", path);
    if (status == STATUS_OK && rename(name.data, path) < 0)
        status = error_set_errno(error, errno, "cannot write '%s'", path);
    if (status == STATUS_OK)
        *ret_sealed = sealed;
    else
        unlink(name.data);
out:
    buf_finish(&name);
    free(part);
    return status;
}

void stream_clean_up(const char *path, const struct stream_kept *kept) {
    if (kept->segment_count == 0)
        return; /* the head was renamed */
    char *part = stream_part_name(path);
    if (part)
        unlink(part);
    free(part);
    for (unsigned i = 0; i < kept->segment_count; i++) {
        char *piece = stream_segment_name(path, kept->segments[i].offset);
        if (piece)
            unlink(piece);
        free(piece);
    }
}
