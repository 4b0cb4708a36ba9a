"""What live states must not leave behind, and what a program must not notice of them."""

import os
import signal
import time

import pytest
from client import BUILD, TIMEOUT, Kernel
from processes import children, descriptors, memory_kib, named, wait_until_gone, wait_until_no_zombies
from states import fails, fk, ok, wait_for_summary
from test_interrupt import by_message
from test_states import AS_BEFORE, INCLUDES, restart

SANITIZED = "asan" in BUILD.name
ENDLESS = 'puts("begun"); fflush(stdout); for (;;) {}'


def grow(kernel):
    """A tree with a branch, a crash and live states in it."""
    ok(kernel, INCLUDES + "int x = 1;")
    ok(kernel, "x = 2;")
    fails(kernel, "x = 3; abort();")
    fk(kernel, "goto 1")
    ok(kernel, "x = 4;")
    fk(kernel, "undo")


def wait_for_workers(kernel, count):
    """Checkpoints come behind the reply."""
    deadline = time.monotonic() + TIMEOUT
    while len(workers := named(kernel.pid, "forkernel-c-worker")) != count:
        assert time.monotonic() < deadline, workers
        time.sleep(0.01)


# ---- the end of the kernel ----


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("end", ["shutdown", "kill", "SIGTERM"])
def test_nothing_outlives_the_kernel(notebook, end, busy):
    with Kernel(notebook=notebook) as kernel:
        grow(kernel)
        if busy:
            kernel.wait_for_output(kernel.execute(ENDLESS), "begun\n")
        below = children(kernel.pid)
        assert len(below) >= 5
        if end == "shutdown":
            kernel.manager.shutdown_kernel()
        elif end == "kill":
            kernel.kill()
        else:
            os.kill(kernel.pid, signal.SIGTERM)
            kernel.manager.provisioner.process.wait(timeout=TIMEOUT)
        wait_until_gone(below)


def test_nothing_outlives_a_kill_while_checkpoints_are_taken(notebook):
    for turn in range(6):
        with Kernel(notebook=notebook) as kernel:
            ok(kernel, INCLUDES + "int x = 1;")
            for line in ("x = 2;", "%fk goto 1", "x = 3;", "%fk undo", "x = 4; abort();"):
                kernel.execute(line)
            time.sleep(turn * 0.02)  # a different moment each time; nothing waits for it
            group = kernel.pid
            below = children(group)
            kernel.kill()
            wait_until_gone(below)


# ---- while it runs ----


def test_nothing_grows(kernel):
    """Descriptors, processes and memory before and after many cells and moves."""
    ok(kernel, INCLUDES + "int x = 0;")

    def turn(n):
        ok(kernel, f"x = {n};")
        ok(kernel, "x++;")
        fk(kernel, "undo")
        if n % 5 == 0:
            fails(kernel, "x = -1; abort();")
        if n % 5 == 1:
            fk(kernel, "redo")
        if n % 5 == 2:
            fk(kernel, "goto 1")

    def count():
        fk(kernel, "states --off")
        fk(kernel, "states --on")
        wait_for_workers(kernel, 2)
        wait_until_no_zombies(kernel.pid)
        worker = int(ok(kernel, "(int)getpid()").result)
        fk(kernel, "goto 1")
        fk(kernel, "states --off")
        fk(kernel, "states --on")
        wait_for_workers(kernel, 2)
        return descriptors(kernel.pid), descriptors(worker) if os.path.exists(f"/proc/{worker}") else None, memory_kib(kernel.pid)

    for n in range(10):
        turn(n)
    kernel_before, worker_before, kib_before = count()
    for n in range(40):
        turn(n)
    kernel_after, worker_after, kib_after = count()
    assert kernel_after == kernel_before
    assert worker_after == worker_before
    if not SANITIZED:  # which keeps what is freed for a while
        assert kib_after < kib_before + 4096


def test_descriptors_are_bounded_by_the_twins(kernel):
    ok(kernel, INCLUDES + "int x = 0;")
    before = descriptors(kernel.pid)
    in_worker = 4
    for _ in range(75):
        ok(kernel, "x++;")
    workers = named(kernel.pid, "forkernel-c-worker")
    assert len(workers) <= 66, "64 checkpoints, one more while it comes, and the worker"
    assert descriptors(kernel.pid) <= before + 3 * len(workers)
    ok(kernel, INCLUDES + "#include <dirent.h>\nint count; DIR *folder;")
    count = "count = 0; folder = opendir(\"/proc/self/fd\"); while (readdir(folder)) count++; closedir(folder);\ncount - 3"
    assert ok(kernel, count).result == str(in_worker), "'.', '..' and the folder itself do not count"
    wait_until_no_zombies(kernel.pid)
    fk(kernel, "help")  # what was to be given up is
    for pid in named(kernel.pid, "forkernel-c-worker")[:10]:
        assert descriptors(pid) <= in_worker + 1
    fk(kernel, "states --off")
    wait_for_workers(kernel, 1)
    assert descriptors(kernel.pid) <= before


def test_an_idle_kernel_with_states_does_nothing(kernel):
    grow(kernel)
    time.sleep(2.5)  # the measuring after a pause is over

    def ticks():
        total = 0
        for pid in [kernel.pid, *children(kernel.pid)]:
            with open(f"/proc/{pid}/stat") as file:
                total += sum(map(int, file.read().rpartition(")")[2].split()[11:13]))
        return total

    before = ticks()
    time.sleep(1)
    assert ticks() <= before + 1


# ---- what the program must not notice ----


def test_wait_meets_no_twin(kernel):
    ok(kernel, INCLUDES + "int status; pid_t child;")
    for _ in range(3):
        assert ok(kernel, "wait(&status) == -1 && errno == ECHILD").result == "1"
    ok(kernel, "child = fork();\nif (child == 0) _exit(7);")
    ok(kernel, "int other = 1;")
    assert ok(kernel, "wait(&status) == child ? WEXITSTATUS(status) : -1").result == "7"
    assert ok(kernel, "wait(&status)").result == "-1"
    fk(kernel, "undo")
    assert ok(kernel, "wait(&status)").result == "-1"


def test_a_handler_of_sigchld_counts_its_own_children(kernel):
    ok(kernel, INCLUDES + "volatile int count; void on_child(int s) { (void)s; count++; }")
    ok(kernel, "struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART}; sigaction(SIGCHLD, &action, NULL);")
    for _ in range(5):
        ok(kernel, "int same;")
    assert ok(kernel, "count").result == "0"
    ok(kernel, "if (fork() == 0) _exit(0);\nwait(NULL);")
    assert ok(kernel, "count").result == "1"
    fk(kernel, "undo")
    fk(kernel, "undo")
    ok(kernel, "int again;")
    assert ok(kernel, "count").result == "0"


def test_a_handler_of_sigchld_with_a_thread(kernel):
    """The thread has no signal blocked while the first one makes the checkpoint."""
    ok(kernel, INCLUDES + "volatile int count; void on_child(int s) { (void)s; count++; }\nvoid *idle(void *a) { for (;;) pause(); return a; }")
    ok(kernel, "signal(SIGCHLD, on_child); pthread_t thread; pthread_create(&thread, NULL, idle, NULL);")
    for _ in range(5):
        ok(kernel, "int same;")
    assert ok(kernel, "count").result == "0"


@pytest.mark.parametrize("how", ["SIG_IGN", "SA_NOCLDWAIT"])
def test_children_that_nobody_waits_for(kernel, how):
    ok(kernel, INCLUDES + "int x = 1;")
    if how == "SIG_IGN":
        ok(kernel, "signal(SIGCHLD, SIG_IGN);")
    else:
        ok(kernel, "struct sigaction a = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT}; sigaction(SIGCHLD, &a, NULL);")
    ok(kernel, "x = 2;")
    assert AS_BEFORE in fails(kernel, "x = 3; abort();").text
    assert ok(kernel, "x").result == "2"


def test_atexit_runs_at_most_once(kernel, tmp_path):
    log = tmp_path / "log"
    ok(kernel, INCLUDES + f'void bye(int s, void *a) {{ int fd = open("{log}", O_CREAT | O_APPEND | O_WRONLY, 0600); write(fd, "bye\\n", 4); close(fd); }}')
    ok(kernel, "on_exit(bye, NULL); void plain(void) { bye(0, NULL); }\natexit(plain);")
    for n in range(4):
        ok(kernel, f"int y{n};")
    fails(kernel, "exit(1);")
    fk(kernel, "goto 1")
    fk(kernel, "goto 2")
    fk(kernel, "states --off")
    fails(kernel, "abort();")
    restart(kernel)
    assert not log.exists() or log.read_text().count("bye") <= 1


def test_output_without_a_newline_comes_once(kernel, tmp_path):
    log = tmp_path / "log"
    ok(kernel, INCLUDES + f'FILE *log = fopen("{log}", "w");')
    assert ok(kernel, 'printf("half"); fputs("once", log);').stdout == "half"
    assert ok(kernel, "int y;").text.strip() == ""
    fk(kernel, "undo")
    assert ok(kernel, 'printf("other");').stdout == "other"
    fails(kernel, "abort();")
    ok(kernel, "fclose(log);")
    assert log.read_text() == "once"


def test_the_end_of_a_pipe_is_heard(kernel):
    """Checkpoints in between hold no writer open."""
    ok(kernel, INCLUDES + "int ends[2]; pid_t reader; int status;\npipe(ends);")
    ok(
        kernel,
        "reader = fork();\nif (reader == 0) { char c; close(ends[1]); int n = 0; while (read(ends[0], &c, 1) == 1) n++; _exit(n); }\n"
        "close(ends[0]);",
    )
    for _ in range(4):
        ok(kernel, 'write(ends[1], "x", 1);')
    ok(kernel, "close(ends[1]);")
    msg_id = kernel.execute("waitpid(reader, &status, 0) == reader ? WEXITSTATUS(status) : -1")
    assert kernel.finish(msg_id).result == "4"


def test_popen_ends(kernel):
    ok(kernel, INCLUDES + 'FILE *sort = popen("sort", "w");')
    ok(kernel, 'fputs("b\\n", sort);')
    ok(kernel, 'fputs("a\\n", sort);')
    assert ok(kernel, "pclose(sort)").text.split() == ["a", "b", "0"]


# ---- programs that make it hard ----


def test_threads_that_allocate_and_print(kernel):
    # gcc's sanitizer has no fork handler: a copy made while another thread allocates may wait for its lock for ever.
    # So there no thread does: stdout has its buffer before the first one prints, and a cell ends when all have begun.
    work = "sched_yield(); turns++" if SANITIZED else "free(malloc(1 + turns++ % 5000))"
    begin = "for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, busy, NULL);"
    if SANITIZED:
        begin = f"begun = 0; {begin} while (begun < 2) usleep(100);"
    ok(
        kernel,
        INCLUDES + 'volatile int stop; volatile long turns; _Atomic int begun; puts("ready");\n'
        f'void *busy(void *a) {{ begun++; while (!stop) {{ {work}; if (turns % 1000 == 0) {{ printf("."); fflush(stdout); }} }} return a; }}',
    )
    ok(kernel, f"pthread_t threads[2];\n{begin}")
    for n in range(7):
        ok(kernel, f"char *p{n} = malloc(100); sprintf(p{n}, \"{n}\"); puts(p{n});")
        if n % 3 == 0:
            fk(kernel, "undo")
            # the threads are not there any more, and neither are their locks
            run = ok(kernel, 'void *all[100]; for (int i = 0; i < 100; i++) all[i] = malloc(10 + 100 * i); printf("done\\n"); long was = turns; usleep(1000);\nturns == was')
            assert run.result == "1"
            assert "done" in run.stdout
            ok(kernel, begin)
    fails(kernel, "abort();")
    ok(kernel, 'puts("alive");')


def test_all_signals_blocked(kernel):
    ok(kernel, INCLUDES + "int x = 1; sigset_t all;")
    ok(kernel, "sigfillset(&all); sigprocmask(SIG_BLOCK, &all, NULL); x = 2;")
    ok(kernel, "x = 3;")
    fk(kernel, "undo")
    assert ok(kernel, "x").result == "2"
    assert ok(kernel, "sigset_t now; sigprocmask(SIG_BLOCK, NULL, &now);\nsigismember(&now, SIGUSR1)").result == "1"
    assert AS_BEFORE in fails(kernel, "x = 9; abort();").text
    assert ok(kernel, "x").result == "2"
    fk(kernel, "goto 1")
    msg_id = kernel.execute(ENDLESS)
    kernel.wait_for_output(msg_id, "begun\n")
    by_message(kernel)
    assert kernel.finish(msg_id).content["ename"] == "KeyboardInterrupt"


def test_no_descriptor_left_for_a_checkpoint(kernel):
    """That is said, and cells go on."""
    ok(kernel, INCLUDES + "int x = 1; struct rlimit few; int taken[64];")
    ok(kernel, "getrlimit(RLIMIT_NOFILE, &few); few.rlim_cur = 5; setrlimit(RLIMIT_NOFILE, &few); x = 2;")
    ok(kernel, "x = 3;")
    wait_for_summary(kernel, lambda text: "could not be kept: cannot fork the program: Too many open files" in text)
    run = fails(kernel, "x = 9; abort();")
    assert "runs 2 cells again" in run.text or "runs 1 cell again" in run.text
    assert ok(kernel, "x").result == "3"
    ok(kernel, "few.rlim_cur = 100; setrlimit(RLIMIT_NOFILE, &few);")
    wait_for_summary(kernel, lambda text: "could not be kept" not in text)
    assert AS_BEFORE in fails(kernel, "x = 9; abort();").text


def test_no_process_left_for_a_checkpoint(kernel):
    if os.getuid() == 0:  # whom the limit does not bind: a filter that says the same
        limit = (
            "struct sock_filter code[] = {{0x20, 0, 0, 0}, {0x15, 3, 0, SYS_clone}, {0x15, 2, 0, SYS_clone3},\n"
            "#ifdef SYS_fork\n{0x15, 1, 0, SYS_fork},\n#else\n{0x15, 1, 0, SYS_clone},\n#endif\n"
            "{0x06, 0, 0, SECCOMP_RET_ALLOW}, {0x06, 0, 0, SECCOMP_RET_ERRNO | EAGAIN}};\n"
            "struct sock_fprog filter = {6, code}; prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);\n"
            "prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);"
        )
    else:
        limit = "struct rlimit one = {1, 1}; setrlimit(RLIMIT_NPROC, &one);"
    ok(kernel, INCLUDES + "#include <linux/filter.h>\n#include <linux/seccomp.h>\nint x = 1;")
    ok(kernel, limit)
    assert ok(kernel, "x = 2;\nfork() == -1").result == "1"
    wait_for_summary(kernel, lambda text: "cannot fork the program: Resource temporarily unavailable" in text)
    wait_until_no_zombies(kernel.pid)
    fails(kernel, "x = 9; abort();")
    assert ok(kernel, "x").result == "2"
    fk(kernel, "goto 1")
    assert ok(kernel, "x = 5;\nfork() == 0 ? _exit(0), 0 : 1").result == "1"


def test_a_program_that_takes_orphans_in(kernel):
    """The twin is handed up by the end of the process between, to the kernel and not to this one."""
    ok(kernel, INCLUDES + "int x = 1; int status;\nprctl(PR_SET_CHILD_SUBREAPER, 1);")
    ok(kernel, "x = 2;")
    wait_for_summary(kernel, lambda text: "could not be kept" not in text)
    assert ok(kernel, "wait(&status) == -1 && errno == ECHILD").result == "1"
    assert AS_BEFORE in fails(kernel, "x = 9; abort();").text
    fk(kernel, "undo")
    assert ok(kernel, "int is; prctl(PR_GET_CHILD_SUBREAPER, &is);\nis * 10 + x").result == "12"


@pytest.mark.skipif(SANITIZED, reason="the sanitizer takes terabytes of addresses")
def test_a_limit_on_memory(kernel):
    ok(kernel, INCLUDES + "int x = 1; char big[50000000]; memset(big, 1, sizeof big);")
    ok(kernel, "struct rlimit all = {1000000000, 1000000000}; setrlimit(RLIMIT_AS, &all); x = 2;")
    assert ok(kernel, "void *volatile none = malloc(1000000000);\nnone == NULL").result == "1"
    assert AS_BEFORE in fails(kernel, "x = 9; abort();").text
    assert ok(kernel, "x + big[7]").result == "3"


def test_other_settings_of_the_process(kernel):
    ok(kernel, INCLUDES + "#include <sys/stat.h>\nint x = 1;")
    ok(kernel, 'prctl(PR_SET_NAME, "other (name)"); prctl(PR_SET_DUMPABLE, 0); prctl(PR_SET_PDEATHSIG, 0); chdir("/"); umask(0); setpgid(0, 0); setsid(); nice(1);')
    ok(kernel, "x = 2;")
    assert AS_BEFORE in fails(kernel, "x = 9; abort();").text
    fk(kernel, "undo")
    assert ok(kernel, "x").result == "1"
    below = children(kernel.pid)
    kernel.kill()
    wait_until_gone(below)


def test_children_that_stay(kernel):
    ok(kernel, INCLUDES + "int x = 1;\nif (fork() == 0) { for (;;) pause(); }\nif (fork() == 0) { for (;;) pause(); }")
    ok(kernel, "x = 2;")
    fk(kernel, "undo")
    assert ok(kernel, "x").result == "1"
    assert AS_BEFORE in fails(kernel, "x = 9; abort();").text
    assert ok(kernel, "wait(NULL)").result == "-1", "they are children of the process that ended"
    below = children(kernel.pid)
    kernel.manager.shutdown_kernel()
    wait_until_gone(below)


def test_orphans_that_end_between_cells(kernel):
    """The kernel takes them in, and takes leave of each at once: no cell has to come by."""
    ok(kernel, INCLUDES + 'system("(sleep 1 & sleep 1.2 &) >/dev/null 2>&1")')
    orphans = named(kernel.pid, "sleep")
    assert len(orphans) == 2
    wait_until_gone(orphans)
    wait_until_no_zombies(kernel.pid)


def test_standard_streams_closed(kernel):
    ok(kernel, INCLUDES + "int x = 1;")
    ok(kernel, "close(0); close(1); close(2);")
    ok(kernel, "x = 2;")
    assert AS_BEFORE in fails(kernel, "x = 9; abort();").text
    assert ok(kernel, "x").result == "2"
    fk(kernel, "goto 1")
    assert ok(kernel, 'puts("here");').stdout == "here\n"


def test_an_alternate_stack_and_handlers_of_the_users(kernel):
    ok(kernel, INCLUDES + "volatile int seen; void on_fault(int s) { seen = s; _exit(9); }")
    ok(kernel, "signal(SIGSEGV, on_fault); int x = 1;")
    run = fails(kernel, "x = 9; raise(SIGSEGV);")
    assert AS_BEFORE in run.text
    assert ok(kernel, "x").result == "1"


def test_user_expressions_belong_to_the_cell(kernel):
    ok(kernel, "int x = 1; int bump(void) { return ++x; }")
    run = ok(kernel, "x = 5;", user_expressions={"a": "bump()"})
    assert run.content["user_expressions"]["a"]["data"]["text/plain"] == "6"
    assert ok(kernel, "x").result == "6"
    fk(kernel, "goto 2")
    assert ok(kernel, "x").result == "6"
    run = kernel.run("x = 7;", user_expressions={"a": "bump()", "b": "*(volatile int *)0"})
    assert AS_BEFORE in run.text
    assert ok(kernel, "x").result == "6"


def test_silent_cells_leave_states(kernel):
    ok(kernel, "int x = 1;")
    ok(kernel, "x = 2;", silent=True)
    ok(kernel, "x += 10;", store_history=False)
    fails(kernel, "x = 9; __builtin_trap();")
    assert ok(kernel, "x").result == "12"
    fk(kernel, "undo")
    assert ok(kernel, "x").result in ("1", "12")


def test_late_output_is_not_lost(kernel):
    ok(kernel, INCLUDES + "int x = 1;")
    ok(kernel, 'if (fork() == 0) { usleep(200000); write(1, "late\\n", 5); _exit(0); }')
    msg_id = kernel.execute("%fk goto 1")
    kernel.finish(msg_id)
    assert ok(kernel, "x").result == "1"
