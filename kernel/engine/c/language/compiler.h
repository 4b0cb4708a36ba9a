/*
 * The compiler, outside this process and without waiting for it.
 *
 * Loading clang takes longer than compiling a cell with it. So one process of it stands by with
 * everything loaded and forks itself for each cell (zygote.c), which reads the precompiled header
 * of the session. Linking is one short run of the system's linker. With another compiler than
 * libclang's own clang, a cell is one plain run of it.
 */
#ifndef FORKERNEL_LANGUAGE_COMPILER_H
#define FORKERNEL_LANGUAGE_COMPILER_H

#include "base/buf.h"
#include "kernel/engine/c/language/front.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct compiler_spare {
    pid_t pid;
    int input;       /* its standard input */
    unsigned serial; /* of its files */
    char *pch;       /* what it was started with */
    char *flags;
};

enum compiler_step { COMPILER_IDLE, COMPILER_COMPILES, COMPILER_LINKS };

struct compiler {
    const char *folder;
    char *path;        /* NULL: none found */
    char *linker;      /* NULL: by the driver */
    bool is_own_clang; /* the clang of our libclang: precompiled headers work */
    bool probed;
    int probe; /* reads what `clang -###` says */
    pid_t probe_pid;
    char **command; /* the arguments of clang -cc1, without the input, output and header */
    size_t command_count;
    char *command_flags; /* the cflags that it was asked with */
    unsigned serial;
    pid_t zygote;
    int zygote_socket;
    struct compiler_spare spare; /* forked ahead, with the session's header, waiting for a unit */
    enum compiler_step step;
    pid_t pid;
    int pidfd;
    unsigned current; /* serial of the running one */
    char *ldflags;
    int64_t start_us;
};

void compiler_init(struct compiler *compiler, const char *folder);
void compiler_finish(struct compiler *compiler);

/* Have a compiler ready for the next cell. */
void compiler_warm(struct compiler *compiler, const struct front *front);

/* Compile and link `unit`; front->pch is used where it can be, else `front_text` goes before it.
   compiler->pidfd becomes readable at each step's end: call compiler_advance(). False when no
   process could be started. */
bool compiler_start(struct compiler *compiler, const struct front *front, bool hoists,
    const struct buf *unit, const char *ldflags);

enum compiler_result { COMPILER_GOES_ON, COMPILER_DONE, COMPILER_FAILED };

/* COMPILER_DONE: the shared object is at `ret_path`; COMPILER_FAILED: what was said is in `out`. */
enum compiler_result compiler_advance(
    struct compiler *compiler, struct buf *ret_path, struct buf *out);
void compiler_cancel(struct compiler *compiler);

#endif
