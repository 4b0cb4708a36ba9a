"""Stories about notebooks that share one kernel: each has a history of its own."""

import os

import nbformat
import pytest
from history import click, history_open, told, undo_stop, wait_for, write
from history import texts as texts_of
from test_lab import OPEN, RUN

pytestmark = pytest.mark.timeout(180)

SHARE = """async id => {
    const panel = window.panel;
    await panel.sessionContext.changeKernel({id});
    await panel.sessionContext.session.kernel.info;
}"""
KERNEL = "window.panel.sessionContext.session.kernel.id"
CONSOLE = """async () => {
    const console = await window.jupyterapp.commands.execute(
        'console:create', {kernelPreference: {name: 'forkernel-c'}, activate: true});
    await console.sessionContext.ready;
    await console.sessionContext.session.kernel.info;
    return console.sessionContext.session.kernel.id;
}"""


def made(lab):
    """A notebook of one cell, whose id is the notebook's name."""
    path = lab["root"] / f"guests-{os.urandom(4).hex()}.ipynb"
    cells = [nbformat.v4.new_code_cell("0", id=path.stem)]
    kernel = {"kernelspec": {"name": "forkernel-c", "display_name": "C"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)
    return path


def work(page, cell_id, text):
    click(page, cell_id)
    write(page, text)
    undo_stop(page)
    page.evaluate(RUN, cell_id)
    told(page)


@pytest.mark.firefox
def test_two_notebooks_share_a_kernel(page, lab, screenshot):
    host, guest = made(lab), made(lab)
    page.evaluate(OPEN, host.name)
    history_open(page)
    work(page, host.stem, " + 1")
    kernel = page.evaluate(KERNEL)
    page.evaluate(OPEN, guest.name)
    page.evaluate(SHARE, kernel)
    history_open(page)
    work(page, guest.stem, " + 20")
    page.evaluate("window.jupyterapp.commands.execute('forkernel:show-history', {tab: 'cell'})")
    page.locator(".fk-Row", has_text="+ 20").wait_for()
    screenshot("guests")
    page.evaluate(OPEN, host.name)
    assert page.evaluate(KERNEL) == kernel
    work(page, host.stem, " + 300")
    wait_for(lambda: "0 + 1 + 300" in texts_of(lab, host).values())
    assert sorted(texts_of(lab, host).values()) == ["0", "0 + 1", "0 + 1 + 300"]
    assert sorted(texts_of(lab, guest).values()) == ["0", "0 + 20"]


def test_a_console_had_the_kernel_first(page, lab):
    """JupyterLab gives comms to the first connection only; the notebook's history has a way of its own."""
    notebook = made(lab)
    kernel = page.evaluate(CONSOLE)
    page.evaluate(OPEN, notebook.name)
    page.evaluate(SHARE, kernel)
    assert not page.evaluate("window.panel.sessionContext.session.kernel.handleComms")
    history_open(page)
    work(page, notebook.stem, " + 1")
    wait_for(lambda: sorted(texts_of(lab, notebook).values()) == ["0", "0 + 1"])
