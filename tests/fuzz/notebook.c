/* A notebook file as somebody could have written it. */
#include "kernel/notebook_file.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
        notebook_file_finish(&file);
    }
    (void)close(fd);
    return 0;
}
