/*
 * How texts of versions are stored: zstd against the text of the parent, so that a one-line edit
 * costs tens of bytes, or against nothing. The four magic bytes of the zstd frame are left off.
 * Internal to history/. One thread.
 */
#ifndef FORKERNEL_HISTORY_TEXT_H
#define FORKERNEL_HISTORY_TEXT_H

#include "base/buf.h"

#include <stdint.h>

enum { TEXT_MAX_BYTES = 256 * 1024 * 1024 }; /* of one cell; what claims more is damaged */

struct text_codec {
    struct ZSTD_CCtx_s *compressor;
    struct ZSTD_DCtx_s *decompressor;
};

enum status text_codec_init(struct text_codec *codec, struct error *error) MUST_CHECK;
void text_codec_finish(struct text_codec *codec);

/* Append the stored form of `text` to `out`; `base_size` 0: without a base. */
enum status text_encode(struct text_codec *codec, const char *base, size_t base_size,
    const char *text, size_t size, struct buf *out, struct error *error) MUST_CHECK;

/* Append the text to `out`. STATUS_CORRUPT: not what text_encode() made with this base. */
enum status text_decode(struct text_codec *codec, const char *base, size_t base_size,
    const void *stored, size_t stored_size, struct buf *out, struct error *error) MUST_CHECK;

/* Bytes of the text, from its stored form alone; 0 when damaged. */
size_t text_stored_size(const void *stored, size_t stored_size);

/* 64 bits of BLAKE2b: tells texts apart and finds damage. */
int64_t text_hash(const void *data, size_t size);

#endif
