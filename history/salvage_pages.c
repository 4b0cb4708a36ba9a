#include "history/salvage_pages.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DEFAULT_PAGE = 4096, /* where the first page does not tell */
    WAL_HEADER = 32,
    FRAME_HEADER = 24,
    INDEX_INTERIOR = 0x02,
    INDEX_LEAF = 0x0a,
    TABLE_LEAF = 0x0d,
};

struct image {
    int fd, log; /* `log` -1: there is none */
    size_t page_bytes, usable_bytes;
    uint32_t pages;
    off_t *in_log; /* by page: where its newest form is in the log; 0: not there */
    bool *given_up;
    unsigned char *page; /* the one that is looked at */
    struct buf payload;
};

static uint32_t read_number(const unsigned char *at, int bytes) {
    uint32_t number = 0;
    for (int i = 0; i < bytes; i++)
        number = number << 8 | at[i];
    return number;
}

static bool read_at(int fd, void *into, size_t size, off_t at) {
    return pread(fd, into, size, at) == (ssize_t)size;
}

static bool read_page(const struct image *image, uint32_t number, void *into) {
    if (number < 1 || number > image->pages)
        return false;
    off_t in_log = image->in_log[number - 1];
    return read_at(in_log ? image->log : image->fd, into, image->page_bytes,
        in_log ? in_log : (off_t)(number - 1) * (off_t)image->page_bytes);
}

/* ---- the shape of the file ---- */

static bool is_page_size(size_t size) {
    return size >= 512 && size <= 65536 && (size & (size - 1)) == 0;
}

static void read_shape(struct image *image) {
    unsigned char begin[100], log[WAL_HEADER];
    size_t size = 0, reserved = 0;
    if (read_at(image->fd, begin, sizeof begin, 0) && memcmp(begin, "SQLite format 3", 16) == 0) {
        size = read_number(begin + 16, 2);
        size = size == 1 ? 65536 : size;
        reserved = begin[20];
    }
    if (image->log >= 0 && read_at(image->log, log, sizeof log, 0) &&
        (read_number(log, 4) | 1) == 0x377f0683 && !is_page_size(size))
        size = read_number(log + 8, 4);
    image->page_bytes = is_page_size(size) ? size : DEFAULT_PAGE;
    image->usable_bytes = image->page_bytes - (reserved <= 32 ? reserved : 0);
}

/* Frames until the last that ends a transaction; later ones of a page replace earlier ones.
 * `note` false: only how many pages there are. */
static void read_log(struct image *image, bool note) {
    unsigned char header[WAL_HEADER], frame[FRAME_HEADER];
    if (image->log < 0 || !read_at(image->log, header, sizeof header, 0))
        return;
    off_t step = FRAME_HEADER + (off_t)image->page_bytes, end = WAL_HEADER;
    for (int pass = 0; pass < 2; pass++) {
        for (off_t at = WAL_HEADER; read_at(image->log, frame, sizeof frame, at); at += step) {
            if (memcmp(frame + 8, header + 16, 8) != 0 || (pass == 1 && at >= end))
                break; /* of an earlier use of the log */
            uint32_t number = read_number(frame, 4), size = read_number(frame + 4, 4);
            if (pass == 0 && size)
                end = at + step;
            if (pass == 0 && size > image->pages && size < UINT32_MAX / 2 && !note)
                image->pages = size;
            if (pass == 1 && note && number >= 1 && number <= image->pages)
                image->in_log[number - 1] = at + FRAME_HEADER;
        }
    }
}

/* Old rows stay in pages of the free list. */
static void read_free_list(struct image *image) {
    unsigned char *page = image->page;
    if (!read_page(image, 1, page) || memcmp(page, "SQLite format 3", 16) != 0)
        return;
    uint32_t trunk = read_number(page + 32, 4);
    while (trunk > 1 && trunk <= image->pages && !image->given_up[trunk - 1] &&
           read_page(image, trunk, page)) {
        image->given_up[trunk - 1] = true;
        uint32_t count = read_number(page + 4, 4);
        for (uint32_t i = 0; i < count && 12 + (size_t)i * 4 <= image->usable_bytes; i++) {
            uint32_t leaf = read_number(page + 8 + (size_t)i * 4, 4);
            if (leaf > 1 && leaf <= image->pages)
                image->given_up[leaf - 1] = true;
        }
        trunk = read_number(page, 4);
    }
}

/* ---- records ---- */

static bool take_varint(const unsigned char **at, const unsigned char *end, uint64_t *ret_value) {
    uint64_t value = 0;
    for (int i = 0; i < 9 && *at < end; i++) {
        unsigned char byte = *(*at)++;
        value = i == 8 ? value << 8 | byte : value << 7 | (byte & 0x7f);
        if (i == 8 || !(byte & 0x80)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool take_value(uint64_t type, const unsigned char **at, const unsigned char *end,
    struct salvage_value *value) {
    static const unsigned char widths[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
    if (type == 10 || type == 11)
        return false;
    uint64_t size = type < 10 ? widths[type] : (type - 12) / 2;
    if (size > (uint64_t)(end - *at))
        return false;
    *value = (struct salvage_value){
        .type = type >= 12 ? (type & 1 ? 't' : 'b') : 'i', .data = *at, .size = (size_t)size};
    if (type == 0)
        value->type = 'n';
    else if (type == 7)
        value->type = 'r';
    else if (type >= 8 && type < 10)
        value->integer = (int64_t)type - 8;
    else if (type < 7) {
        uint64_t number = **at & 0x80 ? UINT64_MAX : 0;
        for (uint64_t i = 0; i < size; i++)
            number = number << 8 | (*at)[i];
        value->integer = (int64_t)number;
    }
    *at += size;
    return true;
}

/* It must fit to the byte: that is what tells a record from anything else. */
static bool parse_record(
    const unsigned char *data, size_t size, struct salvage_record *ret_record) {
    const unsigned char *at = data, *end = data + size;
    uint64_t header = 0;
    if (!take_varint(&at, end, &header) || header > size || header < (uint64_t)(at - data))
        return false;
    const unsigned char *body = data + header;
    ret_record->count = 0;
    while (at < data + header) {
        uint64_t type;
        if (ret_record->count == SALVAGE_MAX_VALUES || !take_varint(&at, data + header, &type) ||
            !take_value(type, &body, end, &ret_record->values[ret_record->count]))
            return false;
        ret_record->count++;
    }
    return body == end;
}

/* What of a payload of `size` bytes is in the page itself. */
static size_t local_bytes(const struct image *image, bool in_table, uint64_t size) {
    size_t usable = image->usable_bytes;
    size_t most = in_table ? usable - 35 : (usable - 12) * 64 / 255 - 23;
    size_t least = (usable - 12) * 32 / 255 - 23;
    if (size <= most)
        return (size_t)size;
    size_t fitting = least + (size_t)((size - least) % (usable - 4));
    return fitting <= most ? fitting : least;
}

/* The payload, from the page and the ones that it overflows into. */
static bool collect(struct image *image, const unsigned char *at, uint64_t size, size_t local) {
    unsigned char next_page[65536];
    buf_clear(&image->payload);
    buf_append(&image->payload, at, local);
    uint32_t next = local < size ? read_number(at + local, 4) : 0;
    while (image->payload.size < size) {
        size_t left = (size_t)size - image->payload.size;
        if (next < 2 || !read_page(image, next, next_page) || !buf_ok(&image->payload))
            return false;
        next = read_number(next_page, 4);
        size_t holds = image->usable_bytes - 4;
        buf_append(&image->payload, next_page + 4, left < holds ? left : holds);
    }
    return buf_ok(&image->payload);
}

static bool read_cell(
    struct image *image, int kind, size_t offset, struct salvage_record *ret_record) {
    const unsigned char *at = image->page + offset, *end = image->page + image->usable_bytes;
    uint64_t size = 0, rowid = 0;
    ret_record->in_table = kind == TABLE_LEAF;
    if (kind == INDEX_INTERIOR)
        at += 4;
    if (at >= end || !take_varint(&at, end, &size) ||
        (kind == TABLE_LEAF && !take_varint(&at, end, &rowid)) ||
        size > (uint64_t)image->pages * image->page_bytes)
        return false;
    ret_record->rowid = (int64_t)rowid;
    size_t local = local_bytes(image, ret_record->in_table, size);
    if (local + (local < size ? 4 : 0) > (size_t)(end - at) || !collect(image, at, size, local))
        return false;
    return parse_record(
        (const unsigned char *)buf_string(&image->payload), (size_t)size, ret_record);
}

static enum status read_records(
    struct image *image, salvage_record_fn *each, void *context, struct error *error) {
    const unsigned char *page = image->page;
    int kind = page[0];
    if (kind != TABLE_LEAF && kind != INDEX_LEAF && kind != INDEX_INTERIOR)
        return STATUS_OK;
    size_t header = kind == INDEX_INTERIOR ? 12 : 8;
    size_t count = read_number(page + 3, 2);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        size_t pointer = header + i * 2;
        if (pointer + 2 > image->usable_bytes)
            break;
        size_t offset = read_number(page + pointer, 2);
        struct salvage_record record;
        if (offset >= header && offset < image->usable_bytes &&
            read_cell(image, kind, offset, &record))
            status = each(context, &record, error);
    }
    return status;
}

static enum status read_image(struct image *image, const char *database, salvage_record_fn *each,
    void *context, struct error *error) {
    struct stat info;
    if (fstat(image->fd, &info) < 0)
        return error_set_errno(error, errno, "cannot read history '%s'", database);
    read_shape(image);
    image->pages = (uint32_t)((size_t)info.st_size / image->page_bytes);
    read_log(image, false);
    image->in_log = calloc((size_t)image->pages + 1, sizeof *image->in_log);
    image->given_up = calloc((size_t)image->pages + 1, sizeof *image->given_up);
    image->page = malloc(image->page_bytes);
    if (!image->in_log || !image->given_up || !image->page)
        return error_set(
            error, STATUS_NO_MEMORY, "cannot read history '%s': out of memory", database);
    read_log(image, true);
    read_free_list(image);
    enum status status = STATUS_OK;
    /* the first page has the schema, which we know */
    for (uint32_t number = 2; number <= image->pages && status == STATUS_OK; number++)
        if (!image->given_up[number - 1] && read_page(image, number, image->page))
            status = read_records(image, each, context, error);
    return status;
}

enum status salvage_pages_read(
    const char *database, salvage_record_fn *each, void *context, struct error *error) {
    struct buf log = BUF_INIT;
    buf_printf(&log, "%s-wal", database);
    struct image image = {.fd = open(database, O_RDONLY | O_CLOEXEC), .log = -1};
    if (image.fd < 0) {
        int open_errno = errno;
        buf_finish(&log);
        return error_set_errno(error, open_errno, "cannot read history '%s'", database);
    }
    image.log = open(buf_string(&log), O_RDONLY | O_CLOEXEC);
    enum status status = read_image(&image, database, each, context, error);
    if (image.log >= 0)
        close(image.log);
    close(image.fd);
    free(image.in_log);
    free(image.given_up);
    free(image.page);
    buf_finish(&image.payload);
    buf_finish(&log);
    return status;
}
