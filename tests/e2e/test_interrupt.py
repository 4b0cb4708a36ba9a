"""Interrupts, by signal and by message, wherever the cell is."""

import os
import signal

import pytest

LOOPS = {
    "busy": "for (;;) {}",
    "printing": 'for (;;) { printf("line\\n"); }',
    "sleeping": "sleep(1000);",
    "blocked signal": "sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, 0);\nfor (;;) {}",
    "ignored signal": "signal(SIGINT, SIG_IGN);\nfor (;;) {}",
}
INCLUDES = "#include <stdio.h>\n#include <unistd.h>\n#include <signal.h>\n"


def by_group(kernel):
    """As the server sends it: to the whole process group."""
    os.killpg(os.getpgid(kernel.pid), signal.SIGINT)


def by_process(kernel):
    os.kill(kernel.pid, signal.SIGINT)


def by_message(kernel):
    msg_id = kernel.send("interrupt_request", channel="control")
    assert kernel.reply_to(msg_id, channel="control")["content"] == {"status": "ok"}


@pytest.mark.parametrize("interrupt", [by_group, by_process, by_message])
@pytest.mark.parametrize("loop", LOOPS)
def test_interrupt_ends_the_cell(kernel, loop, interrupt):
    msg_id = kernel.execute(f'{INCLUDES}puts("begun");\nfflush(stdout);\n{LOOPS[loop]}')
    kernel.wait_for_output(msg_id, "begun\n")
    interrupt(kernel)
    run = kernel.finish(msg_id)
    assert run.status == "error"
    assert run.content["ename"] == "KeyboardInterrupt"
    assert kernel.run("1 + 1").result == "2"


@pytest.mark.parametrize("interrupt", [by_group, by_message])
def test_interrupt_while_waiting_for_input(kernel, interrupt):
    msg_id = kernel.execute(f"{INCLUDES}int n;\nscanf(\"%d\", &n);\nfor (;;) {{}}", allow_stdin=True)
    kernel.client.get_stdin_msg(timeout=30)
    interrupt(kernel)
    run = kernel.finish(msg_id)
    assert run.status == "error"
    # The late answer belongs to nobody.
    kernel.client.input("5")
    assert kernel.run("1 + 1").result == "2"


def test_interrupt_of_nothing(kernel):
    for interrupt in (by_group, by_process, by_message):
        interrupt(kernel)
    assert kernel.run("1 + 1").result == "2"


def test_interrupt_keeps_variables(kernel):
    kernel.run("int kept = 5;")
    msg_id = kernel.execute(f'{INCLUDES}kept = 6;\nputs("begun");\nfflush(stdout);\nfor (;;) {{}}')
    kernel.wait_for_output(msg_id, "begun\n")
    by_group(kernel)
    kernel.finish(msg_id)
    assert kernel.run("kept").result == "6"


def test_interrupt_aborts_the_queue(kernel):
    msg_id = kernel.execute(f'{INCLUDES}puts("begun");\nfflush(stdout);\nfor (;;) {{}}')
    queued = kernel.execute("2")
    kernel.wait_for_output(msg_id, "begun\n")
    by_group(kernel)
    assert kernel.finish(msg_id).status == "error"
    assert kernel.finish(queued).status == "error"
