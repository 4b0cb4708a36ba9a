#!/usr/bin/env python3
"""forkernel and ipykernel side by side: one client, one run, one machine.

    .venv/bin/python bench/kernels.py [--forkernel build/release/bin/forkernel] [--rounds N] [--only NAME]

Measured: launch to kernel_info_reply; a trivial cell from sending it to reply and idle; small cells with history on and
off (then the second column is forkernel without history); printing 200,000 lines with history on and off; memory and
processor time while idle. Rounds of the two alternate, so that a machine that gets
slower in between slows both. The client is bare pyzmq: what it costs is the same for both.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time

from client import Kernel, milliseconds, percentile, row


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

    def history(self):
        """The same cell in a kernel that records and in one that does not, in turns."""
        for name, code, warm_up in (
            ("a cell of `1`", "1", "1"),
            ("a cell of ten lines of output", '#include <stdio.h>\nfor (int i = 0; i < 10; i++) printf("line %d\\n", i);', "1"),
            ("a display of 100 KB", "memset(picture, ++shade, sizeof picture); fk_png(picture, sizeof picture);",
             "#include <string.h>\nstatic unsigned char picture[100000]; int shade;"),
        ):
            kernels = self.start_forkernel(True), self.start_forkernel(False)
            times, rest = ([], []), ([], [])
            for kernel in kernels:
                kernel.wait_ready()
                kernel.execute(warm_up)
            for i in range(30 * self.rounds + 20):
                for at in (0, 1) if i % 2 else (1, 0):
                    time.sleep(0.01)
                    seconds, metadata, _ = kernels[at].execute(code)
                    if i >= 20:
                        compiled = metadata.get("forkernel", {}).get("timing_us", {}).get("compile", 0) / 1e6
                        times[at].append(seconds)
                        rest[at].append(seconds - compiled)
            for kernel in kernels:
                kernel.stop()
            for which, (on, off) in (("", times), (", without compilation", rest)):
                for part, fraction in (("p50", 0.5), ("p99", 0.99)):
                    a, b = percentile(on, fraction), percentile(off, fraction)
                    row(f"{name}{which}, {part}: history on, off", milliseconds(a), milliseconds(b), f"{a / b:.3f}")

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
    parser.add_argument("--only", choices=("launch", "trivial", "history", "printing", "idle"))
    options = parser.parse_args()
    bench = Bench(options)
    row("", "forkernel", "ipykernel", "ratio")
    row("---", "---", "---", "---")
    try:
        for part in (options.only,) if options.only else ("launch", "trivial", "history", "printing", "idle"):
            getattr(bench, part)()
    finally:
        shutil.rmtree(bench.data)


if __name__ == "__main__":
    main()
