"""What the benchmarks share: a kernel, started with a bare pyzmq client, and rows of a table."""

import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

import zmq

DELIMITER = b"<IDS|MSG>"
CHANNELS = {"shell": zmq.DEALER, "control": zmq.DEALER, "iopub": zmq.SUB}


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Result:
    """What came of a cell; the times are those of time.monotonic(), which is CLOCK_MONOTONIC."""

    def __init__(self):
        self.text = ""
        self.metadata = self.reply = None
        self.replied = self.idle = None

    def microseconds(self, step):
        return self.metadata.get("forkernel", {}).get("timing_us", {}).get(step, 0)


class Kernel:
    """A running kernel and the sockets to it."""

    def __init__(self, argv, env=None):
        self.folder = tempfile.mkdtemp(prefix="kernel-bench-")
        ports = free_ports(5)
        names = ("shell", "control", "iopub", "stdin", "hb")
        self.ports = dict(zip(names, ports))
        self.key = uuid.uuid4().hex.encode()
        self.session = uuid.uuid4().hex
        self.counter = 0
        self.file = os.path.join(self.folder, "connection.json")
        connection = {f"{name}_port": port for name, port in self.ports.items()}
        connection.update(ip="127.0.0.1", transport="tcp", key=self.key.decode(), signature_scheme="hmac-sha256")
        with open(self.file, "w") as out:
            json.dump(connection, out)
        self.context = zmq.Context()
        self.sockets = {}
        for name, kind in CHANNELS.items():
            self.sockets[name] = self.context.socket(kind)
            self.sockets[name].linger = 0
            # the first attempt comes before the kernel listens: ask often, or the client is what is measured
            self.sockets[name].reconnect_ivl = 1
            if kind == zmq.SUB:
                self.sockets[name].subscribe(b"")
            self.sockets[name].connect(f"tcp://127.0.0.1:{self.ports[name]}")
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [word.format(connection_file=self.file) for word in argv],
            env={**os.environ, "JPY_PARENT_PID": str(os.getpid()), **(env or {})},  # they end with this process
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def send(self, channel, kind, content):
        self.counter += 1
        msg_id = f"{self.session}_{self.counter}"
        header = {
            "msg_id": msg_id,
            "session": self.session,
            "username": "bench",
            "date": "2026-01-01T00:00:00Z",
            "msg_type": kind,
            "version": "5.3",
        }
        frames = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        signature = hmac.new(self.key, b"".join(frames), hashlib.sha256).hexdigest().encode()
        self.sockets[channel].send_multipart([DELIMITER, signature, *frames])
        return msg_id

    def receive(self, channel, timeout_ms=60000):
        if not self.sockets[channel].poll(timeout_ms):
            raise TimeoutError(f"nothing on {channel}")
        frames = self.sockets[channel].recv_multipart()
        frames = frames[frames.index(DELIMITER) + 2 :]
        return [json.loads(frame) for frame in frames[:4]]

    def wait_ready(self):
        """Seconds from launch to the first kernel_info_reply."""
        self.send("shell", "kernel_info_request", {})
        self.receive("shell")
        ready = time.perf_counter() - self.started
        deadline = time.perf_counter() + 5
        while time.perf_counter() < deadline:  # iopub may join later than shell
            try:
                self.send("shell", "kernel_info_request", {})
                self.receive("shell")
                self.receive("iopub", 200)
                break
            except TimeoutError:
                continue
        time.sleep(0.2)
        while self.sockets["iopub"].poll(0):
            self.sockets["iopub"].recv_multipart()
        return ready

    def begin(self, code):
        """Send a cell; the id to wait for."""
        return self.send(
            "shell",
            "execute_request",
            {
                "code": code,
                "silent": False,
                "store_history": True,
                "user_expressions": {},
                "allow_stdin": False,
                "stop_on_error": True,
            },
        )

    def finish(self, msg_id, timeout=120):
        """Wait for a cell's reply and idle. Of several cells that were sent, in the order of sending."""
        result = Result()
        poller = zmq.Poller()
        for name in ("shell", "iopub"):
            poller.register(self.sockets[name], zmq.POLLIN)
        while not (result.replied and result.idle):
            ready = dict(poller.poll(timeout * 1000))
            if not ready:
                raise TimeoutError("no reply to a cell")
            if self.sockets["iopub"] in ready and not result.idle:
                header, parent, _, content = self.receive("iopub")
                if parent.get("msg_id") != msg_id:
                    continue
                if header["msg_type"] == "stream":
                    result.text += content["text"]
                if header["msg_type"] == "status" and content["execution_state"] == "idle":
                    result.idle = time.monotonic()
                    poller.unregister(self.sockets["iopub"])
            elif self.sockets["shell"] in ready and not result.replied:
                _, parent, result.metadata, result.reply = self.receive("shell")
                if parent.get("msg_id") != msg_id:
                    raise RuntimeError("a reply to another request")
                result.replied = time.monotonic()
                poller.unregister(self.sockets["shell"])
        return result

    def execute(self, code):
        """Seconds to reply and idle, the reply's metadata, bytes of stream text."""
        begun = time.monotonic()
        result = self.finish(self.begin(code))
        seconds = max(result.replied, result.idle) - begun
        if result.reply["status"] != "ok":
            raise RuntimeError(f"{code!r}: {result.reply}")
        return seconds, result.metadata, len(result.text)

    def processes(self):
        """The kernel and its children: [(name, resident KiB, proportional KiB)]."""
        found = []
        pids = [self.process.pid]
        for pid in pids:
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/children") as children:
                        pids += [int(child) for child in children.read().split()]
                with open(f"/proc/{pid}/smaps_rollup") as smaps:
                    sizes = dict(line.split(":", 1) for line in smaps if ":" in line and "kB" in line)
                with open(f"/proc/{pid}/comm") as comm:
                    name = comm.read().strip()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended meanwhile
            if "Rss" in sizes:
                found.append((name, int(sizes["Rss"].split()[0]), int(sizes["Pss"].split()[0])))
        return found

    def cpu_ticks(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def stop(self):
        try:
            self.send("control", "shutdown_request", {"restart": False})
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.context.destroy(linger=0)
        shutil.rmtree(self.folder)


def percentile(values, fraction):
    return sorted(values)[min(len(values) - 1, int(len(values) * fraction))]


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def milliseconds(seconds):
    return f"{seconds * 1e3:.2f} ms"
