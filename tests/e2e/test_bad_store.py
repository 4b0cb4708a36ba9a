"""A history that cannot be written: cells run, one clear warning, nothing is overwritten."""

import os
import resource
import sqlite3
import subprocess

import pytest
from client import Kernel, forkernel, tree


def run_two_cells(kernel):
    """Both cells run; returns all that was said about the history."""
    first, second = kernel.run("1 + 1", cell="c1"), kernel.run("2 + 2", cell="c2")
    assert (first.result, second.result) == ("2", "4")
    assert kernel.ask("history_request", {"hist_access_type": "tail", "n": 3, "output": False, "raw": True}).status in ("ok", "error")
    return first.stderr, second.stderr


def assert_one_warning(warnings, path):
    first, second = warnings
    assert str(path) in first, f"no warning that names {path}: {first!r}"
    assert second == "", "the user is told once"


def test_file_in_place_of_the_folder(data_dir, notebook):
    data_dir.write_text("mine")
    with Kernel(notebook=notebook) as kernel:
        assert_one_warning(run_two_cells(kernel), data_dir)
    assert data_dir.read_text() == "mine"


def test_folder_that_cannot_be_made(data_dir, notebook):
    blocked = data_dir.parent / "a file"
    blocked.write_text("mine")
    with Kernel(notebook=notebook, env={"FORKERNEL_DATA_DIR": str(blocked / "data")}) as kernel:
        assert_one_warning(run_two_cells(kernel), blocked)


def test_magic_says_why_there_is_no_history(data_dir, notebook):
    data_dir.write_text("mine")
    with Kernel(notebook=notebook) as kernel:
        run = kernel.run("%fk tree", cell="m")
        assert str(data_dir) in run.text, run.text


def test_corrupt_database(data_dir, notebook):
    data_dir.mkdir(mode=0o700)
    database = data_dir / "history.sqlite3"
    database.write_bytes(b"this is no database at all" * 1000)
    before = database.read_bytes()
    with Kernel(notebook=notebook) as kernel:
        assert_one_warning(run_two_cells(kernel), database)
    assert database.read_bytes() == before
    assert forkernel("tree", notebook, check=False).returncode != 0


def test_damaged_pages(notebook, data_dir):
    with Kernel(notebook=notebook) as kernel:
        for n in range(20):
            kernel.run(f"{n}", cell=f"c{n}")
    database = data_dir / "history.sqlite3"
    data = bytearray(database.read_bytes())
    for at in range(4096, len(data), 4096):
        data[at : at + 64] = b"\xa5" * 64
    database.write_bytes(data)
    with Kernel(notebook=notebook) as kernel:
        first, _ = run_two_cells(kernel)
        assert str(database) in first


def test_newer_database(notebook, data_dir):
    with Kernel(notebook=notebook) as kernel:
        kernel.run("1", cell="c1")
    database = data_dir / "history.sqlite3"
    connection = sqlite3.connect(database)
    connection.execute("pragma user_version = 1000000")
    connection.commit()
    connection.close()
    with Kernel(notebook=notebook) as kernel:
        warnings = run_two_cells(kernel)
        assert_one_warning(warnings, database)
        assert "newer" in warnings[0]
    connection = sqlite3.connect(database)
    assert connection.execute("pragma user_version").fetchone() == (1000000,)
    connection.close()


def test_locked_database(notebook, data_dir):
    with Kernel(notebook=notebook) as kernel:
        kernel.run("1", cell="c1")
        holder = sqlite3.connect(data_dir / "history.sqlite3", isolation_level=None)
        holder.execute("begin exclusive")
        run = kernel.run("1 + 1", cell="c2")
        assert run.result == "2"
        assert "history" in run.stderr
        assert kernel.run("2 + 2", cell="c2").stderr == ""
        holder.execute("rollback")
        holder.close()
        # Recording resumes when it can.
        kernel.run("3 + 3", cell="c2")
    assert "3 + 3" in tree(notebook)


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 2 MiB, as a mount where that is allowed, else a limit on file sizes."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", str(folder)], capture_output=True)
    if done.returncode == 0:
        yield folder
        subprocess.run(["umount", "-l", str(folder)], check=True)
        return
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    yield folder
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_full_disk(tiny_disk, notebook):
    env = {"FORKERNEL_DATA_DIR": str(tiny_disk)}
    noise = (
        "#include <stdio.h>\n#include <stdlib.h>\n"
        "for (int i = 0; i < 300000; i++) printf(\"%d\\n\", rand());\n"
    )
    with Kernel(notebook=notebook, env=env) as kernel:
        said = ""
        for n in range(6):
            run = kernel.run(f"{noise}{n} + 1", cell=f"c{n}")
            assert run.result == str(n + 1), run.text[-500:]
            said += run.stderr
        ballast = tiny_disk / "ballast"
        try:
            ballast.write_bytes(os.urandom(4 << 20))
        except OSError:
            pass
        for n in range(3):
            run = kernel.run(f"{n} + 10", cell="full")
            assert run.result == str(n + 10)
            said += run.stderr
        assert str(tiny_disk) in said or os.environ.get("FORKERNEL_DATA_DIR", "") in said
        ballast.unlink(missing_ok=True)
        kernel.assert_alive()


def test_read_only_folder(notebook, data_dir):
    data_dir.mkdir(mode=0o700)
    done = subprocess.run(["mount", "--bind", str(data_dir), str(data_dir)], capture_output=True)
    if done.returncode != 0:
        if os.geteuid() == 0:
            pytest.skip("mounts are not allowed here, and root ignores permission bits")
        data_dir.chmod(0o500)
        with Kernel(notebook=notebook) as kernel:
            assert_one_warning(run_two_cells(kernel), data_dir)
        return
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(data_dir)], check=True)
        with Kernel(notebook=notebook) as kernel:
            assert_one_warning(run_two_cells(kernel), data_dir)
    finally:
        subprocess.run(["umount", "-l", str(data_dir)], check=True)
