"""VS Code names a cell by a URI whose fragment holds while the notebook is open and no longer."""

import nbformat
import pytest
from client import Kernel
from comm_page import Page


@pytest.fixture
def run(notebook):
    def run(kernel, code, fragment):
        return kernel.run(code, metadata={"cellId": f"vscode-notebook-cell:{notebook}#{fragment}sZmlsZQ%3D%3D"})

    return run


@pytest.fixture
def vscode():
    """VS Code starts its kernels itself and says nothing of the notebook in the environment."""
    return lambda: Kernel()


def texts(notebook):
    """Of each cell, its versions' texts."""
    with Kernel(notebook=notebook) as kernel:
        page = Page(kernel)
        return [[v["summary"] for v in page.tree(c["cell"])] for c in page.fine("cells")["cells"]]


def test_a_cell_is_the_same_while_the_notebook_is_open(vscode, run, notebook):
    with vscode() as kernel:
        run(kernel, "int x = 1;", "W0")
        run(kernel, "x", "W1")
        run(kernel, "double altogether = 3.5;", "W0")
        run(kernel, "x", "W2")  # another cell with the text of one
    assert texts(notebook) == [["int x = 1;", "double altogether = 3.5;"], ["x"], ["x"]]


def test_opened_again_the_fragments_mean_other_cells(vscode, run, notebook):
    with vscode() as kernel:
        run(kernel, "int first = 1;", "W0")
        run(kernel, "int second = 2;", "W1")
    with vscode() as kernel:  # a cell was inserted above them, and they have changed places
        run(kernel, "#include <math.h>", "W0")
        run(kernel, "int second = 2;", "W1")
        run(kernel, "int first = 1;", "W2")
        run(kernel, "int first = 10;", "W2")
    assert texts(notebook) == [["int first = 1;", "int first = 10;"], ["int second = 2;"], ["#include <math.h>"]]


def test_the_texts_before_the_first_edit_are_kept(vscode, run, notebook):
    """A notebook that was written elsewhere, opened, changed and run."""
    cells = [
        nbformat.v4.new_code_cell("int altogether = 1;", id="first"),
        nbformat.v4.new_markdown_cell("# Words", id="words"),
        nbformat.v4.new_code_cell("altogether + 2", id="second"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
    with vscode() as kernel:
        run(kernel, "int altogether = 100;", "W0")
        run(kernel, "altogether + 2", "W2")
    assert texts(notebook) == [["int altogether = 1;", "int altogether = 100;"], ["Words"], ["altogether + 2"]]


def test_fk_knows_the_cell_that_asks(vscode, run, notebook):
    with vscode() as kernel:
        run(kernel, "1 + 1", "W0")
        run(kernel, "1 + 2", "W0")
        run(kernel, "int other;", "W1")
        shown = run(kernel, "%fk tree", "W0").stdout
        assert "1 + 2" in shown and "other" not in shown
        restored = run(kernel, "%fk restore 1", "W0")
        assert "of another cell" not in restored.stdout and "%fk restore 2" in restored.stdout
        assert restored.content["payload"][0]["text"] == "1 + 1"
        assert "of another cell" in run(kernel, "%fk restore 1", "W1").stdout
