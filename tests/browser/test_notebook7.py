"""The same in Jupyter Notebook 7: what is typed is kept, and shown at the cell and in the side bar."""

import nbformat
import pytest
from conftest import watched_page
from history import click, source, texts, undo_stop, wait_for, write
from lab_server import ARTIFACTS, running_lab
from test_lab import OUTPUTS, RUN, cell, text_of

pytest.importorskip("notebook")
pytestmark = pytest.mark.timeout(180)

OPENED = """async () => {
    window.panel = window.jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("notebook7"), "notebook", "JupyterNotebookApp") as server:
        yield server


@pytest.fixture
def page(browser, server):
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
    made.cells = [nbformat.v4.new_code_cell(text, id=f"seven-{i}") for i, text in enumerate(("int a = 1;", "a + 1"))]
    nbformat.write(made, server["root"] / "seven.ipynb")
    with watched_page(browser, f"{server['url']}/notebooks/seven.ipynb?token={server['token']}") as page:
        page.set_default_timeout(15_000)
        page.wait_for_function("window.jupyterapp.shell.currentWidget?.context?.isReady")
        page.evaluate(OPENED)
        page.locator(".fk-mod-history").wait_for()
        yield page


def test_a_branch_is_lost_and_found(page, server):
    two = "seven-1"
    page.evaluate(RUN, "seven-0")
    click(page, two)
    for text in (" + 2", " + 3"):
        write(page, text)
        undo_stop(page)
    page.evaluate(RUN, two)
    click(page, two)
    for _ in range(2):
        page.keyboard.press("Control+z")
    undo_stop(page)
    write(page, "0")
    switcher = cell(page, two).locator(".fk-Switcher")
    switcher.get_by_text("2/2", exact=True).wait_for()
    wait_for(lambda: "a + 10" in texts(server, server["root"] / "seven.ipynb").values())
    page.evaluate(RUN, two)

    page.keyboard.press("Escape")
    page.keyboard.press("Alt+h")
    page.wait_for_function("document.activeElement.matches('.fk-Row')")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.querySelector('.fk-Preview')?.innerText.includes('a + 1 + 2 + 3')")
    page.screenshot(path=ARTIFACTS / "notebook7-panel.png")
    page.keyboard.press("Enter")
    page.locator(".fk-Message").get_by_text("is in the cell").wait_for()
    assert source(page, two) == "a + 1 + 2 + 3"
    assert text_of(page.evaluate(OUTPUTS, two)) == "7"
    cell(page, two).locator(".fk-OldOutputs").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.closest('.jp-Notebook .cm-content') !== null")
    page.keyboard.press("Control+z")
    cell(page, two).locator(".fk-OldOutputs").wait_for(state="detached")
    assert source(page, two) == "a + 10"

    page.evaluate("window.jupyterapp.commands.execute('forkernel:show-states')")
    states = page.locator(".fk-StateTree .fk-Row")
    states.filter(has_text="[1]").click()
    page.keyboard.press("Enter")
    states.filter(has_text="[1]").get_by_text("the program is here").wait_for()
    page.screenshot(path=ARTIFACTS / "notebook7-states.png")


def test_the_whole_notebook_goes_back(page):
    page.evaluate(RUN, "seven-0")
    page.evaluate("window.panel.context.save()")
    undo_stop(page)
    click(page, "seven-1")
    write(page, " + 5")
    undo_stop(page)
    page.locator(".lm-MenuBar-itemLabel", has_text="File").click()
    page.locator(".lm-Menu-itemLabel", has_text="Notebook History…").click()
    page.locator(".fk-Moments [role=option]").filter(has_text="saved").first.click()
    page.locator(".fk-CellChange-name", has_text="a + 1").wait_for()
    page.screenshot(path=ARTIFACTS / "notebook7-history.png")
    page.locator(".jp-Dialog-button.fk-mod-restore:not([disabled])").click()
    page.locator(".jp-Dialog").wait_for(state="detached")
    page.wait_for_function("window.panel.content.widgets[1].model.sharedModel.getSource() === 'a + 1'")
