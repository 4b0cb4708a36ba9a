/*
 * Messages between the kernel process and its helpers (language service, worker) over a stream
 * socket.
 *
 * On the wire, all numbers in the machine's byte order since both ends are one build on one
 * machine:
 *
 *     u32 size of the rest | u16 type | u16 number of fields | for each field: u32 size, bytes
 *
 * The worker runs the user's code, which may write anything into the socket: the reader takes every
 * byte as hostile, bounds every length before it allocates, and never looks past what has arrived.
 * Not shared between threads.
 */
#ifndef FORKERNEL_BASE_FRAME_H
#define FORKERNEL_BASE_FRAME_H

#include "base/buf.h"

#include <stdint.h>

enum {
    FRAME_MAX_FIELDS = 64,
    FRAME_MAX_BYTES = 256 * 1024 * 1024, /* one picture or one compiled cell; more is refused */
};

struct frame_field {
    const char *data; /* a NUL follows in memory, not counted */
    size_t size;
};

/* One received message. The fields point into the reader's memory until the next frame_reader_
 * call. */
struct frame {
    uint16_t type;
    uint16_t count;
    struct frame_field fields[FRAME_MAX_FIELDS];
};

/* ---- writing: begin, add fields, send or take the bytes ---- */

void frame_begin(struct buf *out, uint16_t type);
void frame_add(struct buf *out, const void *data, size_t size);
void frame_add_string(struct buf *out, const char *string);
void frame_add_int(struct buf *out, int64_t value); /* eight bytes */
void frame_end(struct buf *out);

/* Write all of `out` to `fd`, which blocks or is waited for with poll. STATUS_CLOSED when the peer
 * is gone. */
enum status frame_send(int fd, const struct buf *out, struct error *error) MUST_CHECK;

/* The same on a blocking socket, with a descriptor that the peer gets as its own. */
enum status frame_send_descriptor(
    int fd, const struct buf *out, int descriptor, struct error *error) MUST_CHECK;

/* ---- reading ---- */

struct frame_reader {
    struct buf bytes;      /* received and not consumed */
    size_t consumed;       /* bytes of the frames handed out; dropped when more arrive */
    struct buf text;       /* the fields of the frame handed out last, each with a NUL */
    bool takes_descriptor; /* set by the owner: a descriptor that comes is kept, else closed */
    bool has_descriptor;
    int descriptor; /* the one that came last */
};

void frame_reader_finish(struct frame_reader *reader);

/* The descriptor that came with the frames so far, now the caller's, or -1. */
int frame_reader_take_descriptor(struct frame_reader *reader);

/* Take what the socket has, without waiting. STATUS_CLOSED at end of file, STATUS_OK also for
 * nothing there. */
enum status frame_reader_fill(struct frame_reader *reader, int fd, struct error *error) MUST_CHECK;

/* Give the reader bytes that came some other way (tests, fuzzers). */
void frame_reader_feed(struct frame_reader *reader, const void *data, size_t size);

/* The next whole frame: STATUS_OK, or STATUS_NOT_FOUND when more bytes are needed, or
   STATUS_INVALID for bytes that are no frame, after which the stream cannot be trusted any more and
   belongs closed. */
enum status frame_reader_next(struct frame_reader *reader, struct frame *ret_frame) MUST_CHECK;

/* Wait for the next frame on a blocking descriptor; for helpers that do one thing at a time. */
enum status frame_receive(
    struct frame_reader *reader, int fd, struct frame *ret_frame, struct error *error) MUST_CHECK;

/* A field as a string ("" when there are fewer fields) or as a number (`fallback` when it is not
 * eight bytes). */
const char *frame_string(const struct frame *frame, size_t index);
int64_t frame_int(const struct frame *frame, size_t index, int64_t fallback);

#endif
