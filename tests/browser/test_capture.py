"""The extension tells the kernel of every edit: seen in the terminal's tree of the same notebook."""

import os
import subprocess

import nbformat
import pytest
from client import FORKERNEL
from test_lab import OPEN, cell, run


@pytest.fixture
def notebook(lab):
    """A new notebook in the server's root folder: (its name, its path)."""
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
    made.cells = [nbformat.v4.new_code_cell("int a = 1;", id="one"), nbformat.v4.new_code_cell("a + 1", id="two")]
    path = lab["root"] / f"capture-{os.urandom(4).hex()}.ipynb"
    nbformat.write(made, path)
    return path


@pytest.fixture
def tree(lab, notebook):
    def ask(*words):
        env = {**os.environ, "FORKERNEL_DATA_DIR": str(lab["history"])}
        done = subprocess.run([FORKERNEL, *words], env=env, capture_output=True, text=True, timeout=20)
        return done.stdout + done.stderr

    return lambda *words: ask("tree", notebook, *words)


def press(page, cell_id, *keys):
    """Click into the cell's editor, then type: single characters and names of keys."""
    cell(page, cell_id).locator(".cm-content").click()
    page.keyboard.press("Control+End")
    for key in keys:
        page.keyboard.press(key) if len(key) > 1 and key[0].isupper() else page.keyboard.type(key, delay=20)


def test_type_undo_type(page, notebook, tree):
    page.evaluate(OPEN, notebook.name)
    press(page, "two", " + 2")
    page.wait_for_timeout(1200)
    press(page, "two", " + 3")
    page.wait_for_timeout(1200)
    press(page, "two", "Control+z")
    press(page, "two", " + 4")
    page.wait_for_timeout(1500)
    print(tree("all", "--typing"))
    assert 0
