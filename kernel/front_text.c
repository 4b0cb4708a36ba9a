#include "kernel/front_text.h"

#include <string.h>

void front_text_init(struct front_text *front, size_t limit_bytes, size_t tail_bytes) {
    *front = (struct front_text){.limit_bytes = limit_bytes, .tail_bytes = tail_bytes};
}

void front_text_finish(struct front_text *front) {
    for (size_t i = 0; i < FRONT_TEXT_SEGMENTS; i++)
        buf_finish(&front->segments[i].text);
    for (size_t i = 0; i < FRONT_TEXT_STREAMS; i++)
        buf_finish(&front->streams[i].tail);
}

/* The segment that text of this stream joins. A program that alternates between the streams faster
   than they go out fills all segments; then the order within one piece gives way to keeping the
   messages few. */
static struct buf *open_segment(struct front_text *front, enum engine_stream stream) {
    size_t count = front->segment_count;
    if (count && front->segments[count - 1].stream == stream)
        return &front->segments[count - 1].text;
    if (count == FRONT_TEXT_SEGMENTS)
        for (size_t i = count; i > 0; i--)
            if (front->segments[i - 1].stream == stream)
                return &front->segments[i - 1].text;
    front->segments[count].stream = stream;
    front->segment_count++;
    return &front->segments[count].text;
}

static void show(
    struct front_text *front, enum engine_stream stream, const char *text, size_t size) {
    if (!size)
        return;
    buf_append(open_segment(front, stream), text, size);
    front->waiting_bytes += size;
}

static void show_string(struct front_text *front, enum engine_stream stream, const char *text) {
    show(front, stream, text, strlen(text));
}

static void hold_back(
    struct front_text *front, struct front_text_stream *s, const char *text, size_t size) {
    s->past_bytes += size;
    buf_append(&s->tail, text, size);
    if (s->tail.size > 2 * front->tail_bytes) {
        size_t cut = s->tail.size - front->tail_bytes;
        buf_drop_front(&s->tail, utf8_floor(s->tail.data, s->tail.size, cut));
    }
}

/* Clean text: what is within the limit is shown, the rest is held back. */
static void push_clean(
    struct front_text *front, enum engine_stream stream, const char *text, size_t size) {
    struct front_text_stream *s = &front->streams[stream];
    size_t room = s->past_limit ? 0 : front->limit_bytes - s->shown_bytes;
    size_t now = size <= room ? size : utf8_floor(text, size, room);
    show(front, stream, text, now);
    s->shown_bytes += now;
    if (now == size)
        return;
    if (!s->past_limit)
        show_string(front, stream,
            "\n[forkernel: that is a lot of text; the rest is shown when the cell ends]\n");
    s->past_limit = true;
    hold_back(front, s, text + now, size - now);
}

void front_text_push(
    struct front_text *front, enum engine_stream stream, const void *data, size_t size) {
    struct buf clean = BUF_INIT;
    utf8_stream_push(&front->streams[stream].utf8, data, size, &clean);
    push_clean(front, stream, buf_string(&clean), clean.size);
    buf_finish(&clean);
}

/* The newest held-back text, from the beginning of a line where that leaves something. */
static void show_tail(
    struct front_text *front, enum engine_stream stream, struct front_text_stream *s) {
    size_t cut = 0;
    if (s->tail.size > front->tail_bytes)
        cut = utf8_floor(s->tail.data, s->tail.size, s->tail.size - front->tail_bytes);
    if (s->past_bytes > s->tail.size || cut) {
        const char *newline = memchr(s->tail.data + cut, '\n', s->tail.size - cut);
        if (newline && newline + 1 < s->tail.data + s->tail.size)
            cut = (size_t)(newline + 1 - s->tail.data);
        char line[128];
        snprintf(line, sizeof line,
            "\n[forkernel: %zu bytes are left out here; the history keeps more of them]\n",
            s->past_bytes - (s->tail.size - cut));
        show_string(front, stream, line);
    }
    show(front, stream, s->tail.data + cut, s->tail.size - cut);
}

void front_text_end(struct front_text *front) {
    for (int i = 0; i < FRONT_TEXT_STREAMS; i++) {
        enum engine_stream stream = (enum engine_stream)i;
        struct front_text_stream *s = &front->streams[i];
        struct buf cut = BUF_INIT;
        utf8_stream_end(&s->utf8, &cut);
        push_clean(front, stream, buf_string(&cut), cut.size);
        buf_finish(&cut);
        if (s->tail.size)
            show_tail(front, stream, s);
        buf_clear(&s->tail);
        s->past_bytes = 0;
    }
}

void front_text_restart(struct front_text *front) {
    for (int i = 0; i < FRONT_TEXT_STREAMS; i++) {
        struct front_text_stream *s = &front->streams[i];
        buf_clear(&s->tail);
        s->past_bytes = 0;
        s->past_limit = false;
        s->shown_bytes = 0;
    }
}

void front_text_take(struct front_text *front,
    void (*emit)(void *context, enum engine_stream stream, const char *text, size_t size),
    void *context) {
    for (size_t i = 0; i < front->segment_count; i++) {
        struct buf *text = &front->segments[i].text;
        if (text->size)
            emit(context, front->segments[i].stream, text->data, text->size);
        buf_clear(text);
    }
    front->segment_count = 0;
    front->waiting_bytes = 0;
}
