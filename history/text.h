/*
 * How texts of versions are stored: as a splice of the parent's text, or as zstd against it,
 * whichever is smaller, so that a one-line edit costs few bytes; or zstd against nothing. A first
 * byte says which, and how many parents away the text is that stands alone. The four magic bytes of
 * the zstd frame are left off. Internal to history/. One thread.
 */
#ifndef FORKERNEL_HISTORY_TEXT_H
#define FORKERNEL_HISTORY_TEXT_H

#include "base/buf.h"

#include <stdint.h>

enum {
    TEXT_MAX_BYTES = 256 * 1024 * 1024, /* of one cell; what claims more is damaged */
    TEXT_MAX_DEPTH = 127,
};

struct text_codec {
    struct ZSTD_CCtx_s *compressor;
    struct ZSTD_DCtx_s *decompressor;
};

enum status text_codec_init(struct text_codec *codec, struct error *error) MUST_CHECK;
void text_codec_finish(struct text_codec *codec);

/* Append the stored form of `text` to `out`. `depth` is that of the base and one; 0: the text
 * stands alone, and the base is not looked at. */
enum status text_encode(struct text_codec *codec, unsigned depth, const char *base,
    size_t base_size, const char *text, size_t size, struct buf *out,
    struct error *error) MUST_CHECK;

/* Append the text to `out`. STATUS_CORRUPT: not what text_encode() made with this base. */
enum status text_decode(struct text_codec *codec, const char *base, size_t base_size,
    const void *stored, size_t stored_size, struct buf *out, struct error *error) MUST_CHECK;

/* Of a stored form; 0 also for one that is damaged. */
unsigned text_depth(const void *stored, size_t stored_size);

/* The first byte of a stored form that is zstd. */
unsigned char text_zstd_mark(unsigned depth);

/* Bytes of the text, from its stored form alone; 0 when damaged. */
size_t text_stored_size(const void *stored, size_t stored_size);

/* 64 bits of BLAKE2b: tells texts apart. */
int64_t text_hash(const void *data, size_t size);

#endif
