/*
 * The C library's calls as this program and the shared libraries that it uses meet them: at the
 * n-th one a fault can be asked for. What a program defines goes before what a library does, so
 * that SQLite's calls come here as well.
 *
 * EIO comes from any of them, ENOSPC from what needs space: a write is cut short first. ENOMEM
 * comes from the allocations of our libraries (the linker's --wrap) and of SQLite.
 */
#ifndef FORKERNEL_TESTS_HISTORY_SYSTEM_H
#define FORKERNEL_TESTS_HISTORY_SYSTEM_H

#include <stdbool.h>

struct system_fault {
    int error; /* EIO, ENOSPC or ENOMEM */
    int after; /* so many calls go well */
    int times; /* so many fail then; 0: all */
};

/* Before SQLite is used. */
void system_prepare(void);

void system_fail(const struct system_fault *fault);

/* All goes well again; has a call failed? */
bool system_mend(void);

bool system_has_failed(void); /* since system_fail(); after system_mend() no more */
int system_error(void);

#endif
