"""A Jupyter client for tests: starts kernels, sends requests, collects what belongs to each.

Nothing in here sleeps for order: every wait ends with a message or with a failed test.
"""

import contextlib
import copy
import json
import os
import queue
import re
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_server

import zmq
from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_client.session import Session

PROJECT = Path(__file__).resolve().parents[2]
BUILD = (PROJECT / os.environ.get("FORKERNEL_BUILD", "build/dev")).resolve()
FORKERNEL = BUILD / "bin" / "forkernel"
KERNEL = "forkernel-c"
TIMEOUT = 60 if "asan" in BUILD.name else 30


@dataclass(repr=False)
class Run:
    """One request with its reply and everything on iopub from busy to idle."""

    msg_id: str
    reply: dict | None = None
    iopub: list = field(default_factory=list)

    def __repr__(self):
        reply = self.reply and {k: v for k, v in self.content.items() if v and k != "traceback"}
        return f"<{reply} {[brief(m) for m in self.iopub]}>"

    @property
    def content(self):
        return self.reply["content"]

    @property
    def status(self):
        return self.content["status"]

    def of_type(self, *types):
        return [m for m in self.iopub if m["msg_type"] in types]

    def stream(self, name):
        return "".join(m["content"]["text"] for m in self.of_type("stream") if m["content"]["name"] == name)

    @property
    def stdout(self):
        return self.stream("stdout")

    @property
    def stderr(self):
        return self.stream("stderr")

    @property
    def result(self):
        """text/plain of the one execute_result, or None."""
        results = self.of_type("execute_result")
        assert len(results) <= 1, results
        return results[0]["content"]["data"]["text/plain"] if results else None

    @property
    def displays(self):
        return [m["content"]["data"] for m in self.of_type("display_data")]

    @property
    def error(self):
        """The content of the one error message, or None."""
        errors = self.of_type("error")
        assert len(errors) <= 1, errors
        return errors[0]["content"] if errors else None

    @property
    def text(self):
        """All that a person reads, for searching in."""
        parts = [self.stdout, self.stderr, self.result or ""]
        for data in self.displays:
            parts += [str(value) for value in data.values()]
        if self.error:
            parts += self.error["traceback"] + [self.error["ename"], self.error["evalue"]]
        return plain("\n".join(parts))


def plain(text):
    """Without the escape sequences that colour it."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)


class Kernel:
    """A running kernel and one client of it."""

    def __init__(self, *, notebook=None, env=None, **manager_options):
        self.env = dict(os.environ)
        self.env.pop("JPY_SESSION_NAME", None)
        if notebook is not None:
            self.env["JPY_SESSION_NAME"] = str(notebook)
        self.env.update(env or {})
        for attempts in range(5, 0, -1):
            self.manager = KernelManager(kernel_name=KERNEL, **manager_options)
            self.manager.start_kernel(env=self.env)
            try:
                self.client = self.connect()
                break
            except RuntimeError:
                # the manager has looked for ports that were free, and then another process took one of them
                if attempts == 1 or self.manager.is_alive() or not self._lacks_a_port():
                    raise
                self.manager.cleanup_resources()
        self.early = []  # replies that came while another one was waited for

    def _lacks_a_port(self):
        if self.manager.transport != "tcp":
            return False
        try:
            for port in self.manager.ports:
                create_server((self.manager.ip, port)).close()
            return False
        except OSError:
            return True

    def connect(self) -> BlockingKernelClient:
        client = self.another_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=TIMEOUT)
        except BaseException:
            client.stop_channels()
            raise
        return client

    def another_client(self) -> BlockingKernelClient:
        """Not started yet. With a session of its own: that is what sockets are told apart by."""
        return self.manager.client(session=Session(key=self.manager.session.key))

    @contextlib.contextmanager
    def beside(self):
        """Another client of the same kernel, as a second page is."""
        other = copy.copy(self)
        other.client, other.early = self.connect(), []
        try:
            yield other
        finally:
            other.client.stop_channels()

    def close(self):
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=not self.manager.is_alive())
        self.manager.cleanup_resources()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def pid(self):
        return self.manager.provisioner.process.pid

    def kill(self):
        """kill -9, and wait until it is gone."""
        self.manager.provisioner.process.kill()
        self.manager.provisioner.process.wait(timeout=TIMEOUT)

    # ---- requests ----

    def send(self, msg_type, content=None, *, channel="shell", metadata=None, header=None, buffers=None):
        """Returns the msg_id."""
        session = self.client.session
        msg = session.msg(msg_type, content or {}, metadata=metadata)
        msg["header"].update(header or {})
        socket = getattr(self.client, f"{channel}_channel").socket
        session.send(socket, msg, buffers=buffers)
        return msg["header"]["msg_id"]

    def execute(self, code, *, cell=None, metadata=None, **content):
        """Sends as JupyterLab does; returns the msg_id."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        } | content
        metadata = dict(metadata or {})
        if cell is not None:
            metadata = {"deletedCells": [], "recordTiming": False, "cellId": cell} | metadata
        return self.send("execute_request", content, metadata=metadata)

    def run(self, code, **options) -> Run:
        return self.finish(self.execute(code, **options))

    def ask(self, msg_type, content=None, *, channel="shell", **options) -> Run:
        return self.finish(self.send(msg_type, content, channel=channel, **options), channel=channel)

    # ---- answers ----

    def next_iopub(self, timeout=None):
        return self.client.get_iopub_msg(timeout=timeout or TIMEOUT)

    def iopub_until(self, msg_id, condition, timeout=None) -> list:
        """The iopub messages of a request up to the first one that the condition holds for."""
        seen = []
        deadline = time.monotonic() + (timeout or TIMEOUT)
        while True:
            try:
                msg = self.next_iopub(max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no such message on iopub; came: {[brief(m) for m in seen]}") from None
            if msg["parent_header"].get("msg_id") == msg_id:
                seen.append(msg)
                if condition(msg):
                    return seen

    def wait_for_output(self, msg_id, text) -> str:
        """Reads iopub until the request's stdout contains the text; returns all of it so far."""
        so_far = ""

        def arrived(msg):
            nonlocal so_far
            if msg["msg_type"] == "stream":
                so_far += msg["content"]["text"]
            return text in so_far

        self.iopub_until(msg_id, arrived)
        return so_far

    def reply_to(self, msg_id, *, channel="shell", timeout=None):
        for index, msg in enumerate(self.early):
            if msg["parent_header"].get("msg_id") == msg_id:
                return self.early.pop(index)
        get = getattr(self.client, f"get_{channel}_msg")
        deadline = time.monotonic() + (timeout or TIMEOUT)
        while True:
            try:
                msg = get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no reply on {channel}") from None
            if msg["parent_header"].get("msg_id") == msg_id:
                return msg
            self.early.append(msg)

    def finish(self, msg_id, *, channel="shell", reply=True, timeout=None) -> Run:
        """Waits for idle, and for the reply when there has to be one."""
        run = Run(msg_id)
        run.iopub = self.iopub_until(msg_id, is_idle, timeout)
        if reply:
            run.reply = self.reply_to(msg_id, channel=channel, timeout=timeout)
        return run

    def answer(self, value):
        """Waits for an input_request and answers it; returns its content."""
        request = self.client.get_stdin_msg(timeout=TIMEOUT)
        assert request["msg_type"] == "input_request"
        self.client.input(value)
        return request["content"]

    def assert_alive(self):
        assert self.ask("kernel_info_request").status == "ok"


def is_idle(msg):
    return msg["msg_type"] == "status" and msg["content"]["execution_state"] == "idle"


def brief(msg):
    return msg["msg_type"], msg["content"]


@contextlib.contextmanager
def raw_socket(kernel, channel="shell"):
    """A DEALER to the kernel that sends whatever frames a test likes."""
    info = kernel.manager.get_connection_info()
    context = zmq.Context()
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    if info["transport"] == "tcp":
        socket.connect(f"tcp://{info['ip']}:{info[channel + '_port']}")
    else:
        socket.connect(f"ipc://{info['ip']}-{info[channel + '_port']}")
    try:
        yield socket
    finally:
        socket.close()
        context.term()


def signed_frames(kernel, msg_type, content=None):
    """The frames of a good request, for a test to break."""
    key = kernel.manager.session.key
    session = Session(key=key, username="raw")
    return session.serialize(session.msg(msg_type, content or {}))


def forkernel(*arguments, env=None, check=True) -> subprocess.CompletedProcess:
    """Runs the command line; output as text without colours."""
    done = subprocess.run(
        [str(FORKERNEL), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
    )
    if check:
        assert done.returncode == 0, f"forkernel {arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    done.stdout, done.stderr = plain(done.stdout), plain(done.stderr)
    return done


def tree(notebook, **options) -> str:
    return forkernel("tree", notebook, **options).stdout


def show(notebook, version, **options) -> str:
    return forkernel("show", notebook, version, **options).stdout


def install_kernelspec(prefix: Path):
    """Installs as a user does, and makes this process find it before all others."""
    forkernel("install", "--prefix", prefix)
    share = prefix / "share" / "jupyter"
    spec = share / "kernels" / KERNEL / "kernel.json"
    assert json.loads(spec.read_text())["argv"][0] == str(FORKERNEL)
    os.environ["JUPYTER_PATH"] = str(share)
    return spec.parent
