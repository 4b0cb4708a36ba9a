/* A notebook file as somebody could have written it. Passing over its outputs changes no cell. */
#include "kernel/notebook_file.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void check_against_whole(
    const struct notebook_file *file, const uint8_t *data, size_t size) {
    json_t *whole = json_loadb((const char *)data, size, 0, NULL);
    const json_t *cells = json_object_get(whole, "cells");
    for (size_t i = 0; whole && i < file->count; i++) {
        const json_t *cell = json_array_get(cells, i);
        const char *id = json_string_value(json_object_get(cell, "id"));
        const json_t *source = json_object_get(cell, "source");
        assert(!id == !file->cells[i].id && (!id || strcmp(id, file->cells[i].id) == 0));
        if (json_is_string(source))
            assert(strcmp(json_string_value(source), file->cells[i].text) == 0);
    }
    assert(!whole || json_array_size(cells) == file->count);
    json_decref(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    struct notebook_file file;
    struct error error;
    int fd = memfd_create("notebook", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        __builtin_trap();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (notebook_file_read(path, 1 << 20, &file, &error) == STATUS_OK) {
        for (size_t i = 0; i < file.count; i++)
            assert(strlen(file.cells[i].text) <= file.cells[i].text_bytes);
        check_against_whole(&file, data, size);
        notebook_file_finish(&file);
    }
    (void)close(fd);
    return 0;
}
