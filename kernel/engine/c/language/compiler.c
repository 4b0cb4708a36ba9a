#include "kernel/engine/c/language/compiler.h"
#include "kernel/engine/c/language/definition.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_ARGUMENTS = 512, MOST_OUTPUT_BYTES = 256 * 1024 };

/* ---- processes ---- */

/* A child with these standard descriptors; -1 is /dev/null. vfork() and not fork(), which would
   copy the page tables of libclang and leave every page to be copied at the next write: 4 ms a
   cell, measured. Until execv() the child makes system calls only and writes to nothing but its own
   locals. */
/* NOLINTBEGIN(bugprone-unsafe-functions,clang-analyzer-security.insecureAPI.vfork,clang-analyzer-unix.Vfork)
 */
static pid_t spawn(const char *const argv[], int in, int out, int err) {
    pid_t parent = getpid();
    pid_t pid = vfork();
    if (pid != 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        _exit(127);
    (void)dup2(in < 0 ? null : in, STDIN_FILENO);
    (void)dup2(out < 0 ? null : out, STDOUT_FILENO);
    (void)dup2(err < 0 ? null : err, STDERR_FILENO);
    (void)execv(argv[0], (char *const *)argv);
    _exit(127);
}
/* NOLINTEND(bugprone-unsafe-functions,clang-analyzer-security.insecureAPI.vfork,clang-analyzer-unix.Vfork)
 */

static void reap(pid_t *pid) {
    if (*pid > 0) {
        (void)kill(*pid, SIGKILL);
        (void)waitpid(*pid, NULL, 0);
    }
    *pid = 0;
}

static void file_name(
    const struct compiler *compiler, unsigned serial, const char *ending, char ret_name[512]) {
    (void)snprintf(ret_name, 512, "%s/c%u.%s", compiler->folder, serial, ending);
}

static int open_log(const struct compiler *compiler, unsigned serial) {
    char name[512];
    file_name(compiler, serial, "log", name);
    return open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* ---- finding one ---- */

static char *find_program(const char *name) {
    if (strchr(name, '/'))
        return access(name, X_OK) == 0 ? must_copy(name, strlen(name)) : NULL;
    const char *path = getenv("PATH"); /* NOLINT(concurrency-mt-unsafe): one thread */
    while (path && *path) {
        size_t size = strcspn(path, ":");
        struct buf full = BUF_INIT;
        buf_append(&full, path, size);
        buf_printf(&full, "/%s", name);
        if (access(buf_string(&full), X_OK) == 0)
            return buf_take(&full);
        buf_finish(&full);
        path += size + (path[size] == ':');
    }
    return NULL;
}

static void find_compiler(struct compiler *compiler) {
    static const char *const names[] = {"clang-" FORKERNEL_CLANG_MAJOR, "clang", "gcc", "cc"};
    const char *chosen = getenv("FORKERNEL_CC"); /* NOLINT(concurrency-mt-unsafe) */
    if (chosen && *chosen) {
        compiler->path = find_program(chosen);
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names && !compiler->path; i++)
        compiler->path = find_program(names[i]);
}

static void add_words(const char **argv, size_t *count, char *text) {
    char *rest = NULL;
    for (char *word = strtok_r(text, " \t", &rest); word && *count < MOST_ARGUMENTS - 8;
        word = strtok_r(NULL, " \t", &rest))
        argv[(*count)++] = word;
}

static size_t common_arguments(const char **argv, const struct front *front) {
    static const char *const fixed[] = {"-gline-tables-only", "-fno-omit-frame-pointer",
        "-fno-optimize-sibling-calls", "-fno-delete-null-pointer-checks", "-w",
        "-fno-color-diagnostics"};
    size_t count = front_arguments(front, argv, MOST_ARGUMENTS / 2);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        argv[count++] = fixed[i];
    return count;
}

/* ---- clang's own command line, asked once ---- */

static void probe_start(struct compiler *compiler, const struct front *front) {
    const char *argv[MOST_ARGUMENTS] = {compiler->path, "-###", "-c", "-x", "c"};
    size_t count = 5;
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return;
    count += common_arguments(argv + count, front);
    argv[count++] = "-";
    argv[count++] = "-o";
    argv[count++] = "cell.o";
    argv[count] = NULL;
    compiler->probe_pid = spawn(argv, -1, -1, pipes[1]);
    (void)close(pipes[1]);
    compiler->probe = pipes[0];
    compiler->probed = true;
    free(compiler->command_flags);
    compiler->command_flags = must_copy(front->flag_text, strlen(front->flag_text));
}

static void drop_command(struct compiler *compiler) {
    for (size_t i = 0; i < compiler->command_count; i++)
        free(compiler->command[i]);
    free(compiler->command);
    compiler->command = NULL;
    compiler->command_count = 0;
}

/* The quoted words of the line that runs -cc1. */
static void take_command(struct compiler *compiler, const char *line) {
    drop_command(compiler);
    bool skip = false;
    bool file_name_next = false;
    while (*line && *line != '\n') {
        if (*line++ != '"')
            continue;
        struct buf word = BUF_INIT;
        for (; *line && *line != '"'; line++) {
            if (*line == '\\' && line[1])
                line++;
            buf_append_char(&word, *line);
        }
        line += *line == '"';
        const char *text = buf_string(&word);
        if (skip || (strcmp(text, "-") == 0 && !file_name_next)) {
            skip = false;
        } else if (strcmp(text, "-o") == 0) {
            skip = true;
        } else {
            compiler->command = must_allocate(
                compiler->command, (compiler->command_count + 1) * sizeof *compiler->command);
            compiler->command[compiler->command_count++] = must_copy(text, word.size);
            file_name_next = strcmp(text, "-main-file-name") == 0;
        }
        buf_finish(&word);
    }
}

static void probe_finish(struct compiler *compiler) {
    struct buf said = BUF_INIT;
    char chunk[8192];
    ssize_t n;
    while ((n = read(compiler->probe, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            buf_append(&said, chunk, (size_t)n);
    (void)close(compiler->probe);
    compiler->probe = -1;
    (void)waitpid(compiler->probe_pid, NULL, 0);
    compiler->probe_pid = 0;
    CXString own = clang_getClangVersion();
    const char *version = strstr(clang_getCString(own), "version ");
    size_t length = version ? strcspn(version, "\n") : 0;
    char *wanted = must_copy(version ? version : "?", length);
    const char *line = strstr(buf_string(&said), " \"-cc1\"");
    compiler->is_own_clang = line && strstr(buf_string(&said), wanted) != NULL;
    while (line && line > said.data && line[-1] != '\n')
        line--;
    if (compiler->is_own_clang)
        take_command(compiler, line);
    free(wanted);
    clang_disposeString(own);
    buf_finish(&said);
}

static bool is_clang(const struct compiler *compiler) {
    const char *name = strrchr(compiler->path, '/');
    return strstr(name ? name : compiler->path, "clang") != NULL;
}

static void settle_command(struct compiler *compiler, const struct front *front) {
    if (compiler->probed && strcmp(compiler->command_flags, front->flag_text) != 0) {
        if (compiler->probe >= 0)
            probe_finish(compiler);
        compiler->probed = false;
    }
    if (!compiler->probed && is_clang(compiler))
        probe_start(compiler, front);
    if (compiler->probe >= 0)
        probe_finish(compiler);
}

/* ---- the process that forks compilers ---- */

static void zygote_stop(struct compiler *compiler) {
    if (compiler->zygote_socket >= 0)
        (void)close(compiler->zygote_socket);
    compiler->zygote_socket = -1;
    reap(&compiler->zygote);
}

static void zygote_start(struct compiler *compiler) {
    int sockets[2];
    if (compiler->zygote || !compiler->command_count ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        return;
    struct buf preload = BUF_INIT;
    char self[4096];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    self[size > 0 ? size : 0] = '\0';
    char *slash = strrchr(self, '/');
    buf_append_string(&preload, "LD_PRELOAD=");
    buf_append(&preload, self, slash ? (size_t)(slash - self) : 0);
    buf_append_string(&preload, "/forkernel-c-zygote.so");
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(127);
        (void)dup2(sockets[1], 3);
        char *argv[] = {compiler->command[0], (char[]){"-cc1"}, NULL};
        (void)putenv(preload.data); /* NOLINT(concurrency-mt-unsafe): in a child of one thread */
        (void)execv(argv[0], argv);
        _exit(127);
    }
    (void)close(sockets[1]);
    buf_finish(&preload);
    compiler->zygote = pid > 0 ? pid : 0;
    compiler->zygote_socket = sockets[0];
    if (pid < 0)
        zygote_stop(compiler);
}

/* A compiler with these arguments from the zygote; 0 when that fails. */
static pid_t zygote_spawn(struct compiler *compiler, const char *const argv[], int in, int log) {
    struct buf packet = BUF_INIT;
    pid_t pid = 0;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control = {0};
    if (compiler->zygote_socket < 0)
        return 0;
    for (size_t i = 0; argv[i]; i++)
        buf_append(&packet, argv[i], strlen(argv[i]) + 1);
    struct iovec data = {.iov_base = packet.data, .iov_len = packet.size};
    struct msghdr message = {.msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    int fds[2] = {in, log};
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(rights), fds, sizeof fds);
    if (sendmsg(compiler->zygote_socket, &message, MSG_NOSIGNAL) < 0 ||
        recv(compiler->zygote_socket, &pid, sizeof pid, 0) != sizeof pid || pid <= 0) {
        pid = 0;
        zygote_stop(compiler);
    }
    buf_finish(&packet);
    return pid;
}

/* clang -cc1, or any compiler that makes a shared object at one go, reading its standard input. */
static pid_t launch(
    struct compiler *compiler, const struct front *front, bool with_pch, int *ret_input) {
    const char *argv[MOST_ARGUMENTS];
    size_t count = 0;
    char output[512];
    int pipes[2];
    bool own = compiler->is_own_clang && compiler->linker;
    compiler->current = ++compiler->serial;
    file_name(compiler, compiler->current, own ? "o" : "so", output);
    if (own) {
        for (; count < compiler->command_count; count++)
            argv[count] = compiler->command[count];
        if (with_pch) {
            argv[count++] = "-include-pch";
            argv[count++] = front->pch;
        }
    } else {
        argv[count++] = compiler->path;
        argv[count++] = "-shared";
        argv[count++] = "-x";
        argv[count++] = "c";
        count += common_arguments(argv + count, front);
        for (size_t i = 0; !is_clang(compiler) && i < count; i++) {
            if (strcmp(argv[i], "-gline-tables-only") == 0)
                argv[i] = "-g1";
            if (strcmp(argv[i], "-fno-color-diagnostics") == 0)
                argv[i] = "-fdiagnostics-color=never";
        }
    }
    argv[count++] = "-o";
    argv[count++] = output;
    argv[count++] = "-";
    char *libraries = must_copy(compiler->ldflags, strlen(compiler->ldflags));
    if (!own) {
        argv[count++] = "-Wl,-Bsymbolic";
        add_words(argv, &count, libraries);
    }
    argv[count] = NULL;
    pid_t pid = 0;
    if (pipe2(pipes, O_CLOEXEC) == 0) {
        (void)fcntl(pipes[1], F_SETPIPE_SZ, 1024 * 1024);
        int log = open_log(compiler, compiler->current);
        if (own)
            pid = zygote_spawn(compiler, argv, pipes[0], log);
        if (pid <= 0)
            pid = spawn(argv, pipes[0], log, log);
        (void)close(log);
        (void)close(pipes[0]);
        *ret_input = pipes[1];
        if (pid <= 0)
            (void)close(pipes[1]);
    }
    free(libraries);
    return pid;
}

/* ---- one forked ahead ---- */

static void spare_drop(struct compiler *compiler) {
    struct compiler_spare *spare = &compiler->spare;
    if (spare->pid) {
        (void)close(spare->input);
        reap(&spare->pid);
    }
    free(spare->pch);
    free(spare->flags);
    *spare = (struct compiler_spare){.input = -1};
}

static bool spare_fits(const struct compiler *compiler, const struct front *front) {
    const struct compiler_spare *spare = &compiler->spare;
    return spare->pid && front->pch && strcmp(spare->pch, front->pch) == 0 &&
           strcmp(spare->flags, front->flag_text) == 0;
}

static void spare_start(struct compiler *compiler, const struct front *front) {
    struct compiler_spare *spare = &compiler->spare;
    if (compiler->zygote_socket < 0 || !compiler->linker || !front->pch ||
        spare_fits(compiler, front))
        return;
    spare_drop(compiler);
    unsigned current = compiler->current;
    spare->pid = launch(compiler, front, true, &spare->input);
    spare->serial = compiler->current;
    compiler->current = current;
    if (spare->pid <= 0)
        spare->pid = 0;
    spare->pch = must_copy(front->pch, strlen(front->pch));
    spare->flags = must_copy(front->flag_text, strlen(front->flag_text));
}

void compiler_init(struct compiler *compiler, const char *folder) {
    *compiler = (struct compiler){.folder = folder,
        .pidfd = -1,
        .probe = -1,
        .zygote_socket = -1,
        .spare = {.input = -1},
        .ldflags = must_copy("", 0)};
    find_compiler(compiler);
    compiler->linker = find_program("ld");
}

void compiler_finish(struct compiler *compiler) {
    compiler_cancel(compiler);
    spare_drop(compiler);
    zygote_stop(compiler);
    drop_command(compiler);
    if (compiler->probe >= 0)
        (void)close(compiler->probe);
    reap(&compiler->probe_pid);
    free(compiler->command_flags);
    free(compiler->ldflags);
    free(compiler->path);
    free(compiler->linker);
}

void compiler_warm(struct compiler *compiler, const struct front *front) {
    if (!compiler->path)
        return;
    if (!compiler->probed && is_clang(compiler)) {
        probe_start(compiler, front);
        return; /* its answer is read when the first cell comes */
    }
    settle_command(compiler, front);
    zygote_start(compiler);
    spare_start(compiler, front);
}

/* ---- a cell ---- */

static bool watch(struct compiler *compiler, pid_t pid, enum compiler_step step) {
    if (compiler->pidfd >= 0)
        (void)close(compiler->pidfd);
    compiler->pid = pid;
    compiler->pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    compiler->step = compiler->pidfd >= 0 ? step : COMPILER_IDLE;
    return compiler->pidfd >= 0;
}

bool compiler_start(struct compiler *compiler, const struct front *front, bool hoists,
    const struct buf *unit, const char *ldflags) {
    if (!compiler->path)
        return false;
    free(compiler->ldflags);
    compiler->ldflags = must_copy(ldflags, strlen(ldflags));
    compiler->start_us = clock_monotonic_us();
    settle_command(compiler, front);
    bool with_pch = hoists && front->pch && compiler->is_own_clang && compiler->linker;
    zygote_start(compiler);
    int input = -1;
    pid_t pid = 0;
    if (compiler->spare.pid && waitpid(compiler->spare.pid, NULL, WNOHANG) != 0) {
        (void)close(compiler->spare.input); /* it has ended, whoever ended it */
        compiler->spare.pid = 0;
    }
    if (with_pch && spare_fits(compiler, front)) {
        pid = compiler->spare.pid;
        input = compiler->spare.input;
        compiler->current = compiler->spare.serial;
        compiler->spare.pid = 0;
        spare_drop(compiler);
    } else {
        pid = launch(compiler, front, with_pch, &input);
    }
    if (pid <= 0)
        return false;
    if (!with_pch && hoists)
        (void)file_write_all(input, front->text, strlen(front->text));
    (void)file_write_all(input, unit->data, unit->size);
    (void)close(input);
    return watch(compiler, pid, COMPILER_COMPILES);
}

/* Libraries by -l and -L go straight to the linker; what only the driver understands, through it.
 */
static bool is_plain(const char *ldflags) {
    for (const char *at = ldflags; *at;) {
        at += strspn(at, " \t");
        if (*at && strncmp(at, "-l", 2) != 0 && strncmp(at, "-L", 2) != 0)
            return false;
        at += strcspn(at, " \t");
    }
    return true;
}

static bool start_linker(struct compiler *compiler) {
    char object[512];
    char output[512];
    const char *argv[MOST_ARGUMENTS];
    size_t count = 0;
    bool plain = is_plain(compiler->ldflags);
    char *words = must_copy(compiler->ldflags, strlen(compiler->ldflags));
    file_name(compiler, compiler->current, "o", object);
    file_name(compiler, compiler->current, "so", output);
    argv[count++] = plain ? compiler->linker : compiler->path;
    argv[count++] = "-shared";
    argv[count++] = plain ? "-Bsymbolic" : "-Wl,-Bsymbolic";
    if (plain)
        argv[count++] = "--eh-frame-hdr";
    argv[count++] = object;
    argv[count++] = "-o";
    argv[count++] = output;
    add_words(argv, &count, words);
    argv[count] = NULL;
    int log = open_log(compiler, compiler->current);
    pid_t pid = spawn(argv, -1, log, log);
    (void)close(log);
    free(words);
    return watch(compiler, pid, COMPILER_LINKS);
}

enum compiler_result compiler_advance(
    struct compiler *compiler, struct buf *ret_path, struct buf *out) {
    int status = 0;
    char name[512];
    pid_t done = waitpid(compiler->pid, &status, WNOHANG);
    if (done == 0)
        return COMPILER_GOES_ON;
    compiler->pid = 0;
    bool fine = done > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (fine && compiler->step == COMPILER_COMPILES && compiler->is_own_clang && compiler->linker &&
        start_linker(compiler))
        return COMPILER_GOES_ON;
    (void)watch(compiler, 0, COMPILER_IDLE);
    file_name(compiler, compiler->current, "log", name);
    if (!fine)
        (void)!file_read(name, MOST_OUTPUT_BYTES, out, NULL);
    (void)unlink(name);
    file_name(compiler, compiler->current, "o", name);
    (void)unlink(name);
    file_name(compiler, compiler->current, "so", name);
    if (fine)
        buf_append_string(ret_path, name);
    return fine ? COMPILER_DONE : COMPILER_FAILED;
}

void compiler_cancel(struct compiler *compiler) {
    static const char *const endings[] = {"log", "o", "so"};
    if (compiler->pid <= 0)
        return;
    reap(&compiler->pid);
    (void)watch(compiler, 0, COMPILER_IDLE);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char name[512];
        file_name(compiler, compiler->current, endings[i], name);
        (void)unlink(name);
    }
}
