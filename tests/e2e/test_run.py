"""The command ./run: its messages, and how soon JupyterLab is there."""

import os
import re
import select
import signal
import socket
import subprocess
import time

import nbformat
import pytest
from client import PROJECT, TIMEOUT


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def seconds_to_lab(command, env):
    """How long until the server says where it is; returns that address too."""
    begin = time.monotonic()
    server = subprocess.Popen(
        command, cwd=PROJECT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True,
    )
    seen = b""
    try:
        while True:
            ready, _, _ = select.select([server.stdout], [], [], 90)
            piece = os.read(server.stdout.fileno(), 65536) if ready else b""
            assert piece, f"no JupyterLab:\n{seen.decode()}"
            seen += piece
            if found := re.search(rb"http://127\.0\.0\.1:\d+/lab\S*token=\w+", seen):
                return time.monotonic() - begin, found.group().decode()
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        server.stdout.close()


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["--nonsense"], "--help"),
        (["--headless"], "--help"),
        (["--headless", "no-such-file.ipynb"], "--help"),
        (["--timeout", "3"], "--headless"),
        (["--output"], "--help"),
    ],
)
def test_run_misuse(arguments, says):
    done = subprocess.run([PROJECT / "run", *arguments], capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 2
    assert says in done.stderr


def test_run_help():
    done = subprocess.run([PROJECT / "run", "--help"], capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0
    for word in ("--headless", "--output", "--timeout", "JupyterLab"):
        assert word in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_run_headless(data_dir, tmp_path):
    copy = tmp_path / "copy.ipynb"
    env = {**os.environ, "FORKERNEL_NO_PACKAGES": "1"}
    done = subprocess.run(
        [PROJECT / "run", "--headless", "examples/numerics.ipynb", "--output", copy],
        cwd=PROJECT, env=env, capture_output=True, text=True, timeout=500, stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    notebook = nbformat.read(copy, as_version=4)
    pictures = [o for c in notebook.cells for o in c.get("outputs", []) if "image/png" in o.get("data", {})]
    assert len(pictures) == 2


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_second_run_is_quick(data_dir):
    """At most 5 s more than JupyterLab alone takes."""
    env = {**os.environ, "FORKERNEL_NO_PACKAGES": ""}
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        env.pop(name, None)
    options = [f"--port={free_port()}", "--ServerApp.port_retries=0"]
    seconds_to_lab([PROJECT / "run", "--", *options], env)  # the first builds, perhaps
    root = ["--allow-root"] if os.geteuid() == 0 else []
    alone, _ = seconds_to_lab([PROJECT / ".venv/bin/jupyter-lab", "--no-browser", "--ip=127.0.0.1", *root, *options], env)
    ours, address = seconds_to_lab([PROJECT / "run", "--", *options], env)
    assert ours < alone + 5
    assert "/lab/tree/welcome.ipynb" in address
