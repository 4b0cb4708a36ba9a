"""What a cell has besides its text comes back with it: pictures in markdown, tags, what was collapsed, the count."""

import json
import os

import nbformat
import pytest
from history import ask, deleted_cells, history_open, wait_for
from test_lab import OPEN, RUN
from test_panel import show

pytestmark = pytest.mark.timeout(180)

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

# As JupyterLab does with a picture that is pasted into the editor.
PASTE = """([id, picture]) => {
    const {sharedModel} = window.panel.content.widgets.find(w => w.model.id === id).model;
    sharedModel.setAttachments({'seen.png': {'image/png': picture}});
    sharedModel.updateSource(sharedModel.source.length, sharedModel.source.length, ' ![seen](attachment:seen.png)');
}"""

DELETE = """id => {
    const notebook = window.panel.content;
    notebook.activeCellIndex = notebook.widgets.findIndex(w => w.model.id === id);
    return window.jupyterapp.commands.execute('notebook:delete-cell');
}"""

CELL = "id => window.panel.content.model.toJSON().cells.find(cell => cell.id === id)"


@pytest.fixture
def notebook(lab):
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
    name = f"extras-{os.urandom(4).hex()}"
    tagged = {"tags": ["keep", "slow"], "jupyter": {"source_hidden": True}}
    made.cells = [
        nbformat.v4.new_markdown_cell("# Seen", id=f"{name}-text", metadata={"tags": ["intro"]}),
        nbformat.v4.new_code_cell("int a = 1;", id=f"{name}-one"),
        nbformat.v4.new_code_cell("a + 1", id=f"{name}-two", metadata=tagged),
        nbformat.v4.new_raw_cell("<b>raw</b>", id=f"{name}-raw", metadata={"raw_mimetype": "text/html"}),
    ]
    path = lab["root"] / f"{name}.ipynb"
    nbformat.write(made, path)
    return path


def save(page):
    page.evaluate("window.panel.context.save()")


def reload(page, lab, notebook):
    page.goto(f"{lab['url']}/lab?token={lab['token']}&reset")
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate("window.jupyterapp.restored.then(() => true)")
    page.evaluate(OPEN, notebook.name)
    history_open(page)


def bring_all_back(page):
    show(page, "notebook")
    count = page.evaluate("window.panel.content.widgets.length")
    buttons = deleted_cells(page).get_by_role("button")
    buttons.first.wait_for()
    for _ in range(buttons.count()):
        buttons.first.click()
        count += 1
        page.wait_for_function("count => window.panel.content.widgets.length === count", arg=count)


@pytest.mark.firefox
def test_deleted_saved_reloaded_and_brought_back(page, lab, notebook, screenshot, tmp_path):
    text, two, raw = (f"{notebook.stem}-{part}" for part in ("text", "two", "raw"))
    page.evaluate(OPEN, notebook.name)
    history_open(page)
    page.evaluate(RUN, f"{notebook.stem}-one")
    page.evaluate(RUN, two)
    page.evaluate(PASTE, [text, PIXEL])
    page.evaluate(
        "id => window.panel.content.widgets.find(w => w.model.id === id).model.setMetadata('collapsed', true)", two
    )
    save(page)
    before = {one: page.evaluate(CELL, one) for one in (text, two, raw)}
    assert list(before[text]["attachments"].values()) == [{"image/png": PIXEL}] and before[two]["execution_count"] == 2
    for one in before:
        page.evaluate(DELETE, one)
    save(page)
    reload(page, lab, notebook)
    assert page.evaluate("window.panel.content.widgets.length") == 1
    bring_all_back(page)
    after = {one: page.evaluate(CELL, one) for one in before}
    assert after == before
    page.locator(".jp-RenderedMarkdown img[src^='data:'], .jp-RenderedMarkdown img[src^='blob:']").first.wait_for()
    screenshot("extras-back")
    save(page)
    assert "forkernel-" not in json.dumps([c for c in nbformat.read(notebook, as_version=4).cells])
    output = tmp_path / "then.ipynb"
    ask(lab, "notebook", notebook, "--output", output)
    made = {one["id"]: one for one in nbformat.read(output, as_version=4).cells}
    assert made[text]["attachments"] == before[text]["attachments"] and made[raw]["metadata"] == before[raw]["metadata"]


def test_an_older_text_brings_its_picture(page, lab, notebook):
    text = f"{notebook.stem}-text"
    page.evaluate(OPEN, notebook.name)
    history_open(page)
    page.evaluate(PASTE, [text, PIXEL])
    before = page.evaluate(CELL, text)
    page.wait_for_timeout(1300)
    page.evaluate(
        """id => {
            const {sharedModel} = window.panel.content.widgets.find(w => w.model.id === id).model;
            sharedModel.setAttachments({});
            sharedModel.setSource('# Nothing');
            sharedModel.setMetadata('tags', ['later']);
        }""",
        text,
    )
    page.wait_for_timeout(1300)
    page.evaluate("id => { window.panel.content.activeCellIndex = 0; }", text)
    page.evaluate("window.jupyterapp.commands.execute('forkernel:older-version')")
    page.wait_for_function("id => (" + CELL + ")(id).source.includes('attachment:')", arg=text)
    after = page.evaluate(CELL, text)
    assert after["attachments"] == before["attachments"] and after["metadata"] == {"tags": ["later"]}
    wait_for(lambda: "# Nothing" in ask(lab, "tree", notebook, "all"))
