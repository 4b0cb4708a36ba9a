"""forkernel doctor and forkernel backup on the command line."""

import os

from client import Kernel, forkernel, tree


def record(notebook, count=5):
    with Kernel(notebook=notebook) as kernel:
        for n in range(count):
            assert kernel.run(f'#include <stdio.h>\nputs("run {n}");', cell="c1").status == "ok"


def test_no_history_yet(data_dir):
    assert "nothing has been recorded" in forkernel("doctor").stdout
    assert "nothing has been recorded" in forkernel("backup", data_dir.parent / "copy").stdout
    assert not (data_dir / "history.sqlite3").exists()


def test_all_is_well(notebook):
    record(notebook)
    assert forkernel("doctor").stdout == "5 versions, 5 runs, 5 files: all is well\n"
    assert "files not looked at: all is well" in forkernel("doctor", "--no-files").stdout
    assert forkernel("doctor", "--wrong", check=False).returncode == 2
    assert "--repair" in forkernel("doctor", "--help").stdout


def test_missing_file(notebook, data_dir):
    record(notebook)
    file = next(data_dir.glob("outputs/*/*/*/run-3/0001-stdout.txt"))
    file.unlink()
    done = forkernel("doctor", check=False)
    assert done.returncode == 1
    assert f"damage: {file}: the file is gone" in done.stdout
    assert done.stdout.endswith(": 1 case of damage\n")
    assert forkernel("doctor", "--repair", check=False).returncode == 1
    done = forkernel("doctor")
    assert "incomplete" in done.stdout and done.stdout.endswith(": all is well\n")


def test_damaged_database(notebook, data_dir):
    record(notebook)
    database = data_dir / "history.sqlite3"
    with database.open("r+b") as file:
        file.write(os.urandom(4096))
    assert forkernel("doctor", check=False).returncode == 1
    done = forkernel("doctor", "--repair", check=False)
    assert done.stdout.endswith("all is well\n"), done.stdout
    assert done.returncode == 0
    assert list(data_dir.glob("history.sqlite3.damaged-*"))
    assert 'puts("run 4")' in forkernel("restore", notebook, 5, "--print").stdout
    record(notebook)


def test_backup_while_a_kernel_runs(notebook, data_dir):
    copy = data_dir.parent / "copy"
    with Kernel(notebook=notebook) as kernel:
        kernel.run('#include <stdio.h>\nputs("before");', cell="c1")
        assert "copied the history" in forkernel("backup", copy).stdout
        assert kernel.run("1 + 1", cell="c1").result == "2"
    env = {"FORKERNEL_DATA_DIR": str(copy)}
    assert "all is well" in forkernel("doctor", env=env).stdout
    assert "before" in tree(notebook, env=env)
    assert copy.stat().st_mode & 0o777 == 0o700
    again = forkernel("backup", copy, check=False)
    assert again.returncode == 1 and "files in it" in again.stderr
