#include "history/store.h"

#include "base/telling_line.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

/* Blocks in a list, newest first; pieces are cut from the newest. */
struct history_block {
    struct history_block *next;
    size_t size, used;
    max_align_t bytes[];
};

enum { BLOCK_BYTES = 16 * 1024 - 64, SUMMARY_BYTES = 100 };

void history_memory_finish(struct history_memory *memory) {
    while (memory->blocks) {
        struct history_block *block = memory->blocks;
        memory->blocks = block->next;
        free(block);
    }
}

void *memory_take(struct history_memory *memory, size_t size) {
    size = size ? size : 1;
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct history_block *block = memory->blocks;
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        block = malloc(sizeof *block + room);
        if (!block)
            return NULL;
        *block = (struct history_block){.next = memory->blocks, .size = room};
        memory->blocks = block;
    }
    void *piece = (char *)block->bytes + block->used;
    block->used += size;
    return piece;
}

const char *memory_copy(struct history_memory *memory, const void *data, size_t size) {
    char *copy = memory_take(memory, size + 1);
    if (!copy)
        return NULL;
    if (size)
        memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

const char *memory_column(struct history_memory *memory, sqlite3_stmt *rows, int column) {
    const void *data = sqlite3_column_blob(rows, column);
    return memory_copy(memory, data, (size_t)sqlite3_column_bytes(rows, column));
}

void *memory_rows_add(struct memory_rows *rows, size_t row_size) {
    if (rows->capacity - rows->bytes < row_size) {
        size_t capacity = (rows->capacity + row_size) * 2;
        void *grown = realloc(rows->items, capacity);
        if (!grown) {
            rows->failed = true;
            return NULL;
        }
        rows->items = grown;
        rows->capacity = capacity;
    }
    void *row = (char *)rows->items + rows->bytes;
    memset(row, 0, row_size);
    rows->bytes += row_size;
    return row;
}

enum status memory_rows_move(struct memory_rows *rows, struct history_memory *memory,
    const void **ret_items, struct error *error) {
    void *items = rows->failed ? NULL : memory_take(memory, rows->bytes);
    if (items) {
        if (rows->bytes)
            memcpy(items, rows->items, rows->bytes);
        *ret_items = items;
    }
    free(rows->items);
    *rows = (struct memory_rows){0};
    return items ? STATUS_OK
                 : error_set(error, STATUS_NO_MEMORY, "cannot read history: out of memory");
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void summary_append(struct buf *out, const char *text, size_t size) {
    size_t at = 0;
    while (at < size && is_blank(text[at]))
        at++;
    size_t length = 0;
    while (at + length < size && text[at + length] != '\n' && text[at + length] != '\r')
        length++;
    if (length > SUMMARY_BYTES) {
        length = utf8_floor(text + at, length, SUMMARY_BYTES);
        utf8_append_clean(out, text + at, length);
        buf_append_string(out, "…");
    } else {
        while (length && is_blank(text[at + length - 1]))
            length--;
        utf8_append_clean(out, text + at, length);
    }
}

void telling_append(struct buf *out, const char *text, size_t size) {
    telling_line_append(out, text, size, SUMMARY_BYTES);
}

enum status fail_memory(struct history *history, struct error *error) {
    return error_set(
        error, STATUS_NO_MEMORY, "cannot use history '%s': out of memory", history->database);
}
