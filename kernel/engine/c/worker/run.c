#include "kernel/engine/c/worker/worker.h"

#include "base/clock.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Code of loaded cells, for the signal handlers: sorted by nothing, grown rarely. */
static struct code_range {
    uintptr_t start;
    uintptr_t end;
} *ranges;
static size_t range_count;
static size_t range_capacity;

bool run_is_user_code(uintptr_t pc) {
    for (size_t i = range_count; i-- > 0;)
        if (pc >= ranges[i].start && pc < ranges[i].end)
            return true;
    return false;
}

enum { HUGE_PAGE_BYTES = 2 * 1024 * 1024 };

/* Large arrays of a cell in huge pages, where the system has them: a fork copies their entries in a
   twentieth of the time. malloc() is told by an environment variable, see c_worker.c. */
static void use_huge_pages(uintptr_t start, uintptr_t end) {
    start = (start + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    if (start < end && end - start >= HUGE_PAGE_BYTES)
        (void)madvise(
            (void *)start, end - start, MADV_HUGEPAGE); /* NOLINT(performance-no-int-to-ptr) */
}

static int add_ranges(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size;
    const struct link_map *map = data;
    if (info->dlpi_addr != map->l_addr)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_W))
            use_huge_pages(info->dlpi_addr + part->p_vaddr + part->p_filesz,
                info->dlpi_addr + part->p_vaddr + part->p_memsz);
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
            continue;
        if (range_count == range_capacity) {
            size_t capacity = range_capacity ? range_capacity * 2 : 64;
            struct code_range *grown = realloc(ranges, capacity * sizeof *grown);
            if (!grown)
                return 1;
            ranges = grown;
            range_capacity = capacity;
        }
        uintptr_t start = info->dlpi_addr + part->p_vaddr;
        ranges[range_count++] = (struct code_range){.start = start, .end = start + part->p_memsz};
    }
    return 1;
}

static void *load(const char *path, bool program) {
    void *handle = dlopen(path, RTLD_NOW | (program ? RTLD_LOCAL : RTLD_GLOBAL));
    struct link_map *map;
    if (handle && dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0)
        (void)dl_iterate_phdr(add_ranges, map);
    return handle;
}

/* What cells call for exit(), by the declaration that they are given. */
__attribute__((noreturn)) void fk_exit(int code);
void fk_exit(int code) {
    /* a jump from another thread would end up on the wrong stack */
    bool main_thread = (pid_t)syscall(SYS_gettid) == getpid();
    if (!worker.running || worker.in_program || !main_thread)
        exit(code); /* NOLINT(concurrency-mt-unsafe): one thread */
    worker.exited = 1;
    worker.exit_code = code;
    siglongjmp(worker.landing, 1);
}

static void call_at_exit(int status, void *data) {
    union {
        void *object;
        void (*function)(void);
    } handler = {.object = data};
    (void)status;
    handler.function();
}

/* Programs have it from a part of the C library that cells are not linked with. The session never
   comes to an exit, and what it wants done there is nothing to the programs among the cells. */
int fk_atexit(void (*function)(void)) __asm__("atexit");
int fk_atexit(void (*function)(void)) {
    union {
        void (*function)(void);
        void *object;
    } handler = {.function = function};
    return worker.in_program ? on_exit(call_at_exit, handler.object) : 0;
}

static void done(enum worker_end end, int code, int64_t start_us) {
    channel_flush();
    if (!channel_is_ours()) /* a child that the cell forked has come to the end of the cell */
        _exit(code);
    frame_begin(&worker.out, WORKER_DONE);
    frame_add_int(&worker.out, end);
    frame_add_int(&worker.out, code);
    frame_add_int(&worker.out, clock_monotonic_us() - start_us);
    observe_report();
    channel_send();
}

static void run_statements(void (*entry)(void), int64_t start_us) {
    pid_t self = getpid();
    worker.exited = 0;
    if (sigsetjmp(worker.landing, 1) == 0) {
        worker.running = 1;
        if (!worker.interrupted)
            entry();
    }
    worker.running = 0;
    if (getpid() != self) { /* a child that the cell forked came to its end */
        (void)fflush(NULL);
        _exit(worker.exited ? worker.exit_code : 0);
    }
    signals_calm();
    if (worker.interrupted)
        done(WORKER_END_INTERRUPT, 0, start_us);
    else if (worker.exited)
        done(WORKER_END_EXIT, worker.exit_code, start_us);
    else
        done(WORKER_END_OK, 0, start_us);
    worker.interrupted = 0;
}

/* ---- programs ---- */

/* //%args: as a shell would split them, without its expansions. */
static char **split_arguments(const char *text, int *ret_count) {
    size_t size = strlen(text);
    char **list = calloc(size / 2 + 3, sizeof *list);
    char *copy = malloc(size * 2 + 16);
    if (!list || !copy)
        _exit(1);
    char *to = copy;
    int count = 0;
    list[count++] = memcpy(to, "cell", sizeof "cell");
    to += sizeof "cell";
    while (*text) {
        text += strspn(text, " \t\r");
        if (!*text)
            break;
        char quote = 0;
        list[count++] = to;
        for (; *text && (quote || !strchr(" \t\r", *text)); text++) {
            if (quote ? *text == quote : (*text == '"' || *text == '\''))
                quote = quote ? 0 : *text;
            else if (*text == '\\' && text[1] && quote != '\'')
                *to++ = *++text;
            else
                *to++ = *text;
        }
        *to++ = '\0';
    }
    *ret_count = count;
    return list;
}

typedef int program_main(int argc, char **argv, char **envp);

static void run_child(program_main *entry, const char *arguments) {
    int count;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    char **list = split_arguments(arguments, &count);
    worker.in_program = true;
    worker.pid = getpid();
    worker.running = 1;
    signals_for_program();
    exit(entry(count, list, environ)); /* NOLINT(concurrency-mt-unsafe): one thread */
}

enum { PROGRAM_GRACE_SECONDS = 3 };

static void run_program(program_main *entry, const char *arguments, int64_t start_us) {
    channel_flush();
    pid_t child = fork();
    if (child == 0)
        run_child(entry, arguments);
    if (child < 0) {
        (void)fprintf(stderr, "cannot start the program: %s\n", strerror(errno));
        done(WORKER_END_EXIT, 1, start_us);
        return;
    }
    int status = 0;
    bool alarmed = false;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        /* SIGINT went to the program too; one that will not hear it is ended */
        if (worker.interrupted && alarmed)
            (void)kill(child, SIGKILL);
        else if (worker.interrupted)
            (void)alarm(PROGRAM_GRACE_SECONDS);
        alarmed = worker.interrupted != 0;
    }
    (void)alarm(0);
    frame_reader_finish(&worker.reader); /* what the program left unread of its input */
    if (worker.interrupted)
        done(WORKER_END_INTERRUPT, 0, start_us);
    else if (WIFSIGNALED(status))
        done(WORKER_END_SIGNAL, WTERMSIG(status), start_us);
    else
        done(WEXITSTATUS(status) ? WORKER_END_EXIT : WORKER_END_OK, WEXITSTATUS(status), start_us);
    worker.interrupted = 0;
}

void run_cell(const struct frame *frame) {
    bool program = frame_int(frame, 2, 0) != 0;
    char *arguments = strdup(frame_string(frame, 3));
    char *symbol = strdup(frame_string(frame, 1));
    worker.interrupted = 0;
    worker.takes_input = frame_int(frame, 4, 0) != 0;
    worker.silent = frame_int(frame, 5, 0) != 0;
    int64_t start_us = clock_monotonic_us();
    void *handle = load(frame_string(frame, 0), program);
    union {
        void *object;
        void (*cell)(void);
        program_main *program;
    } entry = {.object = handle && symbol ? dlsym(handle, symbol) : NULL};
    if (!entry.object || !arguments) {
        const char *reason = dlerror();
        frame_begin(&worker.out, WORKER_LOAD_FAILED);
        frame_add_string(&worker.out, reason ? reason : "out of memory");
        channel_send();
    } else {
        int64_t loaded_us = clock_monotonic_us();
        frame_begin(&worker.out, WORKER_LOADED);
        frame_add_int(&worker.out, loaded_us - start_us);
        frame_add_int(&worker.out, observe_written_before());
        channel_send();
        input_reset();
        if (program)
            run_program(entry.program, arguments, loaded_us);
        else
            run_statements(entry.cell, loaded_us);
    }
    free(arguments);
    free(symbol);
}
