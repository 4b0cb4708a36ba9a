/*
 * UTF-8 as it comes from programs: cut anywhere, sometimes not UTF-8 at all.
 *
 * Malformed bytes become U+FFFD the way the Unicode Standard recommends (section 3.9, "substitution
 * of maximal subparts"), NUL becomes U+FFFD too, since neither JSON front ends nor C strings carry
 * it well. Pure functions and a struct of the caller's: any thread.
 */
#ifndef FORKERNEL_BASE_UTF8_H
#define FORKERNEL_BASE_UTF8_H

#include "base/buf.h"

/* The bytes of a character that has begun and not ended, between two pieces of one stream. Zero to
 * start. */
struct utf8_stream {
    unsigned char pending[4];
    size_t pending_size;
};

/* Append `size` bytes to `out` as valid UTF-8; an unfinished character at the end waits in
 * `stream`. */
void utf8_stream_push(struct utf8_stream *stream, const void *data, size_t size, struct buf *out);

/* The stream has ended: an unfinished character becomes U+FFFD. */
void utf8_stream_end(struct utf8_stream *stream, struct buf *out);

/* Valid UTF-8 without NUL in one call, for text that is there as a whole. */
void utf8_append_clean(struct buf *out, const void *data, size_t size);

/* Is all of it valid UTF-8? NUL counts as valid here. */
bool utf8_is_valid(const void *data, size_t size);

/* Code points in `size` bytes, and the byte offset of code point `index` (or `size` past the end):
   the protocol counts cursor positions in code points. Malformed bytes count one each. */
size_t utf8_count(const char *text, size_t size);
size_t utf8_offset(const char *text, size_t size, size_t index);

/* The largest offset at most `at` that does not stand inside a character. */
size_t utf8_floor(const char *text, size_t size, size_t at);

#endif
