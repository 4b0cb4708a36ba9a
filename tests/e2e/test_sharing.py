"""One store for many kernels, and homes that make it hard: cells always run, the user is told once
what is wrong, and recording resumes by itself."""

import os
import re
import subprocess
import threading

import pytest
from client import Kernel, forkernel, show, tree
from comm_page import Page

KERNELS = 20


def run_fine(kernel, code, cell):
    run = kernel.run(code, cell=cell)
    assert run.status == "ok" and run.result is not None, run
    return run.stderr


def assert_well(**options):
    assert forkernel("doctor", **options).stdout.endswith(": all is well\n")


@pytest.mark.slow
def test_twenty_kernels(tmp_path, data_dir):
    """Half of them on one notebook; nothing is lost, and nobody is told of anything."""
    notebooks = [tmp_path / f"{'shared' if n % 2 else n}.ipynb" for n in range(KERNELS)]
    kernels = [Kernel(notebook=notebook) for notebook in notebooks]
    start, said = threading.Barrier(KERNELS), []

    def use(number):
        kernel = kernels[number]
        page = Page(kernel)
        start.wait(timeout=60)
        for n in range(5):
            said.append(run_fine(kernel, f"{number} * 1000 + {n}", "run"))
            page.type(f"edited-{number}", f"edit {number}.{n}")
        said.append(kernel.run("%fk tree", cell="tree").stderr)

    def guarded(number):
        try:
            use(number)
        except BaseException as error:  # for the thread that waits
            said.append(repr(error))
            start.abort()

    try:
        threads = [threading.Thread(target=guarded, args=(n,)) for n in range(KERNELS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(said) == {""}
    finally:
        for kernel in kernels:
            kernel.close()
    for number, notebook in enumerate(notebooks):
        text = forkernel("tree", notebook, "all", "--typing").stdout
        for n in range(5):
            assert f"{number} * 1000 + {n}" in text
            assert f"edit {number}.{n}" in text
    assert_well()


# ---- file systems ----


def mount(*words):
    done = subprocess.run(["mount", *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a file system of its own is needed, and mount says: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path):
    """2 MiB, with a store in it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", folder)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(path):
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass


def test_a_disk_that_fills_in_the_middle_of_a_run(disk, notebook):
    env = {"FORKERNEL_DATA_DIR": str(disk)}
    with Kernel(notebook=notebook, env=env) as kernel:
        assert run_fine(kernel, "1 + 1", "a") == ""
        msg_id = kernel.execute(
            "#include <stdio.h>\n#include <unistd.h>\n"
            'puts("before"); fflush(stdout);\n'
            f'while (access("{disk}/ballast.full", F_OK)) usleep(1000);\n'
            'for (int i = 0; i < 20000; i++) printf("line %d\\n", i);\n',
            cell="b",
        )
        kernel.wait_for_output(msg_id, "before")
        (disk / "ballast.full.soon").touch()
        fill(disk / "ballast")
        (disk / "ballast.full.soon").rename(disk / "ballast.full")
        run = kernel.finish(msg_id)
        assert run.status == "ok" and "line 19999" in run.stdout
        said = [run.stderr] + [run_fine(kernel, f"{n} + 2", "c") for n in range(3)]
        assert str(disk) in said[0] and "free some" in said[0] and "Cells go on" in said[0], said
        assert said[1:] == ["", "", ""], "told once"
        (disk / "ballast").unlink()
        said = [kernel.run(f'puts("{n} + 3");', cell="c").stderr for n in range(3)]
        assert said == ["[forkernel: recording has resumed.]\n", "", ""]
    text = tree(notebook, env=env)
    assert "1 + 1" in text and all(f'puts("{n} + 3");' in text for n in range(3))
    assert "before" in show(notebook, 2, env=env)
    assert_well(env=env)


@pytest.fixture
def read_only(data_dir):
    """Makes the store one that cannot be written, and back again."""
    data_dir.mkdir(mode=0o700)
    mount("--bind", data_dir, data_dir)

    def switch(on):
        subprocess.run(["mount", "-o", f"remount,{'ro' if on else 'rw'},bind", data_dir], check=True)

    yield switch
    subprocess.run(["umount", "-l", data_dir], check=True)


@pytest.mark.parametrize("left", ["nothing", "log and index", "log"])
def test_a_read_only_store_is_read(read_only, notebook, data_dir, left):
    with Kernel(notebook=notebook) as kernel:
        assert run_fine(kernel, "1 + 1", "a") == ""
        if left != "nothing":
            kernel.kill()
    if left == "log":
        (data_dir / "history.sqlite3-shm").unlink()
    assert (data_dir / "history.sqlite3-wal").exists() == (left != "nothing")
    read_only(True)
    assert "1 + 1" in tree(notebook)
    assert "2" in show(notebook, 1)
    assert "1 version" in forkernel("doctor").stdout
    with Kernel(notebook=notebook) as kernel:
        said = [run_fine(kernel, f"{n} + 2", "a") for n in range(3)]
        assert str(data_dir) in said[0] and "writable" in said[0], said
        assert said[1:] == ["", ""], "told once"
        assert "1 + 1" in kernel.run("%fk tree", cell="m").text
        assert "2" in kernel.run("%fk show 1", cell="m").text
        refused = kernel.run("%fk label 1 good", cell="m")
        assert refused.status == "error" and str(data_dir) in refused.text
        read_only(False)
        assert run_fine(kernel, "3 + 3", "a") == "[forkernel: recording has resumed.]\n"
        assert kernel.run("%fk label 1 good", cell="m").status == "ok"
    assert "3 + 3" in tree(notebook) and "good" in tree(notebook)
    assert_well()


# ---- what a library loaded before all others can take away ----


def test_a_home_without_locks(preload, notebook, data_dir):
    """One kernel at a time records, the other says so, and goes on when that one has ended."""
    env = preload | {"NO_LOCKS": "1"}
    with Kernel(notebook=notebook, env=env) as one, Kernel(notebook=notebook, env=env) as two:
        assert run_fine(one, "1 + 1", "a") == ""
        said = [run_fine(two, f"{n} + 2", "b") for n in range(3)]
        assert str(data_dir) in said[0] and "locks" in said[0] and str(one.pid) in said[0], said
        assert said[1:] == ["", ""], "told once"
        assert "1 + 1" in tree(notebook, env=env), "others can look"
        assert "1 + 1" in two.run("%fk tree", cell="m").text
        forkernel("backup", data_dir.parent / "copy", env=env)
        assert run_fine(one, "1 + 2", "a") == ""
        one.kill()
        assert run_fine(two, "3 + 3", "b") == "[forkernel: recording has resumed.]\n"
    text = tree(notebook, env=env)
    assert "1 + 1" in text and "1 + 2" in text and "3 + 3" in text
    assert not os.path.lexists(data_dir / "history.lock")
    copy = {"FORKERNEL_DATA_DIR": str(data_dir.parent / "copy")}
    assert_well(env=copy)
    assert "1 + 1" in tree(notebook, env=copy) and "1 + 2" not in tree(notebook, env=copy)
    assert_well(env=env)
    assert_well()


def test_a_clock_that_goes_back(preload, notebook, tmp_path):
    clock = tmp_path / "clock"
    clock.write_text("0")
    with Kernel(notebook=notebook, env=preload | {"CLOCK": str(clock)}) as kernel:
        for n, seconds in enumerate([0, -86400, -86400 * 400, 3600, -60]):
            clock.write_text(str(seconds))
            assert run_fine(kernel, f"{n} + 0", "a") == ""
        page = Page(kernel)
        page.type("a", "typed")
        versions = page.tree("a")
        assert [v["summary"] for v in versions] == [f"{n} + 0" for n in range(5)] + ["typed"]
        assert [v["parent"] for v in versions] == [0, 1, 2, 3, 4, 5]
        assert [c["text"] for c in page.request("notebook")["cells"]] == ["typed"]
        tail = kernel.ask(
            "history_request", {"hist_access_type": "tail", "n": 5, "output": False, "raw": True}
        ).content["history"]
        assert [text for _, _, text in tail] == [f"{n} + 0" for n in range(5)]
    shown = re.findall(r"\d \+ 0", forkernel("log", notebook).stdout)
    assert shown in ([f"{n} + 0" for n in range(5)], [f"{n} + 0" for n in reversed(range(5))])
    assert_well()
