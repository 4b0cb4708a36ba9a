#!/usr/bin/env python3
"""What live states cost: checkpoints, going to a state, coming back after a crash, each beside its target.

    .venv/bin/python bench/states.py [--forkernel build/release/bin/forkernel] [--rounds N] [--size BYTES] [--only NAME]

The worker's memory is random data, so that no page is the copy of another. A cell's own compilation (compile and load,
as the reply says them) is left out of the times to its first instruction. What is measured depends on what
else the machine does: the load is printed, and the numbers to believe are those of a quiet machine.

Beside Kishu, which checkpoints Python notebooks: --kishu PYTHON, a Python that has kishu, ipykernel and numpy:

    python3 -m venv /some/folder && /some/folder/bin/pip install kishu numpy ipykernel
"""

import argparse
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
import time

from client import Kernel, milliseconds, percentile, row

GB = 1 << 30
SMALL = 1 << 20

PRELUDE = """#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <time.h>
#include <sys/mman.h>
long long now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000LL + t.tv_nsec; }
uint64_t *data; size_t count; uint64_t seed = 88172645463325252;
void fill(void) {
    for (size_t i = 0; i < count; i++) { seed ^= seed << 13; seed ^= seed >> 7; seed ^= seed << 17; data[i] = seed; }
}"""

# where the array comes from: what malloc() gives in huge pages where the system has them, or mmap() without
SMALL_PAGES = (
    "data = mmap(NULL, {size}, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);"
    " madvise(data, {size}, MADV_NOHUGEPAGE);"
)
HUGE_PAGES = "data = malloc({size});"

CLOCK = r'printf("%lld\n", now()); '


def said_seconds(result):
    """The first number that a cell printed, a time in ns."""
    return int(re.search(r"\d+", result.text).group()) / 1e9


def compiled_seconds(result):
    # parsing runs beside the compiler where that began on a guess: it is not taken off
    return sum(result.microseconds(step) for step in ("compile", "load")) / 1e6


def both(values):
    """Median and worst."""
    return f"{milliseconds(statistics.median(values))} (worst {milliseconds(max(values))})"


def huge_pages():
    try:
        with open("/sys/kernel/mm/transparent_hugepage/enabled") as enabled:
            return "[never]" not in enabled.read()
    except OSError:
        return False


def mebibytes(kib):
    return f"{kib / 1024:,.0f} MiB"


class Bench:
    def __init__(self, options):
        self.options = options
        self.data = tempfile.mkdtemp(prefix="states-bench-")
        self.runs = 0
        self.names = 0

    def start(self, states=True):
        env = {
            "FORKERNEL_DATA_DIR": os.path.join(self.data, f"history-{self.runs}"),
            "JPY_SESSION_NAME": os.path.join(self.data, "bench.ipynb"),
            "FORKERNEL_STATES": str(64 * GB) if states else "off",
        }
        self.runs += 1
        kernel = Kernel([self.options.forkernel, "kernel", "--engine", "c", "-f", "{connection_file}"], env)
        kernel.wait_ready()
        return kernel

    def run(self, kernel, code):
        result = kernel.finish(kernel.begin(code))
        if result.reply["status"] != "ok":
            raise RuntimeError(f"{code!r}: {result.reply}")
        return result

    def filled(self, pages, size, states=True):
        kernel = self.start(states)
        self.run(kernel, PRELUDE)
        self.run(kernel, pages.format(size=size) + f" count = {size} / sizeof *data; fill();")
        time.sleep(0.5)
        return kernel

    def newest_run(self, kernel):
        """The number of the newest run, whose state the program is in."""
        text = re.sub(r"\x1b\[[0-9;]*m", "", self.run(kernel, "%fk states").text)
        return int(re.search(r"●\s*(\d+)", text).group(1))

    def kinds(self):
        """Names, where the memory comes from, how much, targets of a checkpoint."""
        size = self.options.size
        yield f"{size / GB:.3g} GB in pages of 4 KiB", SMALL_PAGES, size, "25 ms"
        if huge_pages():
            yield f"{size / GB:.3g} GB in huge pages", HUGE_PAGES, size, "2 ms"
        yield "a small program", HUGE_PAGES, SMALL, ""

    # ---- one measurement a function ----

    def checkpoint(self):
        for name, pages, size, target in self.kinds():
            kernel = self.filled(pages, size)
            pauses, processor = self.checkpoints(kernel, "")
            row(f"checkpoint, the worker stands still, {name}", both(pauses), target)
            row("- processor time of the fork", both(processor), "")
            if size != SMALL:  # huge pages that are written after a fork are split by the system
                pauses, _ = self.checkpoints(kernel, "fill();")
                row("- after a cell that rewrote all of it", both(pauses), "25 ms" if pages == SMALL_PAGES else "")
            kernel.stop()

    def checkpoints(self, kernel, code):
        pauses, processor = [], []
        for i in range(self.options.rounds + 1):
            # long enough that the checkpoints stay within their twentieth of the time
            result = self.run(kernel, f"data[{i}] = {i}; {code} struct timespec t{self.counter()} = {{.tv_sec = 1}};"
                                      f" nanosleep(&t{self.names}, NULL);")
            time.sleep(0.1)
            if i:  # it says what the one after the cell before took
                taken = result.metadata["forkernel"]["checkpoint_us"]
                processor.append(taken["fork"] / 1e6)
                pauses.append(taken["pause"] / 1e6)
        return pauses, processor

    def counter(self):
        self.names += 1
        return self.names

    def goto(self):
        for name, pages, size, _ in self.kinds():
            kernel = self.filled(pages, size)
            runs = [self.leave_state(kernel, i) for i in range(2)]
            firsts, raws, replies, plain, sudden = [], [], [], [], []
            for i in range(self.options.rounds):
                here, there = runs[i % 2], runs[(i + 1) % 2]
                first, raw = self.go_and_run(kernel, here)
                firsts.append(first), raws.append(raw)
                sudden.append(self.go_and_run(kernel, here)[0])  # what holds that state has just run a cell
                time.sleep(0.6)
                begun = time.monotonic()
                replies.append(kernel.finish(kernel.begin(f"%fk goto {there}")).replied - begun)
                time.sleep(0.6)
                begun = time.monotonic()
                came = self.run(kernel, CLOCK)
                plain.append(said_seconds(came) - begun - compiled_seconds(came))
                time.sleep(0.6)
            kernel.stop()
            row(f"goto to the next cell's first instruction, {name}", both(firsts), "5 ms")
            row("- to the same state once more at once, not a quarter of a second later", both(sudden), "5 ms")
            row("- goto alone, request to reply", both(replies), "")
            row("- with the next cell's compilation", both(raws), "")
            row("- for comparison: a cell without a goto before it", both(plain), "")

    def leave_state(self, kernel, i):
        """A state that is kept, whatever that costs; the run that left it."""
        self.run(kernel, f"data[1] = {i};")
        time.sleep(0.3)
        self.run(kernel, "%fk states --on")
        time.sleep(0.6)
        return self.newest_run(kernel)

    def go_and_run(self, kernel, run):
        """`%fk goto` and a cell, sent together: seconds to the cell's first instruction, without and with its
        compilation."""
        begun = time.monotonic()
        go = kernel.begin(f"%fk goto {run}")
        cell = kernel.begin(CLOCK + f"/* {self.counter()} */")
        gone, came = kernel.finish(go), kernel.finish(cell)
        if gone.reply["status"] != "ok":
            raise RuntimeError(gone.reply)
        seconds = said_seconds(came) - begun
        return seconds - compiled_seconds(came), seconds

    def crash(self):
        for name, pages, size, _ in self.kinds():
            kernel = self.filled(pages, size)
            for before in ("", "fill(); ") if size != SMALL else ("",):
                errors, firsts, totals = [], [], []
                for i in range(self.options.rounds):
                    self.leave_state(kernel, i)
                    crashed = kernel.finish(kernel.begin(before + CLOCK + "fflush(stdout); *(volatile int *)0 = 1;"))
                    begun = time.monotonic()
                    came = self.run(kernel, CLOCK)
                    if crashed.reply["status"] != "error":
                        raise RuntimeError(crashed.reply)
                    errors.append(crashed.replied - said_seconds(crashed))
                    firsts.append(said_seconds(came) - begun - compiled_seconds(came))
                    totals.append(said_seconds(came) - said_seconds(crashed) - compiled_seconds(came))
                    if int(self.run(kernel, r'printf("%d\n", (int)data[1]);').text) != i:
                        raise RuntimeError("the state is not the one before the crash")
                title = ", all of it just rewritten" if before else ""
                row(f"crash to the next cell's first instruction, {name}{title}", both(totals), "50 ms")
                row("- crash to the error's reply", both(errors), "")
                row("- request of the next cell to its first instruction", both(firsts), "")
            kernel.stop()

    def trivial(self):
        cells, block = self.options.cells, 50
        for title, size, pause in (("back to back", block, 0), ("50 ms between", 1, 0.05)):
            count = cells if not pause else max(cells // 4, 1)
            kernels = [self.start(True), self.start(False)]
            times = [[], []]
            for kernel in kernels:
                self.run(kernel, "int x;")
                for i in range(10):
                    self.run(kernel, f"x = {i};")
            for first in range(0, count, size):
                for kernel, values in zip(kernels, times):
                    time.sleep(max(pause, 0.02))
                    for i in range(first, min(first + size, count)):
                        values.append(kernel.execute(f"x = {i};")[0])
            for label, fraction in (("median", 0.5), ("p99", 0.99)):
                on, off = (percentile(values, fraction) for values in times)
                row(
                    f"{count} trivial cells, {title}, {label}: with states, without",
                    f"{milliseconds(on)}, {milliseconds(off)}: {100 * (on / off - 1):+.1f} %",
                    "+10 %" if fraction == 0.5 and not pause else "",
                )
            if not pause:
                self.memory(kernels)
            for kernel in kernels:
                kernel.stop()

    def memory(self, kernels):
        """What a worker and all its twins take together."""
        for kernel, title in zip(kernels, ("with states", "without")):
            everyone = kernel.processes()
            workers = [pss for name, _, pss in everyone if name.startswith("forkernel-c-wor")]
            row(f"- {title}: {len(workers)} processes, worker and twins, together (proportional)",
                f"{sum(workers) / 1024:.1f} MiB", "")
            row(f"- {title}: the kernel process, resident", f"{everyone[0][1] / 1024:.1f} MiB", "")

    # ---- beside Kishu ----

    def kishu(self):
        """The same array, the same changes; each kernel with and without what keeps its states."""
        size = self.options.size
        fill = f"np.frombuffer(np.random.default_rng({{seed}}).bytes({size}), dtype=np.uint8)"
        steps = (  # what, C, Python
            ("a cell that makes the array", HUGE_PAGES.format(size=size) + f" count = {size} / sizeof *data; fill();",
             f"a = {fill.format(seed=1)}.copy()"),
            ("a cell that changes one element", "data[count / 2] = 17;", "a[len(a) // 2] = 17"),
            ("a cell that changes nothing of it", "int x = 1;", "x = 1"),
            ("a cell that rewrites all of it", "fill();", f"a[:] = {fill.format(seed=2)}"),
        )
        print()
        row(f"an array of {size / GB:.3g} GB of random data", "forkernel: cell, with states (without)",
            "then the checkpoint", "memory, all workers", "Kishu: cell and checkpoint (the cell without Kishu)", "memory",
            "disk")
        row(*["---"] * 7)
        ours, plain = self.start(True), self.start(False)
        theirs, bare = self.start_kishu(True), self.start_kishu(False)
        for kernel in (ours, plain):
            self.run(kernel, PRELUDE)
        states = {}
        for name, code, python in steps:
            time.sleep(1)
            seconds, without, their_seconds, their_without = (
                self.timed(kernel, text)
                for kernel, text in ((ours, code), (plain, code), (theirs, python), (bare, python))
            )
            time.sleep(1)
            self.run(ours, "%fk states --on")
            time.sleep(0.5)
            states[name] = self.newest_run(ours)
            taken = self.run(ours, "0;").metadata["forkernel"]["checkpoint_us"]["pause"] / 1e6
            self.row_beside(name, f"{milliseconds(seconds)} ({milliseconds(without)})", milliseconds(taken), ours,
                            f"{milliseconds(their_seconds)} ({milliseconds(their_without)})", theirs)
        self.go_back_beside("back to where one element was changed", ours, theirs, states[steps[1][0]], "1:0:2",
                            "data[count / 2] == 17", "a[len(a) // 2] == 17")
        self.go_back_beside("forward again to the rewritten one", ours, theirs, states[steps[3][0]], "1:0:4",
                            "data[count / 2] != 17", f"bytes(a[:64]) == bytes({fill.format(seed=2)}[:64])")
        for kernel in (ours, plain, theirs, bare):
            kernel.stop()

    def start_kishu(self, attached):
        """ipykernel with Kishu as its own tests run it: the notebook named by a variable, the front end not waited for
        (saving the notebook would take it some 0.2 s a cell longer)."""
        folder = os.path.join(self.data, "kishu" if attached else "bare")
        os.mkdir(folder)
        notebook = os.path.join(folder, "bench.ipynb")
        with open(notebook, "w") as out:
            json.dump({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, out)
        env = {"TEST_NOTEBOOK_PATH": notebook, "ENV_KISHU_TEST_MODE": "1", "KISHU_PATH_ROOT": folder,
               "IPYTHONDIR": folder}
        kernel = Kernel([self.options.kishu, "-m", "ipykernel_launcher", "-f", "{connection_file}"], env)
        kernel.wait_ready()
        self.run(kernel, "import numpy as np")
        if attached:
            self.run(kernel, "from kishu import init_kishu; init_kishu()")
        return kernel

    def timed(self, kernel, code):
        begun = time.monotonic()
        result = kernel.finish(kernel.begin(code), 600)
        seconds = max(result.replied, result.idle) - begun
        if result.reply["status"] != "ok":
            raise RuntimeError(f"{code!r}: {result.reply}")
        return seconds

    def row_beside(self, name, ours_seconds, taken, ours, their_seconds, theirs):
        time.sleep(1)  # a process that is forked while the others are read would be missing from the sum
        workers = sum(pss for who, _, pss in ours.processes() if who.startswith("forkernel-c-wor"))
        folder = os.path.join(self.data, "kishu")
        disk = sum(os.path.getsize(os.path.join(folder, file)) for file in os.listdir(folder) if "kishudb" in file)
        row(name, ours_seconds, taken, mebibytes(workers), their_seconds, mebibytes(theirs.processes()[0][2]),
            mebibytes(disk / 1024))

    def go_back_beside(self, name, ours, theirs, run, commit, check, python_check):
        time.sleep(1)
        seconds = self.timed(ours, f"%fk goto {run}")
        their_seconds = self.timed(theirs, f"_kishu.checkout('{commit}')")
        time.sleep(1)
        self.row_beside(name, milliseconds(seconds), "", ours, milliseconds(their_seconds), theirs)
        self.timed(ours, f"if (!({check})) exit(1);")
        self.timed(theirs, f"assert {python_check}")


PARTS = ("checkpoint", "goto", "crash", "trivial", "kishu")


def main():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--forkernel", default=os.path.join(here, "build/release/bin/forkernel"))
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--cells", type=int, default=1000, help="trivial cells")
    parser.add_argument("--size", type=int, default=GB, help="bytes of the large program")
    parser.add_argument("--kishu", metavar="PYTHON", help="a Python that has kishu, numpy and ipykernel")
    parser.add_argument("--only", choices=PARTS)
    options = parser.parse_args()
    if options.only == "kishu" and not options.kishu:
        parser.error("--only kishu needs --kishu PYTHON")
    bench = Bench(options)
    print("load {:.2f} {:.2f} {:.2f}, {} processors\n".format(*os.getloadavg(), os.cpu_count()))
    if options.only != "kishu":
        row("", "median", "target")
        row("---", "---", "---")
    try:
        for part in (options.only,) if options.only else PARTS[: None if options.kishu else -1]:
            getattr(bench, part)()
    finally:
        shutil.rmtree(bench.data)


if __name__ == "__main__":
    sys.exit(main())
