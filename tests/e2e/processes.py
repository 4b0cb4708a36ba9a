"""What a kernel holds of the system: processes and descriptors."""

import os
import time


def stat(pid):
    """The fields of /proc/PID/stat from the state on; None when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def children(pid):
    """All processes below this one."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = stat(entry)
            if fields and int(fields[1]) == pid:
                found += [int(entry), *children(int(entry))]
    return found


def gone(pid):
    fields = stat(pid)
    return not fields or fields[0] == "Z"


def wait_until_gone(pids, seconds=10):
    deadline = time.monotonic() + seconds
    while not all(map(gone, pids)):
        assert time.monotonic() < deadline, f"still there: {[p for p in pids if not gone(p)]}"
        time.sleep(0.02)


def describe(pid):
    """As the system lists it: its name, and whose child it is."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            name, _, fields = file.read().rpartition(")")
    except OSError:
        return f"{pid} (gone)"
    return f"{name}) below {fields.split()[1]}"


def wait_until_no_zombies(pid, seconds=10):
    """Below this one. A process that ends is one for a moment."""
    deadline = time.monotonic() + seconds
    while found := [child for child in children(pid) if (stat(child) or "?")[0] == "Z"]:
        assert time.monotonic() < deadline, ", ".join(map(describe, found))
        time.sleep(0.02)


def named(pid, name):
    """The processes below this one whose program is called so, oldest first."""
    found = []
    for child in sorted(children(pid), key=lambda child: int((stat(child) or [0] * 20)[19])):
        try:
            with open(f"/proc/{child}/cmdline") as file:
                program = os.path.basename(file.read().split("\0")[0])
        except OSError:
            continue
        if program == name and not gone(child):
            found.append(child)
    return found


def wait_until_named(count, pid, name, seconds=10):
    """Until `pid` has so many descendants of that name: those that end take their time on a busy machine."""
    deadline = time.monotonic() + seconds
    while len(found := named(pid, name)) != count:
        assert time.monotonic() < deadline, f"{len(found)} processes are called {name}, not {count}"
        time.sleep(0.01)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory_kib(pid):
    """Its share of what is resident."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
