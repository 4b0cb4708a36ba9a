"""Split, merge, copy: the panel says where a cell's text came from, and walks there."""

import os

import nbformat
import pytest
from history import ask, click, history_open, told
from test_lab import OPEN
from test_panel import show

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def notebook(lab):
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
    name = f"edges-{os.urandom(4).hex()}"
    made.cells = [nbformat.v4.new_code_cell(f"int {part};", id=f"{name}-{part}") for part in ("one", "two", "three", "four")]
    path = lab["root"] / f"{name}.ipynb"
    nbformat.write(made, path)
    return path


def do(page, command):
    page.evaluate("name => window.jupyterapp.commands.execute(name)", command)


def select(page, first, last):
    page.evaluate(
        """([first, last]) => {
            const notebook = window.panel.content;
            notebook.deselectAll();
            notebook.activeCellIndex = first;
            notebook.extendContiguousSelectionTo(last);
        }""",
        [first, last],
    )


def lines(page):
    page.locator(".fk-Edge").first.wait_for()
    return page.locator(".fk-Edge").all_inner_texts()


@pytest.mark.firefox
def test_merge_split_and_copy(page, lab, notebook, screenshot):
    page.evaluate(OPEN, notebook.name)
    history_open(page)
    select(page, 0, 2)
    do(page, "notebook:merge-cells")
    page.wait_for_function("window.panel.content.widgets.length === 2")
    told(page)
    show(page)
    merged = lines(page)
    assert len(merged) == 3 and all("a deleted cell" in line for line in merged), merged
    assert [f"int {part};" in line for line, part in zip(merged, ("one", "two", "three"))] == [True] * 3
    page.locator(".fk-Edge").nth(1).focus()
    page.keyboard.press("Enter")
    page.locator(".fk-EdgeText").wait_for()
    assert page.locator(".fk-EdgeText").inner_text() == "int two;"
    screenshot("edges-merge")
    page.get_by_role("button", name="Bring back the cell").click()
    page.wait_for_function("window.panel.content.widgets.length === 3")
    page.wait_for_function("window.panel.content.activeCell.model.sharedModel.source === 'int two;'")
    page.wait_for_function("document.querySelector('.fk-Edge')?.textContent.includes('went into')")

    four = f"{notebook.stem}-four"
    click(page, four)
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    do(page, "notebook:split-cell-at-cursor")
    page.wait_for_function("window.panel.content.widgets.length === 4")
    told(page)
    page.evaluate("window.panel.content.activeCellIndex = 2")
    show(page)
    (split,) = lines(page)
    assert "from" in split and "int four;" in split and "deleted" not in split
    page.locator(".fk-Edge").click()
    page.wait_for_function("id => window.panel.content.activeCell.model.id === id", arg=four)

    page.evaluate("window.panel.content.activeCellIndex = 0")
    do(page, "notebook:copy-cell")
    do(page, "notebook:paste-cell-below")
    page.wait_for_function("window.panel.content.widgets.length === 5")
    told(page)
    page.evaluate("window.panel.content.activeCellIndex = 1")
    show(page)
    (copied,) = lines(page)
    assert "int two;" in copied and "deleted" not in copied
    assert "came from version" in ask(lab, "tree", notebook, "all")
