/*
 * What the front end is shown of a run's stdout and stderr: clean UTF-8, in few messages, and not
 * without end.
 *
 * Text is collected and handed on in pieces, since servers drop output that comes in too many
 * messages. Of each stream the first `limit` bytes go out live; past that a notice, and when the
 * run ends the count of what was left out and the last lines. (The history keeps its own first and
 * last part: this is only what is shown.) Pure: it sends nothing and reads no clock. Event loop
 * thread only.
 */
#ifndef FORKERNEL_KERNEL_FRONT_TEXT_H
#define FORKERNEL_KERNEL_FRONT_TEXT_H

#include "base/utf8.h"
#include "kernel/engine/engine.h"

enum { FRONT_TEXT_SEGMENTS = 32, FRONT_TEXT_STREAMS = 2 };

struct front_text_stream {
    struct utf8_stream utf8; /* a character cut by the end of a chunk */
    size_t shown_bytes;      /* went out live */
    bool past_limit;         /* nothing goes out live any more */
    size_t past_bytes;       /* came after the limit and were not shown; the newest are in `tail` */
    struct buf tail;
};

struct front_text {
    struct {
        enum engine_stream stream;
        struct buf text;
    } segments[FRONT_TEXT_SEGMENTS]; /* waiting to go out, in the order in which they came */
    size_t segment_count;
    size_t waiting_bytes; /* in all segments */
    size_t limit_bytes;   /* shown live of one stream */
    size_t tail_bytes;    /* shown at the end of one that went past the limit */
    struct front_text_stream streams[FRONT_TEXT_STREAMS];
};

void front_text_init(struct front_text *front, size_t limit_bytes, size_t tail_bytes);
void front_text_finish(struct front_text *front);

/* Bytes that the run printed, any bytes, cut anywhere. */
void front_text_push(
    struct front_text *front, enum engine_stream stream, const void *data, size_t size);

/* The run has ended: what was cut or held back joins what waits to go out. More may be pushed
 * later. */
void front_text_end(struct front_text *front);

/* The front end has cleared the output: the limit starts anew, text that is held back is dropped.
 */
void front_text_restart(struct front_text *front);

/* Hand out what waits, segment by segment. */
void front_text_take(struct front_text *front,
    void (*emit)(void *context, enum engine_stream stream, const char *text, size_t size),
    void *context);

#endif
