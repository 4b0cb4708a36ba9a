"""Cells that do what they can against the kernel: it goes on answering, and says what happened."""

import os
import signal

from client import forkernel

INCLUDES = "#include <stdio.h>\n#include <unistd.h>\n#include <string.h>\n#include <stdlib.h>\n"
# a WORKER_CLEAR message, as the worker would send it, without ever reading an answer
FLOOD = "unsigned char clear[] = {4, 0, 0, 0, 68, 0, 0, 0};\nfor (;;) write(3, clear, sizeof clear);"


def interrupt(kernel):
    os.kill(kernel.pid, signal.SIGINT)


def assert_alive(kernel):
    assert kernel.run("1 + 1").result == "2"


def test_a_flood_of_messages_does_not_hold_the_kernel(kernel):
    msg_id = kernel.execute(f'{INCLUDES}puts("begun");\nfflush(stdout);\n{FLOOD}')
    kernel.wait_for_output(msg_id, "begun\n")
    info = kernel.send("kernel_info_request", channel="control")
    assert kernel.reply_to(info, channel="control")["content"]["status"] == "ok"
    interrupt(kernel)
    assert kernel.finish(msg_id).status == "error"
    assert_alive(kernel)


def test_background_printing_does_not_hold_the_kernel(kernel):
    run = kernel.run(
        f"{INCLUDES}for (int i = 0; i < 3; i++)\n    if (fork() == 0) {{ alarm(3); for (;;) puts(\"x\"); }}\n"
        'fk_html("<b>shown</b>");'
    )
    assert run.displays[0]["text/html"] == "<b>shown</b>"
    assert_alive(kernel)


def test_a_child_of_a_cell_keeps_out_of_its_conversation(kernel):
    run = kernel.run(
        f"{INCLUDES}#include <sys/wait.h>\n"
        'pid_t child = fork();\nif (child == 0) { fk_html("child"); exit(3); }\n'
        "int status;\nwaitpid(child, &status, 0);\nWEXITSTATUS(status)"
    )
    assert run.result == "3"
    assert not run.displays
    assert "only the cell's own process" in run.stderr
    assert_alive(kernel)


def test_a_stuck_parse_can_be_interrupted(kernel, tmp_path):
    os.mkfifo(tmp_path / "never.h")
    msg_id = kernel.execute(f'#include "{tmp_path}/never.h"\n1')
    kernel.iopub_until(msg_id, lambda msg: msg["msg_type"] == "execute_input")
    interrupt(kernel)
    run = kernel.finish(msg_id)
    assert run.content["ename"] == "KeyboardInterrupt"
    assert_alive(kernel)


def test_displays_that_nobody_could_look_at_are_slowed_down(kernel):
    run = kernel.run(f"{INCLUDES}for (int i = 0; i < 150; i++) fk_display(\"text/plain\", \"x\");")
    assert len(run.displays) == 150
    timing = run.reply["metadata"]["forkernel"]["timing_us"]
    assert timing["run"] >= 50 * 20000  # all but a hundred of them wait


def test_the_language_service_may_die_in_a_query(kernel):
    """The client gets an answer, and the next cell runs."""
    assert_alive(kernel)
    children = f"/proc/{kernel.pid}/task/{kernel.pid}/children"
    with open(children) as file:
        pids = [int(pid) for pid in file.read().split()]
    language = next(pid for pid in pids if "forkernel-c-lan" in open(f"/proc/{pid}/comm").read())
    os.kill(language, signal.SIGSTOP)
    msg_id = kernel.send("complete_request", {"code": "pri", "cursor_pos": 3})
    kernel.iopub_until(msg_id, lambda msg: msg["msg_type"] == "status")  # the kernel has taken it: busy
    os.kill(language, signal.SIGKILL)
    assert kernel.reply_to(msg_id)["content"]["status"] == "error"
    assert_alive(kernel)


def test_background_output_stays_with_its_run(kernel, notebook):
    """A hidden request in between does not take it over."""
    release = notebook.parent / "release"
    os.mkfifo(release)
    run = kernel.run(
        f"{INCLUDES}#include <fcntl.h>\n"
        f'if (fork() == 0) {{ open("{release}", O_RDONLY); puts("late"); exit(0); }}\nputs("soon");',
        cell="late",
    )
    assert kernel.run("1", silent=True, store_history=False).status == "ok"
    release.write_text("")
    kernel.iopub_until(run.msg_id, lambda msg: "late" in msg["content"].get("text", ""))
    kernel.manager.shutdown_kernel()
    assert "late" in forkernel("show", notebook, "1").stdout.split("soon")[-1]
