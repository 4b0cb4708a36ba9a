/*
 * Interrupts and faults.
 *
 * SIGINT ends a cell by a jump out of it, which is safe only where the interrupted instruction is
 * the user's own: a jump out of malloc would leave its lock taken for good. So inside a library the
 * handler turns on single-stepping, and the trap after each instruction looks again: within
 * microseconds the library has returned to the user's code, whatever it is, and the jump is taken
 * there. A blocking call has been ended by the signal itself (EINTR). Where the processor cannot be
 * stepped, or too many steps pass, a timer looks again and in the end jumps all the same.
 */
#include "kernel/engine/c/worker/worker.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

enum {
    FAULT_STACK_BYTES = 256 * 1024,
    MOST_FRAMES = 48,
    MOST_STEPS = 200000,
    LOOK_AGAIN_US = 20000,
    MOST_LOOKS = 50, /* a second */
};

static struct {
    long steps;
    int looks;
    volatile sig_atomic_t in_fault;
    sigjmp_buf unwind_failed;
} state;

/* ---- interrupts ---- */

static uintptr_t context_pc(const ucontext_t *context) {
#if defined __x86_64__
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined __aarch64__
    return (uintptr_t)context->uc_mcontext.pc;
#endif
}

static void set_stepping(ucontext_t *context, bool on) {
#if defined __x86_64__
    enum { TRAP_FLAG = 0x100 };
    if (on)
        context->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
    else
        context->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
#else
    (void)context;
    (void)on;
#endif
}

static void set_timer(bool on) {
    struct itimerval timer = {0};
    if (on)
        timer.it_value.tv_usec = timer.it_interval.tv_usec = LOOK_AGAIN_US;
    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

static void try_to_leave(ucontext_t *context) {
    if (run_is_user_code(context_pc(context)) || state.looks > MOST_LOOKS)
        siglongjmp(worker.landing, 1);
    set_stepping(context, state.steps < MOST_STEPS);
}

static void on_interrupt(int signal, siginfo_t *info, void *context) {
    (void)info;
    int saved = errno;
    if (gettid() != getpid()) { /* a thread of the user's: the cell is the first one's */
        (void)syscall(SYS_tgkill, getpid(), getpid(), signal);
        return;
    }
    if (signal != SIGALRM) {
        if (!worker.interrupted)
            state.looks = 0;
        worker.interrupted = 1;
        state.steps = 0;
        if (worker.running)
            set_timer(true);
    } else {
        state.looks++;
        state.steps = 0;
    }
    if (worker.running && worker.interrupted)
        try_to_leave(context);
    errno = saved;
}

void signals_calm(void) {
    set_timer(false);
    state.steps = 0;
}

/* ---- faults ---- */

struct trace {
    uintptr_t pcs[MOST_FRAMES];
    size_t count;
};

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *data) {
    struct trace *trace = data;
    int before = 0;
    uintptr_t pc = _Unwind_GetIPInfo(context, &before);
    if (trace->count == MOST_FRAMES || !pc)
        return _URC_END_OF_STACK;
    trace->pcs[trace->count++] = before ? pc : pc - 1; /* a return address: the call before it */
    return _URC_NO_REASON;
}

static void collect(struct trace *trace, uintptr_t pc) {
    struct trace whole = {0};
    if (sigsetjmp(state.unwind_failed, 1) == 0)
        (void)_Unwind_Backtrace(add_frame, &whole);
    /* the frames of this handler come first: start where the fault was */
    size_t start = 0;
    while (start < whole.count && whole.pcs[start] != pc)
        start++;
    trace->pcs[0] = pc;
    trace->count = 1;
    for (size_t i = start + 1; i < whole.count; i++)
        trace->pcs[trace->count++] = whole.pcs[i];
}

/* What stdout still holds, without its lock, which the fault may have left taken. */
static void write_pending(FILE *stream, int fd) {
#ifdef __GLIBC__
    const char *from = stream->_IO_write_base;
    while (from && from < stream->_IO_write_ptr) {
        ssize_t n = write(fd, from, (size_t)(stream->_IO_write_ptr - from));
        if (n <= 0)
            break;
        from += n;
    }
#else
    (void)stream;
    (void)fd;
#endif
}

static void report(int signal, const siginfo_t *info, const struct trace *trace) {
    struct buf out = BUF_INIT;
    frame_begin(&out, WORKER_FAULT);
    frame_add_int(&out, signal);
    frame_add_int(&out, (int64_t)(uintptr_t)info->si_addr);
    frame_add_int(&out, worker.in_program || worker.pid != getpid());
    for (size_t i = 0; i < trace->count; i++) {
        Dl_info place;
        char line[1024];
        if (!dladdr((void *)trace->pcs[i], &place) || !place.dli_fname)
            continue;
        (void)snprintf(line, sizeof line, "%s\t%llx\t%s", place.dli_fname,
            (unsigned long long)(trace->pcs[i] - (uintptr_t)place.dli_fbase),
            place.dli_sname ? place.dli_sname : "");
        frame_add_string(&out, line);
    }
    frame_end(&out);
    (void)!frame_send(MESSAGES_FD, &out, NULL);
}

static void on_fault(int signal, siginfo_t *info, void *data) {
    ucontext_t *context = data;
    if (signal == SIGTRAP && info->si_code == TRAP_TRACE) {
        state.steps++;
        if (worker.running && worker.interrupted)
            try_to_leave(context);
        else
            set_stepping(context, false);
        return;
    }
    if (state.in_fault++) /* the stack is so broken that walking it failed too */
        siglongjmp(state.unwind_failed, 1);
    (void)alarm(5);
    write_pending(stdout, STDOUT_FILENO);
    write_pending(stderr, STDERR_FILENO);
    struct trace trace;
    collect(&trace, context_pc(context));
    report(signal, info, &trace);
    struct sigaction plain = {.sa_handler = SIG_DFL};
    (void)sigaction(signal, &plain, NULL);
    (void)raise(signal); /* delivered as soon as this handler returns */
}

/* ---- */

static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};

void signals_install(void) {
    void *memory =
        mmap(NULL, FAULT_STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t stack = {.ss_sp = memory, .ss_size = FAULT_STACK_BYTES};
    if (memory != MAP_FAILED)
        (void)sigaltstack(&stack, NULL);
    struct sigaction fault = {
        .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    (void)sigemptyset(&fault.sa_mask);
    (void)sigaddset(&fault.sa_mask, SIGINT);
    (void)sigaddset(&fault.sa_mask, SIGALRM);
    (void)sigaddset(&fault.sa_mask, MESSAGES_INTERRUPT);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        (void)sigaction(faults[i], &fault, NULL);
    struct sigaction interrupt = {
        .sa_sigaction = on_interrupt, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    (void)sigemptyset(&interrupt.sa_mask);
    (void)sigaddset(&interrupt.sa_mask, SIGINT);
    (void)sigaddset(&interrupt.sa_mask, SIGALRM);
    (void)sigaddset(&interrupt.sa_mask, MESSAGES_INTERRUPT);
    (void)sigaction(SIGINT, &interrupt, NULL);
    (void)sigaction(MESSAGES_INTERRUPT, &interrupt, NULL);
    (void)sigaction(SIGALRM, &interrupt, NULL);
}

void signals_for_program(void) {
    struct sigaction plain = {.sa_handler = SIG_DFL};
    (void)sigaction(SIGINT, &plain, NULL);
    (void)sigaction(SIGALRM, &plain, NULL);
}
