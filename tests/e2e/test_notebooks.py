"""The example notebooks with nbclient, and ./run --headless."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from client import FORKERNEL, KERNEL, PROJECT, TIMEOUT, plain, show, tree
from nbclient import NotebookClient

EXAMPLES = sorted((PROJECT / "examples").glob("*.ipynb"))


def outputs_of(notebook, cell_id):
    return next(cell for cell in notebook.cells if cell.get("id") == cell_id).outputs


def headless(*arguments):
    env = {**os.environ, "PATH": f"{FORKERNEL.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, PROJECT / "tools" / "headless.py", *map(str, arguments)],
        capture_output=True, text=True, env=env, timeout=4 * TIMEOUT, stdin=subprocess.DEVNULL,
    )
    done.stdout, done.stderr = plain(done.stdout), plain(done.stderr)
    return done


def small_notebook(path, *sources):
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(sources, 1)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example_runs(path, data_dir, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == KERNEL
    for cell in notebook.cells:
        assert not cell.get("outputs"), "examples are kept without outputs"
    NotebookClient(
        notebook, kernel_name=KERNEL, timeout=TIMEOUT, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code" and "raises-exception" in cell.metadata.get("tags", []):
            assert [o.output_type for o in cell.outputs].count("error") == 1, cell.id


def test_welcome_shows_what_it_says(data_dir, tmp_path):
    path = shutil.copy(PROJECT / "examples" / "welcome.ipynb", tmp_path)
    copy = tmp_path / "out.ipynb"
    done = headless(path, "--output", copy)
    assert done.returncode == 0, done.stdout + done.stderr
    notebook = nbformat.read(copy, as_version=4)
    assert outputs_of(notebook, "hello")[0].text == "Hello from C\n"
    assert outputs_of(notebook, "area")[0].data["text/plain"].startswith("12.56637")
    assert outputs_of(notebook, "factorial")[-1].data["text/plain"] == "1307674368000"
    assert outputs_of(notebook, "rosette")[0].data["image/svg+xml"].startswith("<svg")
    assert outputs_of(notebook, "program")[0].text == "1: notebooks\n2: and\n3: programs\n"
    error = plain("\n".join(outputs_of(notebook, "compile-error")[-1].traceback))
    assert "lenght" in error and "^" in error and "line 3" in error
    fault = plain("\n".join(outputs_of(notebook, "segfault")[-1].traceback))
    assert "SIGSEGV" in fault or "egmentation" in fault
    assert outputs_of(notebook, "alive")[0].text == "still here\n"
    shown = str(outputs_of(notebook, "tree"))
    assert "growth" in shown
    assert "Hello from C" in str(outputs_of(notebook, "show"))


def test_headless_writes_a_copy_and_ends_with_the_tree(data_dir, tmp_path):
    path = small_notebook(tmp_path / "n.ipynb", '#include <stdio.h>\nputs("printed");', "6 * 7")
    before = path.read_bytes()
    done = headless(path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert path.read_bytes() == before
    copy = nbformat.read(tmp_path / "n.executed.ipynb", as_version=4)
    assert outputs_of(copy, "cell-2")[0].data["text/plain"] == "42"
    assert "printed\n" in done.stdout and "42" in done.stdout
    assert done.stdout.endswith(tree(path))
    # The notebook's own cell ids are the history's.
    small_notebook(path, '#include <stdio.h>\nputs("changed completely: nothing alike");', "6 * 7")
    assert headless(path).returncode == 0
    assert "changed completely" in show(path, 3)


def test_headless_fails_with_the_cell(data_dir, tmp_path):
    path = small_notebook(tmp_path / "n.ipynb", "1", "int x = ;", "2")
    done = headless(path, "--output", tmp_path / "out.ipynb")
    assert done.returncode == 1
    assert "line 1, column 9: error: expected expression" in done.stdout
    copy = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert outputs_of(copy, "cell-1") and outputs_of(copy, "cell-2")
    assert not outputs_of(copy, "cell-3")


def test_headless_timeout(data_dir, tmp_path):
    path = small_notebook(tmp_path / "n.ipynb", "for (;;) {}")
    done = headless(path, "--timeout", "1")
    assert done.returncode == 1
    assert (tmp_path / "n.executed.ipynb").exists()


def test_headless_refuses(data_dir, tmp_path):
    path = small_notebook(tmp_path / "n.ipynb", "1")
    before = path.read_bytes()
    assert headless(path, "--output", path).returncode == 2
    assert path.read_bytes() == before
    assert headless(tmp_path / "none.ipynb").returncode == 2
    (tmp_path / "bad.ipynb").write_text("no notebook")
    assert headless(tmp_path / "bad.ipynb").returncode == 2
    assert headless(path, "--output", tmp_path / "no" / "folder.ipynb").returncode == 2
