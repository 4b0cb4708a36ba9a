/*
 * The file of one stream output: the first bytes and the last ones of whatever a run prints,
 * recoverable after kill -9 at any moment from names and sizes alone.
 *
 * While it is written, beside its final name `path`:
 *
 *     path.part                 the head: the first `head_limit` bytes
 *     path.tail.<offset>.part   a segment of the rest, named by where in the stream it begins
 *
 * A segment that reaches `segment_bytes` is followed by the next one, and only the last two are
 * kept, so that there are always at least that many last bytes. Where the tail is no longer wanted
 * an empty segment keeps the count. Sealing puts head, notice and tail together under a name of
 * its own and renames that to `path`; the pieces go when the caller has noted the sizes.
 *
 * Bytes are in the file when a call returns: nothing is buffered here. Internal to history/.
 */
#ifndef FORKERNEL_HISTORY_STREAM_FILE_H
#define FORKERNEL_HISTORY_STREAM_FILE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { STREAM_MAX_SEGMENTS = 8, STREAM_HASH_BYTES = 16 };

/* What there is on disk of a stream that is not sealed. */
struct stream_kept {
    uint64_t head_bytes;
    uint64_t total_bytes; /* where the stream ends, as far as the files know */
    unsigned segment_count;
    struct {
        uint64_t offset, size;
    } segments[STREAM_MAX_SEGMENTS]; /* by offset */
};

struct stream_file {
    char *path;
    int fd; /* of the piece that is being written; -1: none */
    uint64_t head_limit;
    uint64_t segment_bytes;
    struct stream_kept kept;
    uint64_t lost_bytes; /* came after a write had failed */
    bool failed;
};

/* Takes over `path`. Nothing is created before the first write. */
void stream_init(struct stream_file *file, char *path, uint64_t head_limit, uint64_t segment_bytes);
void stream_finish(struct stream_file *file);

/* Bytes past the head. */
uint64_t stream_tail_bytes(const struct stream_file *file);

/* After a failure later bytes are counted as lost, and no status comes any more. */
enum status stream_write(
    struct stream_file *file, const void *data, size_t size, struct error *error) MUST_CHECK;

/* Something else is written for a while: give the descriptor back. The next write reopens. */
void stream_pause(struct stream_file *file);

/* Other output came after this one and has used up what may be kept: keep the count only. */
void stream_drop_tail(struct stream_file *file);

/* The segments that lie in a folder, read once for all its streams. */
struct stream_folder {
    struct segment *segments;
    size_t count, capacity;
};

/* A folder that does not exist has none. */
enum status stream_folder_read(
    const char *path, struct stream_folder *ret_folder, struct error *error) MUST_CHECK;
void stream_folder_finish(struct stream_folder *folder);

/* What there is of a stream in that folder, after a crash or while another process writes. One of
 * which nothing is there has no bytes; `ret_sealed`: it has its final name and no pieces. */
enum status stream_scan(const char *path, const struct stream_folder *folder,
    struct stream_kept *ret_kept, bool *ret_sealed, struct error *error) MUST_CHECK;

struct stream_sealed {
    uint64_t head_bytes, tail_bytes; /* between them the notice, if anything is missing there */
    unsigned char hash[STREAM_HASH_BYTES]; /* BLAKE2b of the file */
};

/* Keep at most `tail_limit` bytes of what follows the head. Can be repeated until
 * stream_clean_up(). */
enum status stream_seal(const char *path, const struct stream_kept *kept, uint64_t tail_limit,
    struct stream_sealed *ret_sealed, struct error *error) MUST_CHECK;

/* Remove the pieces that stream_seal() has put together. */
void stream_clean_up(const char *path, const struct stream_kept *kept);

/* What stream_seal() would write, appended to `out`. */
enum status stream_read(const char *path, const struct stream_kept *kept, uint64_t tail_limit,
    struct buf *out, struct error *error) MUST_CHECK;

/* BLAKE2b of a file as it is. */
enum status stream_hash_file(
    const char *path, unsigned char ret_hash[STREAM_HASH_BYTES], struct error *error) MUST_CHECK;

#endif
