"""A story about a copy whose original is gone: it goes on the original's history."""

import os
import shutil

import nbformat
import pytest
from history import ask, click, history_open, told, undo_stop, wait_for, write
from test_lab import OPEN, RUN
from test_panel import show

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def notebook(lab):
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
    name = f"origin-{os.urandom(4).hex()}"
    made.cells = [nbformat.v4.new_code_cell(f"{part}", id=f"{name}-{part}") for part in (1, 2)]
    path = lab["root"] / f"{name}.ipynb"
    nbformat.write(made, path)
    copy = path.with_name(f"{name}-Copy1.ipynb")
    yield path, copy
    path.unlink(missing_ok=True)
    copy.unlink(missing_ok=True)


def change(page, cell, text):
    click(page, cell)
    page.keyboard.press("Control+a")
    write(page, text)
    undo_stop(page)
    page.evaluate(RUN, cell)


def test_a_copy_continues_the_history_of_a_notebook_that_is_gone(page, lab, notebook, screenshot):
    original, copy = notebook
    first = f"{original.stem}-1"
    page.evaluate(OPEN, original.name)
    history_open(page)
    change(page, first, "1 + 1")
    page.evaluate("window.panel.context.save()")
    wait_for(lambda: "1 + 1" in original.read_text())
    shutil.copy(original, copy)
    page.evaluate(OPEN, copy.name)
    history_open(page)
    change(page, first, "1 + 2")
    told(page)
    show(page, "notebook")
    line = page.locator(".fk-Origins li")
    line.get_by_text(f"Began as a copy of {original.name}, ").wait_for()
    assert line.get_by_role("button").all_inner_texts() == ["Show its history"]
    screenshot("join-copy")
    show(page)
    edge = page.locator(".fk-Edge")
    edge.wait_for()
    assert f"in {original.name}: “1 + 1”" in edge.inner_text()
    edge.click()
    page.locator(".fk-EdgeText").get_by_text("1 + 1").wait_for()
    screenshot("join-edge")

    original.unlink()
    show(page, "notebook")
    line.get_by_role("button", name="Continue its history").click()
    dialog = page.locator(".jp-Dialog")
    dialog.get_by_text(f"Continue the history of {original.name}?").wait_for()
    screenshot("join-dialog")
    dialog.locator("button.jp-mod-accept").click()
    page.get_by_text(f"{copy.name} continues the history of {original.name}.").wait_for()
    line.wait_for(state="detached")
    screenshot("join-joined")
    click(page, first)
    show(page)
    page.locator("[role=tree] .fk-Row").nth(2).wait_for()
    screenshot("join-tree")
    change(page, first, "1 + 3")
    wait_for(lambda: all(text in ask(lab, "tree", copy, "all", "--typing") for text in ("1 + 1", "1 + 2", "1 + 3")))
