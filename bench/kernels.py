#!/usr/bin/env python3
"""forkernel and ipykernel side by side: one client, one run, one machine.

    .venv/bin/python bench/kernels.py [--forkernel build/release/bin/forkernel] [--rounds N] [--only NAME]

Measured: launch to kernel_info_reply; a trivial cell from sending it to reply and idle; printing 200,000 lines with
history on and off; memory and processor time while idle. Rounds of the two alternate, so that a machine that gets
slower in between slows both. The client is bare pyzmq: what it costs is the same for both.
"""

import argparse
import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
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

    def execute(self, code):
        """Seconds to reply and idle, the reply's content and metadata, bytes of stream text."""
        begun = time.perf_counter()
        msg_id = self.send(
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
        text = 0
        while True:
            header, parent, _, content = self.receive("iopub")
            if parent.get("msg_id") != msg_id:
                continue
            if header["msg_type"] == "stream":
                text += len(content["text"])
            if header["msg_type"] == "status" and content["execution_state"] == "idle":
                break
        _, _, metadata, reply = self.receive("shell")
        seconds = time.perf_counter() - begun
        if reply["status"] != "ok":
            raise RuntimeError(f"{code!r}: {reply}")
        return seconds, metadata, text

    def processes(self):
        """The kernel and its children: [(name, resident KiB, proportional KiB)]."""
        found = []
        pids = [self.process.pid]
        for pid in pids:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as children:
                    pids += [int(child) for child in children.read().split()]
            with open(f"/proc/{pid}/smaps_rollup") as smaps:
                sizes = dict(line.split(":", 1) for line in smaps if ":" in line and "kB" in line)
            with open(f"/proc/{pid}/comm") as comm:
                name = comm.read().strip()
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


class Bench:
    def __init__(self, options):
        self.data = tempfile.mkdtemp(prefix="kernel-bench-history-")
        self.notebook = os.path.join(self.data, "bench.ipynb")
        self.rounds = options.rounds
        self.forkernel = [options.forkernel, "kernel", "--engine", "c", "-f", "{connection_file}"]
        self.ipykernel = [options.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]

    def start_forkernel(self, history=True):
        env = {"FORKERNEL_DATA_DIR": self.data, "JPY_SESSION_NAME": self.notebook}
        return Kernel(self.forkernel + ([] if history else ["--no-history"]), env)

    def start_ipykernel(self):
        return Kernel(self.ipykernel, {"IPYTHONDIR": self.data})

    def launch(self):
        ours, theirs = [], []
        for _ in range(self.rounds):
            for start, times in ((self.start_forkernel, ours), (self.start_ipykernel, theirs)):
                kernel = start()
                times.append(kernel.wait_ready())
                kernel.stop()
        a, b = statistics.median(ours), statistics.median(theirs)
        row("launch to kernel_info_reply, median", milliseconds(a), milliseconds(b), f"1/{b / a:.1f}")

    def trivial(self):
        for pause in (0.05, 0):
            self.trivial_with_pause(pause)

    def trivial_with_pause(self, pause):
        """`pause` in seconds between the cells: a person who runs one after the other, or "run all" with 0."""
        ours, theirs = self.start_forkernel(), self.start_ipykernel()
        ours.wait_ready(), theirs.wait_ready()
        our_times, their_times, steps, other = [], [], {}, []
        for i in range(220):
            time.sleep(pause)
            seconds, metadata, _ = ours.execute("1")
            time.sleep(pause)
            their_seconds, _, _ = theirs.execute("1")
            if i < 20:
                continue
            our_times.append(seconds)
            their_times.append(their_seconds)
            timing = metadata.get("forkernel", {}).get("timing_us", {})
            for step, microseconds in timing.items():
                steps.setdefault(step, []).append(microseconds / 1e6)
            other.append(seconds - timing.get("compile", 0) / 1e6)
        ours.stop(), theirs.stop()
        when = f"{pause * 1e3:.0f} ms between" if pause else "back to back"
        for name, fraction in (("p50", 0.5), ("p99", 0.99)):
            a, b = percentile(our_times, fraction), percentile(their_times, fraction)
            row(f"a cell of `1`, {when}, {name}", milliseconds(a), milliseconds(b), f"{a / b:.2f}")
            a = percentile(other, fraction)
            row(f"— without compilation, {name}", milliseconds(a), milliseconds(b), f"1/{b / a:.1f}")
        for step, values in steps.items():
            both = " / ".join(milliseconds(percentile(values, fraction)) for fraction in (0.5, 0.99))
            row(f"— of it {step}, p50 / p99", both, "", "")

    def printing(self):
        code = '#include <stdio.h>\nfor (int i = 0; i < 200000; i++) printf("line %d\\n", i);'
        python = "for i in range(200000): print('line', i)"
        kernels = [self.start_forkernel(True), self.start_forkernel(False), self.start_ipykernel()]
        times = [[], [], []]
        for kernel, source in zip(kernels, (code, code, python)):
            kernel.wait_ready()
            kernel.execute(source)
        for _ in range(self.rounds):
            for kernel, source, values in zip(kernels, (code, code, python), times):
                seconds, metadata, _ = kernel.execute(source)
                compiled = metadata.get("forkernel", {}).get("timing_us", {}).get("compile", 0) / 1e6
                values.append(seconds - compiled)
        for kernel in kernels:
            kernel.stop()
        on, off, peer = (statistics.median(values) for values in times)
        row("printing 200,000 lines, history on (without compilation)", milliseconds(on), milliseconds(peer),
            f"{peer / on:.1f} times as fast")
        row("printing 200,000 lines, history off", milliseconds(off), "", f"on/off {on / off:.3f}")

    def idle(self):
        ours, theirs = self.start_forkernel(), self.start_ipykernel()
        ours.wait_ready(), theirs.wait_ready()
        ours.execute("1"), theirs.execute("1")
        time.sleep(1)
        before = ours.cpu_ticks(), theirs.cpu_ticks()
        time.sleep(10)
        spent = ours.cpu_ticks() - before[0], theirs.cpu_ticks() - before[1]
        (name, rss, pss), *helpers = ours.processes()
        _, their_rss, their_pss = theirs.processes()[0]
        row("idle, resident (proportional)", f"{rss / 1024:.1f} MiB ({pss / 1024:.1f})",
            f"{their_rss / 1024:.1f} MiB ({their_pss / 1024:.1f})", f"{rss / their_rss:.2f}")
        for helper, helper_rss, helper_pss in helpers:
            row(f"— {helper}", f"{helper_rss / 1024:.1f} MiB ({helper_pss / 1024:.1f})", "", "")
        row("idle for 10 s, clock ticks of 10 ms", spent[0], spent[1], "")
        ours.stop(), theirs.stop()


def main():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--forkernel", default=os.path.join(here, "build/release/bin/forkernel"))
    parser.add_argument("--python", default=sys.executable, help="a Python that has ipykernel")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--only", choices=("launch", "trivial", "printing", "idle"))
    options = parser.parse_args()
    bench = Bench(options)
    row("", "forkernel", "ipykernel", "ratio")
    row("---", "---", "---", "---")
    try:
        for part in (options.only,) if options.only else ("launch", "trivial", "printing", "idle"):
            getattr(bench, part)()
    finally:
        shutil.rmtree(bench.data)


if __name__ == "__main__":
    main()
