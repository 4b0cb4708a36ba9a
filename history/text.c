#include "history/text.h"

#include "history/splice.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum {
    MAGIC_BYTES = 4,
    LEVEL = 3,
    SPLICED = 1,              /* in the first byte, below the depth */
    SPLICE_ENOUGH_BYTES = 64, /* up to here zstd is not tried */
    SPLICE_HEAD_BYTES = 4,    /* about */
};

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

unsigned char text_zstd_mark(unsigned depth) {
    return (unsigned char)(depth << 1);
}

unsigned text_depth(const void *stored, size_t stored_size) {
    return stored_size ? *(const unsigned char *)stored >> 1 : 0;
}

static bool is_spliced(const void *stored) {
    return *(const unsigned char *)stored & SPLICED;
}

/* A frame without magic; `base_size` 0: against nothing. */
static enum status compress(struct text_codec *codec, const char *base, size_t base_size,
    const char *text, size_t size, struct buf *out, struct error *error) {
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
    return status;
}

enum status text_encode(struct text_codec *codec, unsigned depth, const char *base,
    size_t base_size, const char *text, size_t size, struct buf *out, struct error *error) {
    struct splice splice = {0};
    struct buf frame = BUF_INIT;
    if (size > TEXT_MAX_BYTES)
        return error_set(error, STATUS_INVALID, "cannot record a cell of %zu bytes", size);
    if (depth)
        splice = splice_between(base, base_size, text, size);
    bool spliced = depth && splice.middle_bytes <= SPLICE_ENOUGH_BYTES;
    enum status status = STATUS_OK;
    if (!spliced) {
        status = compress(codec, base, depth ? base_size : 0, text, size, &frame, error);
        spliced = depth && splice.middle_bytes + SPLICE_HEAD_BYTES < frame.size;
    }
    if (status == STATUS_OK) {
        buf_append_char(out, (char)(text_zstd_mark(depth) | (spliced ? SPLICED : 0)));
        if (spliced)
            splice_append(&splice, out);
        else
            buf_append(out, frame.data, frame.size);
        if (!buf_ok(out) || !buf_ok(&frame))
            status = error_set(error, STATUS_NO_MEMORY, "cannot record a cell: out of memory");
    }
    buf_finish(&frame);
    return status;
}

static enum status fail_damaged(struct error *error) {
    return error_set(error, STATUS_CORRUPT, "cannot read a version: its text is damaged");
}

static enum status decompress(struct text_codec *codec, const char *base, size_t base_size,
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
        status = fail_damaged(error);
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
    if (got == size)
        buf_append(out, text, got);
    else
        status = fail_damaged(error);
out:
    free(text);
    buf_finish(&frame);
    return status;
}

enum status text_decode(struct text_codec *codec, const char *base, size_t base_size,
    const void *stored, size_t stored_size, struct buf *out, struct error *error) {
    if (!stored_size)
        return fail_damaged(error);
    const char *rest = (const char *)stored + 1;
    enum status status = STATUS_OK;
    struct splice splice;
    if (!is_spliced(stored))
        status = decompress(codec, base, base_size, rest, stored_size - 1, out, error);
    else if (!splice_parse(rest, stored_size - 1, &splice) ||
             !splice_apply(&splice, base, base_size, out))
        status = fail_damaged(error);
    if (status == STATUS_OK && !buf_ok(out))
        status = error_set(error, STATUS_NO_MEMORY, "cannot read a version: out of memory");
    return status;
}

size_t text_stored_size(const void *stored, size_t stored_size) {
    struct splice splice;
    if (!stored_size)
        return 0;
    const char *rest = (const char *)stored + 1;
    stored_size--;
    if (is_spliced(stored))
        return splice_parse(rest, stored_size, &splice)
                   ? splice.front + splice.middle_bytes + splice.back
                   : 0;
    /* the header of a frame is at most 18 bytes with its magic */
    char header[32];
    size_t take =
        stored_size < sizeof header - MAGIC_BYTES ? stored_size : sizeof header - MAGIC_BYTES;
    memcpy(header, magic, MAGIC_BYTES);
    if (take)
        memcpy(header + MAGIC_BYTES, rest, take);
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
