"""What tests of live states ask a kernel and its store."""

import re
import sqlite3
import time

from client import TIMEOUT, plain

ROW = re.compile(r"([●○]).*?(\d+) +\[(\d+)\]  (.*)")
NEW, SAME, PARTIAL = 2, 1, 3


def ok(kernel, code, **options):
    run = kernel.run(code, **options)
    assert run.status == "ok", run.text
    return run


def fk(kernel, line):
    return ok(kernel, f"%fk {line}")


def fails(kernel, code, ename=None):
    run = kernel.run(code)
    assert run.status == "error", run.text
    if ename:
        assert run.content["ename"] == ename, run.text
    return run


def after_a_kill(kernel, code):
    """Runs a cell; the one that was at work when the end was noticed may have failed of it."""
    run = kernel.run(code)
    return ok(kernel, code) if run.status == "error" and run.content["ename"] == "WorkerEnded" else run


def states(kernel, options=""):
    """What `%fk states` says of each run that left one: {run: text}, and the current run."""
    text = plain(fk(kernel, f"states {options}").stdout)
    rows = {int(row[2]): row for row in map(ROW.search, text.splitlines()) if row}
    current = [run for run, row in rows.items() if row[1] == "●"]
    assert len(current) <= 1, text
    return {run: row[4] for run, row in rows.items()}, current[0] if current else 0


def wait_for_states(kernel, condition):
    """Asks until the condition holds for what it says: memory is measured behind the cells."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        rows, _ = states(kernel)
        if condition(rows):
            return rows
        assert time.monotonic() < deadline, rows


def wait_for_summary(kernel, condition):
    """The lines above the tree: checkpoints are taken behind the cells."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        text = plain(fk(kernel, "states").stdout)
        if condition(text):
            return
        assert time.monotonic() < deadline, text


def runs(data_dir):
    """The runs in the store, oldest first: (id, parent_run_id, state, status, defines, effects)."""
    connection = sqlite3.connect(f"file:{data_dir / 'history.sqlite3'}?mode=ro", uri=True)
    try:
        return connection.execute(
            "SELECT id, parent_run_id, state, status, defines, effects FROM runs ORDER BY id"
        ).fetchall()
    finally:
        connection.close()


def parents(data_dir):
    return {run: parent or 0 for run, parent, *_ in runs(data_dir)}


def last_run(data_dir):
    return runs(data_dir)[-1][0]
