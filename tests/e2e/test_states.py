"""Live states: what a crash leaves, going back and forth, and running again what is not live."""

import os
import signal

import pytest
from client import TIMEOUT, Kernel
from processes import children, named, wait_until_gone, wait_until_named
from states import NEW, PARTIAL, SAME, after_a_kill, fails, fk, last_run, ok, parents, runs, states, wait_for_states
from test_interrupt import by_message

INCLUDES = (
    "#include <errno.h>\n#include <fcntl.h>\n#include <pthread.h>\n#include <signal.h>\n#include <stdio.h>\n"
    "#include <stdlib.h>\n#include <string.h>\n#include <time.h>\n#include <unistd.h>\n"
    "#include <sys/prctl.h>\n#include <sys/resource.h>\n#include <sys/syscall.h>\n#include <sys/wait.h>\n"
)
CRASHES = {
    "fault": ("*(volatile int *)0 = 1;", "SIGSEGV"),
    "abort": ("abort();", "SIGABRT"),
    "exit": ("exit(3);", "ExitStatus"),
    "division": ("volatile int zero = 0; volatile int one = 7 / zero;", "SIGFPE"),
    "stack overflow": ("int deep(int n) { volatile char a[9999]; a[0] = 1; return deep(n + 1) + a[0]; }\ndeep(0);", "SIGSEGV"),
    "killed": ("raise(SIGKILL);", "SIGKILL"),
    "ended by the system": ("syscall(SYS_exit_group, 4);", "WorkerEnded"),
    "closed everything": ("for (int fd = 3; fd < 1000; fd++) close(fd);", None),
}
AS_BEFORE = "Every variable is as it was before this cell."


def again_from_file(path):
    """A cell that goes on for ever when the file is there."""
    return f'puts("begun"); fflush(stdout); while (access("{path}", F_OK) == 0) {{}}'


def restart(kernel):
    kernel.manager.restart_kernel(now=False)
    kernel.client.wait_for_ready(timeout=TIMEOUT)


# ---- crashes ----


@pytest.mark.parametrize("crash", CRASHES)
def test_a_crash_is_an_error_message(kernel, tmp_path, crash):
    code, ename = CRASHES[crash]
    ok(kernel, INCLUDES + "int kept = 41; double numbers[1000]; char *text = strdup(\"before\");\n#define TWICE(x) (2 * (x))")
    ok(kernel, "struct point { int x, y; } p = {1, 2}; int next(void) { static int n; return ++n; }\nnext(); numbers[7] = 0.5;")
    run = fails(
        kernel,
        "kept = 99; numbers[7] = 3; text[0] = 'X'; p.y = 9; next();\nint lost = 1;\n"
        f'FILE *file = fopen("{tmp_path / "effect"}", "w"); fputs("12345", file); fclose(file);\n{code}',
        ename,
    )
    assert AS_BEFORE in run.text
    assert "wrote 5 bytes outside of its output" in run.text
    shown = ok(kernel, 'printf("%d %g %s %d %d %d\\n", kept, numbers[7], text, p.y, next(), TWICE(4));')
    assert shown.stdout == "41 0.5 before 2 2 8\n"
    assert "lost" in fails(kernel, "lost", "CompileError").text


def test_crash_of_the_first_cell(kernel):
    run = fails(kernel, "int x = 1;\n__builtin_trap();", "SIGILL")
    assert "Nothing was defined before this cell, and nothing is now." in run.text
    fails(kernel, "x", "CompileError")
    assert ok(kernel, "int x = 2;\nx").result == "2"


def test_crash_after_an_interrupt_that_was_not_heard(kernel):
    ok(kernel, INCLUDES + "int kept = 1;")
    msg_id = kernel.execute(
        'sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, 0);\nkept = 2;\nputs("begun");\nfor (;;) {}'
    )
    kernel.wait_for_output(msg_id, "begun\n")
    by_message(kernel)
    run = kernel.finish(msg_id)
    assert run.content["ename"] == "KeyboardInterrupt"
    assert AS_BEFORE in run.text
    assert ok(kernel, "kept").result == "1"


def test_many_crashes_in_a_row(kernel):
    ok(kernel, INCLUDES + "int kept = 1;")
    cells = [kernel.execute(code, stop_on_error=False) for _ in range(8) for code in ("kept++; abort();", "kept++; raise(SIGKILL);", "kept")]
    for number, msg_id in enumerate(cells):
        run = kernel.finish(msg_id)
        assert run.result == ("1" if number % 3 == 2 else None), run.text


def test_an_error_of_the_compiler_leaves_the_state(kernel, data_dir):
    ok(kernel, "int x = 1;")
    fails(kernel, "x = 2; y;", "CompileError")
    assert ok(kernel, "x").result == "1"
    assert [(row[1] or 0, row[2]) for row in runs(data_dir)] == [(0, NEW), (1, SAME), (1, NEW)]


def test_the_program_cell_that_crashes_touches_nothing(kernel):
    ok(kernel, "int kept = 1;")
    fails(kernel, "#include <stdlib.h>\nint main(void) { abort(); }")
    assert ok(kernel, "kept").result == "1"


def test_interrupt_right_after_a_crash(kernel):
    ok(kernel, INCLUDES + "int kept = 1;")
    for _ in range(5):
        msg_id = kernel.execute("kept = 2; abort();")
        kernel.iopub_until(msg_id, lambda m: m["msg_type"] == "error")
        by_message(kernel)
        kernel.finish(msg_id)
        by_message(kernel)
        assert ok(kernel, "kept").result == "1"


def test_the_worker_is_killed_between_two_cells(kernel):
    ok(kernel, INCLUDES + "int x = 5;")
    for _ in range(3):
        pid = int(ok(kernel, "(int)getpid()").result)
        os.kill(pid, signal.SIGKILL)
        assert after_a_kill(kernel, "x").result == "5"


def test_one_after_the_other_is_killed(kernel):
    """The worker and each twin: whatever is left, the variables are there."""
    ok(kernel, "int x = 5;")
    ok(kernel, "int y = 6;")
    ok(kernel, "x++;")
    for turn in range(12):
        workers = named(kernel.pid, "forkernel-c-worker")
        os.kill(workers[turn % len(workers)], signal.SIGKILL)
        assert after_a_kill(kernel, "x * 10 + y").result == "66"


def test_all_of_them_are_killed(kernel):
    ok(kernel, "int x = 5;")
    ok(kernel, "x++;")
    for pid in named(kernel.pid, "forkernel-c-worker"):
        os.kill(pid, signal.SIGKILL)
    assert after_a_kill(kernel, "x").result == "6"


def test_the_worker_is_killed_while_a_cell_compiles(kernel):
    ok(kernel, "int x = 5;")
    slow = "".join(f"int f{n}(int a) {{ return a + x + {n}; }}\n" for n in range(1500))
    for turn in range(3):
        msg_id = kernel.execute(slow + "x++;")
        kernel.iopub_until(msg_id, lambda m: m["msg_type"] == "execute_input")
        os.kill(named(kernel.pid, "forkernel-c-worker")[-1 - turn % 2], signal.SIGKILL)
        kernel.finish(msg_id)
        assert ok(kernel, "x = 5;\nx").result == "5"


def test_effects_of_the_fallen_cell_that_prints_only(kernel):
    ok(kernel, INCLUDES)
    run = fails(kernel, 'printf("shown"); abort();')
    assert run.stdout == "shown"
    assert "outside" not in run.text


# ---- undo, redo, goto ----


def test_definitions_go_with_the_state(kernel):
    ok(kernel, "int x = 1; int f(void) { return 10 * x; }\n#define SCALE 2\ntypedef int number;")
    ok(kernel, "#include <math.h>\n#undef SCALE\n#define SCALE 3\ntypedef double length; struct p { int a; };")
    ok(kernel, "double x = 2.5; int f(void) { return 7; }")
    assert ok(kernel, "x * SCALE + f() + sqrt(4)").result == "16.5"
    fk(kernel, "goto 1")
    assert ok(kernel, "x * SCALE + f()").result == "12"
    fails(kernel, "length y;", "CompileError")
    fails(kernel, "struct p q = {1};", "CompileError")
    matches = kernel.ask("complete_request", {"code": "lengt", "cursor_pos": 5}).content["matches"]
    assert "length" not in matches
    fk(kernel, "goto 3")
    assert ok(kernel, "length y = x;\ny").result == "2.5"
    matches = kernel.ask("complete_request", {"code": "lengt", "cursor_pos": 5}).content["matches"]
    assert "length" in matches
    assert ok(kernel, "struct p q = {4};\nq.a + SCALE").result == "7"


def test_undo_and_redo(kernel, data_dir):
    for n in range(1, 5):
        ok(kernel, f"int x{n} = {n};")
    assert "Run 4 [4] is undone; %fk redo brings it back." in fk(kernel, "undo").text
    fk(kernel, "undo")
    fails(kernel, "x3", "CompileError")
    assert "state of run 3" in fk(kernel, "redo").text
    fk(kernel, "redo")
    assert ok(kernel, "x1 + x2 + x3 + x4").result == "10"
    assert "nothing to redo" in kernel.run("%fk redo").text
    for _ in range(5):
        fk(kernel, "undo")
    assert "no run to undo" in kernel.run("%fk undo").text
    fails(kernel, "x1", "CompileError")
    # a new branch: redo follows it
    ok(kernel, "int x1 = 100;")
    fk(kernel, "undo")
    fk(kernel, "redo")
    assert ok(kernel, "x1").result == "100"
    assert parents(data_dir)[last_run(data_dir)] == last_run(data_dir) - 1


def test_goto_by_run_by_count_and_zero(kernel, data_dir):
    for n in range(1, 4):
        ok(kernel, "%fk help")
        ok(kernel, f"int x = {n};")
    count = ok(kernel, "x").content["execution_count"]
    fk(kernel, "goto 1")
    assert ok(kernel, "x").result == "1"
    fk(kernel, "goto [4]")
    assert ok(kernel, "x").result == "2"
    fk(kernel, "goto 0")
    fails(kernel, "x", "CompileError")
    ok(kernel, "int x = 9;")
    fk(kernel, "goto 3")
    run = ok(kernel, "x")
    assert run.result == "3"
    assert run.content["execution_count"] == count + 9, "counts only rise"
    assert parents(data_dir) == {1: 0, 2: 1, 3: 2, 4: 3, 5: 1, 6: 2, 7: 0, 8: 0, 9: 3}
    _, current = states(kernel)
    assert current == 9


@pytest.mark.parametrize("line", ["goto", "goto x", "goto [x]", "goto 99", "goto [99]", "goto -1", "goto 1 2", "undo 9", "undo x", "undo 1 1", "redo 1", "resume 1", "goto 99999999999999999999"])
def test_a_wrong_goto_moves_nothing(kernel, line):
    ok(kernel, "int x = 1;")
    ok(kernel, "x = 2;")
    assert kernel.run(f"%fk {line}").status == "error"
    assert ok(kernel, "x").result == "2"


def test_moving_is_the_last_command_of_its_cell(kernel):
    ok(kernel, "int x = 1;")
    ok(kernel, "x = 2;")
    assert "last one in its cell" in kernel.run("%fk goto 1\n%fk states").text
    assert ok(kernel, "x").result == "2"
    assert kernel.run("%fk states\n%fk goto 1\n").status == "ok"
    assert ok(kernel, "x").result == "1"


def test_states_lists_branches(kernel):
    ok(kernel, "int x = 1;")
    ok(kernel, "x = 2;")
    fk(kernel, "goto 1")
    ok(kernel, "x = 3;")
    rows, current = states(kernel)
    assert current == 3
    assert all(text.split("  ")[1].startswith("live") for text in rows.values()), rows
    text = fk(kernel, "states").text
    assert "├─╯" in text
    assert "states kept live, " in text
    fk(kernel, "states --pin 2")
    assert ", pinned" in states(kernel)[0][2]
    fk(kernel, "states --unpin 2")
    assert ", pinned" not in states(kernel)[0][2]
    assert kernel.run("%fk states --pin 77").status == "error"
    assert kernel.run("%fk states --budget much").status == "error"
    assert kernel.run("%fk states --budget -1").status == "error"


def test_a_cell_right_behind_a_goto(kernel):
    for n in range(1, 4):
        ok(kernel, "int x = 1;" if n == 1 else "x++;")
    for run in (1, 2, 3, 1, 3, 2):
        pending = [kernel.execute(f"%fk goto {run}"), kernel.execute("x"), kernel.execute("x = 77;"), kernel.execute("x")]
        results = [kernel.finish(msg_id).result for msg_id in pending]
        assert results == [None, str(run), None, "77"]


def test_gotos_quicker_than_checkpoints(kernel):
    """Each finds the checkpoint that the one before has asked for still on its way."""
    ok(kernel, INCLUDES + "int x = 1;")
    ok(kernel, "x = 2;")
    for turn in range(10):
        lines = ["x += 0;", "%fk goto 1", "%fk goto 2", "%fk undo", "%fk goto 2"]
        for msg_id in [kernel.execute(line) for line in lines[turn % 2 :]]:
            assert kernel.finish(msg_id).status == "ok"
        if turn % 3 == 0:
            assert AS_BEFORE in fails(kernel, "x = 3; abort();").text
        assert ok(kernel, "x").result == "2"
    fk(kernel, "states --off")
    wait_until_named(1, kernel.pid, "forkernel-c-worker")  # nobody would know of others
    fk(kernel, "states --on")


def test_two_clients(kernel):
    ok(kernel, "int x = 1;")
    ok(kernel, "x = 2;")
    other = kernel.connect()
    try:
        for _ in range(10):
            mine = [kernel.execute("%fk goto 1"), kernel.execute("x")]
            theirs = other.execute("x + 100 > 100")
            assert [kernel.finish(msg_id).status for msg_id in mine] == ["ok", "ok"]
            assert other.get_shell_msg(timeout=TIMEOUT)["content"]["status"] == "ok"
            assert theirs
    finally:
        other.stop_channels()
    fk(kernel, "goto 2")
    assert ok(kernel, "x").result == "2"


def test_an_interrupted_cell_keeps_what_it_did(kernel, data_dir, tmp_path):
    ok(kernel, INCLUDES + "int x = 1;")
    msg_id = kernel.execute('x = 2; puts("begun"); fflush(stdout); for (;;) {}')
    kernel.wait_for_output(msg_id, "begun\n")
    by_message(kernel)
    kernel.finish(msg_id)
    assert ok(kernel, "x").result == "2"
    fk(kernel, "undo")
    fk(kernel, "undo")
    assert ok(kernel, "x").result == "1"
    fk(kernel, "goto 2")
    assert ok(kernel, "x").result == "2"
    assert runs(data_dir)[1][2] == PARTIAL
    fk(kernel, "goto 1")
    fk(kernel, "states --off")
    rows, _ = states(kernel)
    assert "gone: run 2 was interrupted" in rows[2]
    assert "gone: run 2 was interrupted" in rows[3]
    assert "is gone: run 2 was interrupted" in kernel.run("%fk goto 3").text
    assert ok(kernel, "x").result == "1"


def test_a_crash_behind_an_interrupted_cell(kernel):
    """What cannot be had again is said to be gone, and not offered."""
    ok(kernel, INCLUDES + "int x = 1;")
    msg_id = kernel.execute('x = 2; puts("begun"); fflush(stdout); for (;;) {}')
    kernel.wait_for_output(msg_id, "begun\n")
    by_message(kernel)
    kernel.finish(msg_id)
    ok(kernel, "x++;")
    fk(kernel, "states --off")
    run = fails(kernel, "x = 9; abort();")
    assert "What was there before this is gone: run 2 was interrupted." in run.text
    assert "goto" not in run.text
    fails(kernel, "x", "CompileError")


def test_off_and_on(kernel):
    ok(kernel, "int x = 1;")
    ok(kernel, "x = 2;")
    assert "No live states are kept" in fk(kernel, "states --off").text
    wait_until_named(1, kernel.pid, "forkernel-c-worker")  # the system takes a moment to end them
    ok(kernel, "x = 3;")
    assert len(named(kernel.pid, "forkernel-c-worker")) == 1
    assert "Running 1 cell again" in fk(kernel, "goto 1").text
    assert ok(kernel, "x").result == "1"
    fk(kernel, "goto 3")
    assert ok(kernel, "x").result == "3"
    fk(kernel, "states --on")
    fails(kernel, "x = 4; __builtin_trap();", "SIGILL")
    assert ok(kernel, "x").result == "3"
    assert "Running" not in fk(kernel, "undo").text


def test_crash_where_no_states_are_kept(kernel):
    ok(kernel, "int x = 1;")
    ok(kernel, "x += 1;")
    fk(kernel, "states --off")
    run = fails(kernel, "x = 4; __builtin_trap();", "SIGILL")
    assert "the kernel now runs 2 cells again" in run.text
    assert ok(kernel, "x").result == "2"


def test_a_crash_runs_nothing_again_that_has_effects(kernel, tmp_path):
    log = tmp_path / "log"
    ok(kernel, INCLUDES + "int x = 1;")
    ok(kernel, f'FILE *f = fopen("{log}", "a"); fputs("once\\n", f); fclose(f); x = 2;')
    fk(kernel, "states --off")
    run = fails(kernel, "x = 4; abort();", "SIGABRT")
    assert "%fk goto 2 brings back" in run.text
    assert log.read_text() == "once\n"
    fails(kernel, "x", "CompileError")
    fk(kernel, "goto 2")
    assert ok(kernel, "x").result == "2"
    assert log.read_text() == "once\nonce\n"


# ---- running again ----


def test_evicted_states_run_again(kernel):
    ok(kernel, "double big[2000000];\nfor (int i = 0; i < 2000000; i++) big[i] = i;")
    for _ in range(4):
        ok(kernel, "for (int i = 0; i < 2000000; i++) big[i] += 1;")
    fk(kernel, "states --pin 2")
    fk(kernel, "states --budget 1M")
    rows = wait_for_states(kernel, lambda rows: sum("again" in text for text in rows.values()) >= 4)
    assert "live" in rows[5]
    before = len(named(kernel.pid, "forkernel-c-worker"))
    assert before <= 3
    moved = fk(kernel, "goto 3").text
    assert "Running" in moved and "cells again" in moved or "cell again" in moved
    assert ok(kernel, "big[7]").result == "9.0"
    fk(kernel, "goto 5")
    assert ok(kernel, "big[7] + big[1999999]").result == "2000014.0"
    fk(kernel, "states --budget 10G")


def test_budget_keeps_a_pinned_state(kernel):
    ok(kernel, "double big[1000000];\nfor (int i = 0; i < 1000000; i++) big[i] = i;")
    for _ in range(7):
        ok(kernel, "for (int i = 0; i < 1000000; i++) big[i] += 1;")
    fk(kernel, "states --pin 3")
    fk(kernel, "states --budget 24M")
    rows = wait_for_states(kernel, lambda rows: any("again" in text for text in rows.values()))
    assert "live" in rows[3], rows


def test_resume_after_a_restart(kernel, tmp_path):
    counter = tmp_path / "counter"
    ok(kernel, INCLUDES + "int x = 1;")
    ok(kernel, 'struct timespec now; clock_gettime(CLOCK_REALTIME, &now); printf("%ld\\n", now.tv_nsec);')
    ok(
        kernel,
        f'int n = 0; FILE *f = fopen("{counter}", "r"); if (f) {{ fscanf(f, "%d", &n); fclose(f); }}\n'
        f'f = fopen("{counter}", "w"); fprintf(f, "%d", n + 1); fclose(f);\nn',
    )
    fails(kernel, "x = 50; abort();")
    ok(kernel, "x++;")
    restart(kernel)
    fails(kernel, "x", "CompileError")
    rows, current = states(kernel)
    assert current == 0
    assert all("again" in text for text in rows.values()), rows
    run = fk(kernel, "resume")
    assert "Running 4 cells again" in run.text
    assert "Run 2 [2]: its output differs in line 1" in run.text
    assert "Run 3 [3]: its result differs in line 1: it was '0' and is '1'" in run.text
    assert "Run 1" not in run.text
    assert ok(kernel, "x * 10 + n").result == "21"
    fk(kernel, "goto 3")
    assert ok(kernel, "x").result == "1"


def test_resume_goes_where_the_last_kernel_went(kernel, data_dir):
    ok(kernel, "int x = 1;")
    ok(kernel, "x = 2;")
    fk(kernel, "goto 1")
    restart(kernel)
    fk(kernel, "resume")
    assert ok(kernel, "x").result == "1"
    assert parents(data_dir) == {1: 0, 2: 1, 3: 1}
    kernel.kill()
    with Kernel(notebook=kernel.env["JPY_SESSION_NAME"]) as after:
        fk(after, "resume")
        assert ok(after, "x").result == "1"
        fk(after, "goto 2")
        assert ok(after, "x").result == "2"


def test_resume_without_anything(kernel):
    assert "No history" in kernel.run("%fk resume").text
    ok(kernel, "1")
    assert "no earlier kernel" in kernel.run("%fk resume").text


@pytest.mark.parametrize("queued", [False, True])
def test_interrupt_while_cells_run_again(kernel, tmp_path, queued):
    flag = tmp_path / "flag"
    ok(kernel, INCLUDES + "int x = 1;")
    ok(kernel, f"x = 2; {again_from_file(flag)}")
    ok(kernel, "x = 3;")
    restart(kernel)
    flag.touch()
    msg_id = kernel.execute("%fk resume")
    waiting = kernel.execute("x = 50;") if queued else None
    kernel.wait_for_output(msg_id, "1/3")
    by_message(kernel)
    run = kernel.finish(msg_id)
    assert run.content["ename"] == "KeyboardInterrupt"
    assert "interrupted while run 2 was run again; the program is in the state of run 1" in run.text
    if queued:
        assert kernel.finish(waiting).status == "error"
    assert ok(kernel, "x").result == "1"
    flag.unlink()
    fk(kernel, "goto 3")
    assert ok(kernel, "x").result == "3"


def test_a_cell_that_fails_when_it_runs_again(kernel, tmp_path):
    flag = tmp_path / "flag"
    ok(kernel, INCLUDES + "int x = 1;")
    ok(kernel, f'x = 2; if (access("{flag}", F_OK) == 0) abort();')
    ok(kernel, "x = 3;")
    restart(kernel)
    flag.touch()
    run = kernel.run("%fk resume")
    assert run.content["ename"] == "StateError"
    assert "run 2, run again, failed: SIGABRT" in run.text
    assert "the program is in the state of run 1" in run.text
    assert ok(kernel, "x").result == "1"


def test_a_cell_that_was_edited_runs_again_as_it_was(kernel):
    ok(kernel, "int x = 1;", cell="a")
    ok(kernel, "x += 10;", cell="b")
    ok(kernel, "x += 100;", cell="b")
    restart(kernel)
    fk(kernel, "goto 2")
    assert ok(kernel, "x", cell="c").result == "11"
    fk(kernel, "resume")
    assert ok(kernel, "x", cell="c").result == "111"


@pytest.mark.parametrize("end", ["shutdown", "restart", "kill", "SIGTERM"])
def test_the_kernel_ends_while_cells_run_again(notebook, tmp_path, end):
    flag = tmp_path / "flag"
    with Kernel(notebook=notebook) as kernel:
        ok(kernel, INCLUDES + "int x = 1;")
        ok(kernel, f"x = 2; {again_from_file(flag)}")
        fk(kernel, "states --off")
        fk(kernel, "goto 1")
        fk(kernel, "states --on")
        flag.touch()
        msg_id = kernel.execute("%fk goto 2")
        kernel.wait_for_output(msg_id, "Running")
        below = children(kernel.pid)
        if end == "shutdown":
            kernel.manager.shutdown_kernel()
        elif end == "restart":
            restart(kernel)
        elif end == "kill":
            kernel.kill()
        else:
            os.kill(kernel.pid, signal.SIGTERM)
            kernel.manager.provisioner.process.wait(timeout=TIMEOUT)
        wait_until_gone(below)
        flag.unlink()
        if end == "restart":
            fk(kernel, "resume")
            assert ok(kernel, "x").result == "1"


def test_input_is_not_asked_for_again(kernel):
    ok(kernel, INCLUDES + "int n = -1;")
    msg_id = kernel.execute('scanf("%d", &n);', allow_stdin=True)
    kernel.answer("5")
    assert kernel.finish(msg_id).status == "ok"
    assert ok(kernel, "n").result == "5"
    fk(kernel, "goto 1")
    fk(kernel, "goto 2")
    assert ok(kernel, "n").result == "5", "a live state holds what was typed"
    restart(kernel)
    fk(kernel, "goto 2")
    assert ok(kernel, "n").result == "-1", "running again gets the end of the input"


# ---- without a history, without states, without an engine that has any ----


def test_without_a_history(notebook):
    with Kernel(notebook=notebook, env={"FORKERNEL_HISTORY": "off"}) as kernel:
        ok(kernel, "int x = 1;")
        run = fails(kernel, "x = 2; __builtin_trap();", "SIGILL")
        assert AS_BEFORE in run.text
        assert ok(kernel, "x").result == "1"
        for line in ("undo", "goto 1", "states", "resume"):
            assert "the history is switched off" in kernel.run(f"%fk {line}").text
        for pid in named(kernel.pid, "forkernel-c-worker"):
            os.kill(pid, signal.SIGKILL)
        run = kernel.run("x")
        assert run.status == "error" or run.result == "1", run.text
        after_a_kill(kernel, "int y = 1;")


def test_without_states(notebook):
    with Kernel(notebook=notebook, env={"FORKERNEL_STATES": "off"}) as kernel:
        ok(kernel, "int x = 1;")
        ok(kernel, "x++;")
        assert len(named(kernel.pid, "forkernel-c-worker")) == 1
        fails(kernel, "x = 9; __builtin_trap();", "SIGILL")
        assert ok(kernel, "x").result == "2"
        fk(kernel, "goto 1")
        assert ok(kernel, "x").result == "1"


def test_the_echo_engine_runs_again(notebook, data_dir, kernelspec, tmp_path, monkeypatch):
    share = tmp_path / "share" / "kernels" / "forkernel-c"
    share.mkdir(parents=True)
    spec = (kernelspec / "kernel.json").read_text()
    (share / "kernel.json").write_text(spec.replace('"kernel"', '"kernel", "--engine", "echo"', 1))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    with Kernel(notebook=notebook) as kernel:
        assert ok(kernel, "one").stdout == "one\n"
        ok(kernel, "two")
        fails(kernel, ":error no", "EchoError")
        assert "This engine keeps no live states" in fk(kernel, "states").text
        assert "Running 1 cell again" in fk(kernel, "goto 1").text
        ok(kernel, "three")
        assert parents(data_dir)[last_run(data_dir)] == 1
        fk(kernel, "goto 0")
        fk(kernel, "goto 2")
        assert states(kernel)[1] == 2
