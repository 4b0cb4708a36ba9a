#!/usr/bin/env python3
"""The same edits as forkernel's history, as git commits, and as a Vim undo file.

    .venv/bin/python bench/history_peers.py [--build build/release] [--edits 10000]

One cell of about 1 KB; each edit replaces ten letters of one line. Measured: bytes on disk for an edit, time to
record one, time to read any one back. git: `git commit` for the first edits, one process each, as a person or a hook
would do it; all of them by `git fast-import`, then `git gc`, for the size. Vim: one process that changes the line,
and writes the undo file once at the end; nothing is on disk until then, and a killed Vim has lost it.
Needs git and vim; what is missing is left out and said.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import string
import subprocess
import sys
import tempfile
import time

LINES = 24
COMMITS = 200


def word(length):
    return "".join(random.choices(string.ascii_lowercase, k=length))


def make_trace(edits):
    """The lines of the cell, and the edits as (line number, new line)."""
    lines = [f"double {word(6)} = {word(6)} * {random.random():.2f} + sin({word(6)});" for _ in range(LINES)]
    first, trace = list(lines), []
    for _ in range(edits):
        number = random.randrange(LINES)
        at = random.randrange(len(lines[number]) - 10)
        lines[number] = lines[number][:at] + word(10) + lines[number][at + 10 :]
        trace.append((number, lines[number]))
    return first, trace


def texts(first, trace):
    lines = list(first)
    for number, line in trace:
        lines[number] = line
        yield "".join(f"{line}\n" for line in lines)


def size_of(folder):
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)


def report(name, size, record_us, read_us, note=""):
    print(f"{name:34} {size:10.1f} {record_us:14.0f} {read_us:12.0f}  {note}", flush=True)


def forkernel(folder, first, trace, build):
    path = os.path.join(folder, "trace")
    with open(path, "w") as out:
        for number, line in list(enumerate(first)) + trace:
            out.write(f"{number}\t{line}\n")
    bench = os.path.join(build, "bench", "history_bench")
    answer = subprocess.run([bench, "trace", path, str(LINES)], check=True, capture_output=True, text=True).stdout
    rows = {line.rsplit(maxsplit=3)[0]: line.split()[-3] for line in answer.splitlines()}
    size = int(answer.split("bytes ")[-1].split(",")[0])
    report("forkernel", size / len(trace), int(rows["record one edit"]), int(rows["read any version"]), "durable each time")


def git(folder, first, trace, _):
    def run(*words, **options):
        return subprocess.run(["git", "-C", folder, *words], check=True, stdout=subprocess.PIPE, **options).stdout

    run("init", "-q", "-b", "main")
    run("config", "user.email", "bench@localhost")
    run("config", "user.name", "bench")
    run("config", "gc.auto", "0")
    times = []
    for text, _ in zip(texts(first, trace), range(COMMITS)):
        with open(os.path.join(folder, "cell.c"), "w") as out:
            out.write(text)
        start = time.perf_counter()
        run("add", "cell.c")
        run("commit", "-q", "-m", "edit")
        times.append(time.perf_counter() - start)
    loose = size_of(os.path.join(folder, ".git")) / COMMITS
    shutil.rmtree(os.path.join(folder, ".git"))
    run("init", "-q", "-b", "main")
    empty = size_of(os.path.join(folder, ".git"))
    stream = []
    for i, text in enumerate(texts(first, trace)):
        data = text.encode()
        stream.append(f"commit refs/heads/main\ncommitter b <b@localhost> {1700000000 + i} +0000\ndata 4\nedit\n".encode())
        stream.append(f"M 644 inline cell.c\ndata {len(data)}\n".encode() + data + b"\n")
    run("fast-import", "--quiet", input=b"".join(stream))
    run("gc", "-q", "--aggressive")
    packed = (size_of(os.path.join(folder, ".git")) - empty) / len(trace)
    commits = run("rev-list", "main").decode().split()
    reads = []
    for commit in random.sample(commits, 100):
        start = time.perf_counter()
        run("cat-file", "blob", f"{commit}:cell.c")
        reads.append(time.perf_counter() - start)
    record, read = statistics.median(times) * 1e6, statistics.median(reads) * 1e6
    report("git commit", loose, record, read, "one process each")
    report("git, after gc --aggressive", packed, record, read)


VIM = """
let first = json_decode(readfile('first')[0])
let trace = json_decode(readfile('trace.json')[0])
edit cell.c
set undolevels=1000000
call setline(1, first)
let start = reltime()
for [number, line] in trace
  let &undolevels = &undolevels
  call setline(number + 1, line)
endfor
let typed = reltimefloat(reltime(start))
write
let start = reltime()
wundo! undo
let wrote = reltimefloat(reltime(start))
let reads = 0.0
for i in range(100)
  let start = reltime()
  execute 'undo' ((i * 7919) % len(trace) + 1)
  let reads += reltimefloat(reltime(start))
endfor
call writefile([json_encode([typed, wrote, reads / 100])], 'answer')
quitall!
"""


def vim(folder, first, trace, _):
    for name, content in (("first", json.dumps(first)), ("trace.json", json.dumps(trace)), ("run.vim", VIM)):
        with open(os.path.join(folder, name), "w") as out:
            out.write(content)
    subprocess.run(["vim", "-u", "NONE", "-N", "-es", "-S", "run.vim"], cwd=folder, stdin=subprocess.DEVNULL)
    with open(os.path.join(folder, "answer")) as answer:
        typed, wrote, read = json.load(answer)
    size = os.path.getsize(os.path.join(folder, "undo")) / len(trace)
    note = f"on disk only after :wundo, {wrote * 1e3:.0f} ms"
    report("Vim undo file", size, typed / len(trace) * 1e6, read * 1e6, note)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--edits", type=int, default=10000)
    options = parser.parse_args()
    random.seed(1)
    first, trace = make_trace(options.edits)
    print(f"{'one cell of 1 KB, edits: ' + str(len(trace)):34} {'bytes/edit':>10} {'us to record':>14} {'us to read':>12}")
    for peer in (forkernel, git, vim):
        if peer is not forkernel and not shutil.which(peer.__name__):
            print(f"{peer.__name__} is not installed: left out", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory() as folder:
            peer(folder, first, trace, os.path.abspath(options.build))


if __name__ == "__main__":
    main()
