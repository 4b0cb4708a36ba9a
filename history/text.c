#include "history/text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { MAGIC_BYTES = 4, LEVEL = 3 };

static const unsigned char magic[MAGIC_BYTES] = {0x28, 0xb5, 0x2f, 0xfd};

enum status text_codec_init(struct text_codec *codec, struct error *error) {
    struct text_codec made = {ZSTD_createCCtx(), ZSTD_createDCtx()};
    if (!made.compressor || !made.decompressor) {
        text_codec_finish(&made);
        return error_set(error, STATUS_NO_MEMORY, "cannot open history: out of memory");
    }
    ZSTD_CCtx_setParameter(made.compressor, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(made.compressor, ZSTD_c_checksumFlag, 0);
    ZSTD_CCtx_setParameter(made.compressor, ZSTD_c_dictIDFlag, 0);
    *codec = made;
    return STATUS_OK;
}

void text_codec_finish(struct text_codec *codec) {
    ZSTD_freeCCtx(codec->compressor);
    ZSTD_freeDCtx(codec->decompressor);
    *codec = (struct text_codec){0};
}

enum status text_encode(struct text_codec *codec, const char *base, size_t base_size,
    const char *text, size_t size, struct buf *out, struct error *error) {
    if (size > TEXT_MAX_BYTES)
        return error_set(error, STATUS_INVALID, "cannot record a cell of %zu bytes", size);
    size_t bound = ZSTD_compressBound(size);
    char *frame = malloc(bound);
    if (!frame)
        return error_set(error, STATUS_NO_MEMORY, "cannot record a cell: out of memory");
    if (base_size)
        ZSTD_CCtx_refPrefix(codec->compressor, base, base_size);
    size_t stored = ZSTD_compress2(codec->compressor, frame, bound, text, size);
    enum status status = STATUS_OK;
    if (ZSTD_isError(stored))
        status = error_set(
            error, STATUS_NO_MEMORY, "cannot record a cell: %s", ZSTD_getErrorName(stored));
    else
        buf_append(out, frame + MAGIC_BYTES, stored - MAGIC_BYTES);
    free(frame);
    if (status == STATUS_OK && !buf_ok(out))
        status = error_set(error, STATUS_NO_MEMORY, "cannot record a cell: out of memory");
    return status;
}

enum status text_decode(struct text_codec *codec, const char *base, size_t base_size,
    const void *stored, size_t stored_size, struct buf *out, struct error *error) {
    struct buf frame = BUF_INIT;
    buf_append(&frame, magic, MAGIC_BYTES);
    buf_append(&frame, stored, stored_size);
    enum status status = STATUS_OK;
    char *text = NULL;
    if (!buf_ok(&frame)) {
        status = error_set(error, STATUS_NO_MEMORY, "cannot read a version: out of memory");
        goto out;
    }
    unsigned long long size = ZSTD_getFrameContentSize(frame.data, frame.size);
    if (size > TEXT_MAX_BYTES) { /* also the two values that stand for unknown and for an error */
        status = error_set(error, STATUS_CORRUPT, "cannot read a version: its text is damaged");
        goto out;
    }
    text = malloc((size_t)size + 1);
    if (!text) {
        status = error_set(error, STATUS_NO_MEMORY, "cannot read a version: out of memory");
        goto out;
    }
    if (base_size)
        ZSTD_DCtx_refPrefix(codec->decompressor, base, base_size);
    size_t got =
        ZSTD_decompressDCtx(codec->decompressor, text, (size_t)size, frame.data, frame.size);
    if (got != size) {
        status = error_set(error, STATUS_CORRUPT, "cannot read a version: its text is damaged");
        goto out;
    }
    buf_append(out, text, got);
    if (!buf_ok(out))
        status = error_set(error, STATUS_NO_MEMORY, "cannot read a version: out of memory");
out:
    free(text);
    buf_finish(&frame);
    return status;
}

size_t text_stored_size(const void *stored, size_t stored_size) {
    /* the header of a frame is at most 18 bytes with its magic */
    char header[32];
    size_t take =
        stored_size < sizeof header - MAGIC_BYTES ? stored_size : sizeof header - MAGIC_BYTES;
    memcpy(header, magic, MAGIC_BYTES);
    if (take)
        memcpy(header + MAGIC_BYTES, stored, take);
    unsigned long long size = ZSTD_getFrameContentSize(header, take + MAGIC_BYTES);
    return size > TEXT_MAX_BYTES ? 0 : (size_t)size;
}

int64_t text_hash(const void *data, size_t size) {
    unsigned char digest[crypto_generichash_BYTES_MIN];
    crypto_generichash(digest, sizeof digest, data, size, NULL, 0);
    uint64_t hash = 0; /* the same on every machine: a home may be shared by several kinds */
    for (size_t i = 0; i < sizeof hash; i++)
        hash = hash << 8 | digest[i];
    return (int64_t)hash;
}
