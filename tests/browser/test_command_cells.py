"""A cell of nothing but %fk leaves no trace, typed as a person types it."""

import os

import nbformat
import pytest
from history import ask, click, history_open, texts, told, undo_stop, write
from test_lab import OPEN, RUN

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def notebook(lab):
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
    name = f"commands-{os.urandom(4).hex()}"
    made.cells = [nbformat.v4.new_code_cell(text, id=f"{name}-{part}") for part, text in (("one", "int a = 1;"), ("two", ""))]
    path = lab["root"] / f"{name}.ipynb"
    nbformat.write(made, path)
    return path


@pytest.mark.firefox
def test_commands_typed_in_a_new_cell_and_over_code(page, lab, notebook):
    one, two = f"{notebook.stem}-one", f"{notebook.stem}-two"
    page.evaluate(OPEN, notebook.name)
    history_open(page)
    page.evaluate(RUN, one)
    click(page, two)
    for part in ("%", "f", "k tr", "ee"):
        write(page, part)
        undo_stop(page)
    page.evaluate(RUN, two)
    page.keyboard.press("Escape")
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    click(page, one)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    undo_stop(page)
    for part in ("%", "fk lo", "g"):
        write(page, part)
        undo_stop(page)
    told(page)
    assert texts(lab, notebook) == {1: "int a = 1;"}
    log = ask(lab, "log", notebook)
    assert "%" not in log and "undo" not in log, log
    click(page, one)
    page.keyboard.press("Control+a")
    write(page, "int a = 2;")
    undo_stop(page)
    told(page)
    assert texts(lab, notebook) == {1: "int a = 1;", 2: "int a = 2;"}
    assert "<- head" in ask(lab, "tree", notebook, "2").splitlines()[1]
    page.evaluate("id => { window.panel.content.activeCellIndex = 1; }", two)
    page.evaluate("window.jupyterapp.commands.execute('notebook:delete-cell')")
    told(page)
    assert two not in ask(lab, "deleted", notebook) and "%" not in ask(lab, "log", notebook)
