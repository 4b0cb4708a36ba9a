"""Stories about files and histories that part: renames, names used again, notebooks without ids."""

import json
import os
import re

import pytest
from history import ask, click, history_open, texts, told, undo_stop, wait_for, write
from test_lab import OPEN

pytestmark = pytest.mark.timeout(240)

NEW = """async () => {
    const panel = await window.jupyterapp.commands.execute(
        'notebook:create-new', {cwd: '', kernelName: 'forkernel-c'});
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
    window.panel = panel;
    return panel.context.path;
}"""
FIRST = "() => window.panel.content.widgets[0].model.id"
RUN_FIRST = """async () => {
    window.panel.content.activeCellIndex = 0;
    await window.jupyterapp.commands.execute('notebook:run-cell');
}"""
TREE = """() => window.panel.content.widgets.map(widget => widget.model.id)"""


def run_text(page, text):
    """Typed into the first cell in place of what was there, and run."""
    click(page, page.evaluate(FIRST))
    page.keyboard.press("Control+a")
    write(page, text)
    undo_stop(page)
    page.evaluate(RUN_FIRST)


@pytest.mark.firefox
def test_a_new_notebook_is_named_at_its_first_save(page, lab, screenshot):
    made = []
    try:
        old = lab["root"] / page.evaluate(NEW)
        made.append(old)
        history_open(page)
        run_text(page, "1 + 1")
        run_text(page, "2 + 2")
        page.keyboard.press("Control+s")
        dialog = page.locator(".jp-Dialog")
        name = f"Analysis-{os.urandom(4).hex()}"
        dialog.locator("input").first.fill(f"{name}.ipynb")
        screenshot("moves-first-save")
        dialog.locator("button.jp-mod-accept").click()
        analysis = lab["root"] / f"{name}.ipynb"
        made.append(analysis)
        wait_for(analysis.exists)
        wait_for(lambda: {"1 + 1", "2 + 2"} <= set(texts(lab, analysis).values()))
        first = page.evaluate("() => { window.first = window.panel; return window.panel.context.path }")
        assert first == analysis.name
        again = lab["root"] / page.evaluate(NEW)
        made.append(again)
        assert again == old
        history_open(page)
        run_text(page, "3 + 3")
        told(page)
        assert "2 + 2" not in ask(lab, "tree", again, "all") and "3 + 3" in texts(lab, again).values()
        page.evaluate(
            "() => { window.panel = window.first; window.jupyterapp.shell.activateById(window.first.id) }"
        )
        run_text(page, "4 + 4")
        page.evaluate("window.panel.context.save()")
        wait_for(lambda: "4 + 4" in texts(lab, analysis).values())
        assert "4 + 4" not in texts(lab, again).values() and "3 + 3" not in texts(lab, analysis).values()
    finally:
        page.evaluate("window.jupyterapp.serviceManager.sessions.shutdownAll()")
        for path in made:
            path.unlink(missing_ok=True)


@pytest.mark.firefox
def test_a_notebook_without_ids_is_loaded_again(page, lab):
    notebook = lab["root"] / f"without-ids-{os.urandom(4).hex()}.ipynb"
    cells = [
        {"cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
        for text in ("5 + 5", "6 + 6")
    ]
    metadata = {"kernelspec": {"name": "forkernel-c", "display_name": "C", "language": "c"}}
    notebook.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}))
    page.evaluate(OPEN, notebook.name)
    history_open(page)
    run_text(page, "5 + 6")
    run_text(page, "5 + 7")
    page.evaluate("window.panel.context.save()")
    told(page)
    before = page.evaluate(TREE)
    page.reload()
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate("window.jupyterapp.restored.then(() => true)")
    page.evaluate(OPEN, notebook.name)
    history_open(page)
    after = page.evaluate(TREE)
    assert not set(before) & set(after) and "id" not in json.loads(notebook.read_text())["cells"][0]
    told(page)
    tree = ask(lab, "tree", notebook)
    assert "deleted" not in tree and "5 + 6" in ask(lab, "tree", notebook, after[0]), tree
    # the cell's earlier text is a step away
    click(page, after[0])
    page.evaluate("window.jupyterapp.commands.execute('forkernel:older-version')")
    page.wait_for_function("window.panel.content.widgets[0].model.sharedModel.source === '5 + 6'")
    page.evaluate("window.panel.context.revert()")
    wait_for(lambda: page.evaluate(TREE)[0] != after[0])
    run_text(page, "5 + 8")
    told(page)
    tree = ask(lab, "tree", notebook)
    assert "deleted" not in tree and len(re.findall(r"^c\d+ ", tree, re.M)) == 2, tree
    assert {"5 + 5", "5 + 6", "5 + 7", "5 + 8"} <= set(texts(lab, notebook).values())
