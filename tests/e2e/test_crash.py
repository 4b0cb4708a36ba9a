"""kill -9 and other ends of a kernel."""

import os
import signal
import subprocess
import sys
import time

import pytest
from client import KERNEL, TIMEOUT, Kernel, forkernel, show, tree
from processes import children, wait_until_gone

PRINTING = (
    "#include <stdio.h>\n#include <unistd.h>\n"
    "for (int i = 0;; i++) {\n"
    '    printf("line %d\\n", i);\n'
    "    fflush(stdout);\n"
    "    usleep(1000);\n"
    "}"
)


@pytest.mark.parametrize("lines", [1, 50, 300])
def test_kill_in_the_middle_of_a_printing_cell(notebook, lines):
    with Kernel(notebook=notebook) as kernel:
        kernel.run("1", cell="c1")
        kernel.run("2", cell="c1")
        msg_id = kernel.execute(PRINTING, cell="c2")
        shown = kernel.wait_for_output(msg_id, f"line {lines}\n")
        below = children(kernel.pid)
        kernel.kill()
        wait_until_gone(below)
    # The next kernel carries the same trees on.
    with Kernel(notebook=notebook) as kernel:
        kept = show(notebook, 3)
        assert shown in kept, "what was shown is not in the history"
        kernel.run("1", cell="c1")
        kernel.run("10", cell="c1")
        kernel.run(PRINTING.replace("i = 0;;", "i = 0; i < 2;"), cell="c2")
    assert "10" in show(notebook, 4)
    text = show(notebook, 5)
    assert "line 1" in text
    assert forkernel("show", notebook, 6, check=False).returncode != 0
    assert "running" not in tree(notebook)


def test_the_tree_can_be_read_right_after_the_kill(notebook):
    with Kernel(notebook=notebook) as kernel:
        msg_id = kernel.execute(PRINTING, cell="c1")
        shown = kernel.wait_for_output(msg_id, "line 20\n")
        kernel.kill()
        text = tree(notebook)
        assert "for (int i" in text
        assert "running" not in text, "nothing runs any more"
        assert shown in show(notebook, 1)


def test_kill_at_many_moments(notebook):
    """Whatever was acknowledged before a kill is there afterwards."""
    acknowledged = []
    for turn in range(8):
        with Kernel(notebook=notebook) as kernel:
            for n in range(turn % 3):
                code = f"{turn} * 1000 + {n}"
                assert kernel.run(code, cell=f"c{n}").status == "ok"
                acknowledged.append(code)
            kernel.execute(f"{turn} * 2000", cell="c9")
            time.sleep(turn * 0.004)  # a different moment each time; nothing waits for it
            kernel.kill()
        text = tree(notebook) if acknowledged else ""
        for code in acknowledged:
            assert code in text


def test_kill_of_the_worker_leaves_the_kernel(kernel):
    run = kernel.run("#include <signal.h>\n#include <unistd.h>\nkill(getpid(), SIGKILL);")
    assert run.status == "error"
    assert kernel.run("1 + 1").result == "2"


def test_kill_of_every_helper_leaves_the_kernel(kernel):
    kernel.run("1")
    for pid in children(kernel.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for _ in range(3):  # the first cells may report what happened
        run = kernel.run("1 + 1")
    assert run.result == "2"


@pytest.mark.parametrize("running", [False, True])
def test_shutdown(notebook, running):
    with Kernel(notebook=notebook) as kernel:
        kernel.run("1")
        if running:
            msg_id = kernel.execute(PRINTING)
            kernel.wait_for_output(msg_id, "line 1\n")
        below = children(kernel.pid)
        begin = time.monotonic()
        asked = kernel.send("shutdown_request", {"restart": False}, channel="control")
        reply = kernel.reply_to(asked, channel="control")
        assert reply["content"] == {"status": "ok", "restart": False}
        kernel.iopub_until(asked, lambda m: m["msg_type"] == "shutdown_reply")
        kernel.manager.provisioner.process.wait(timeout=TIMEOUT)
        assert time.monotonic() - begin < 2.5 or "asan" in str(kernel.manager.kernel_spec.argv)
        assert kernel.manager.provisioner.process.returncode == 0
        wait_until_gone(below)


def test_restart_keeps_ports_and_history(kernel, notebook):
    kernel.run("int a = 1;", cell="c1")
    before = kernel.manager.get_connection_info()
    kernel.manager.restart_kernel(now=False)
    kernel.client.wait_for_ready(timeout=TIMEOUT)
    assert kernel.manager.get_connection_info() == before
    assert kernel.run("a", cell="c1").status == "error"  # a new program
    assert kernel.run("1", cell="c1").content["execution_count"] == 2
    assert "int a = 1;" in tree(notebook)


def test_sigterm_ends_it_in_order(notebook):
    with Kernel(notebook=notebook) as kernel:
        kernel.run("1", cell="c1")
        below = children(kernel.pid)
        os.kill(kernel.pid, signal.SIGTERM)
        kernel.manager.provisioner.process.wait(timeout=TIMEOUT)
        wait_until_gone(below)
    assert "1" in show(notebook, 1)


def test_ends_with_its_parent(notebook, tmp_path):
    """JPY_PARENT_PID: a kernel whose server was killed does not stay."""
    script = (
        "import os, sys, time\n"
        "from jupyter_client import KernelManager\n"
        f"m = KernelManager(kernel_name={KERNEL!r})\n"
        "m.start_kernel()\n"
        "c = m.client(); c.start_channels(); c.wait_for_ready(timeout=60)\n"
        "print(m.provisioner.process.pid, flush=True)\n"
        "time.sleep(1000)\n"
    )
    server = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pid = int(server.stdout.readline())
    server.kill()
    server.wait()
    wait_until_gone([pid])


def test_prints_nothing_at_start(notebook, tmp_path):
    log = tmp_path / "stdout"
    with open(log, "wb") as out:
        from jupyter_client import KernelManager

        manager = KernelManager(kernel_name=KERNEL)
        manager.start_kernel(stdout=out)
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=TIMEOUT)
        client.stop_channels()
        manager.shutdown_kernel()
    assert log.read_bytes() == b""


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"transport": "tcp"}', '{"transport": "carrier pigeon", "ip": "127.0.0.1"}', "\x00\xff", None],
)
def test_bad_connection_file(tmp_path, data_dir, content):
    path = tmp_path / "connection.json"
    if content is not None:
        path.write_text(content, encoding="latin-1")
    done = forkernel("kernel", "--connection-file", path, check=False)
    assert done.returncode > 0
    assert str(path) in done.stderr, done.stderr
