"""Stories about a page that is behind the history: reopened during a run, killed with edits, reverted, opened twice."""

import os
from contextlib import contextmanager

import nbformat
import pytest
from conftest import watched_page
from history import click, history_open, source, theme, undo_stop, wait_for, write
from test_lab import OPEN, OUTPUTS, RUN, cell, text_of

pytestmark = pytest.mark.timeout(180)

SLOW = """#include <stdio.h>
#include <unistd.h>
printf("begin\\n");
fflush(stdout);
while (access("{go}", F_OK) != 0)
    usleep(10000);
printf("end\\n");"""

START = """id => {
    const panel = window.panel;
    panel.content.activeCellIndex = panel.content.widgets.findIndex(w => w.model.id === id);
    void window.jupyterapp.commands.execute('notebook:run-cell');
}"""


@pytest.fixture
def notebook(lab):
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
    name = f"truth-{os.urandom(4).hex()}"
    for part, text in (("one", "1 + 1"), ("two", SLOW.format(go=lab["root"] / f"{name}.go")), ("three", "3 + 3")):
        made.cells.append(nbformat.v4.new_code_cell(text, id=f"{name}-{part}"))
    path = lab["root"] / f"{name}.ipynb"
    nbformat.write(made, path)
    return path


def part(notebook, name):
    return f"{notebook.stem}-{name}"


def reopen(page, notebook):
    """As after the browser was killed: nothing is saved, and no page says goodbye to the kernel."""
    page.evaluate("window.panel.context.model.dirty = false")  # or it asks
    page.reload()
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate("window.jupyterapp.restored.then(() => true)")
    page.evaluate(OPEN, notebook.name)
    history_open(page)


def save(page):
    page.evaluate("window.panel.context.save()")


def outputs(page, cell_id):
    return text_of(page.evaluate(OUTPUTS, cell_id))


def shows(page, cell_id, text):
    page.wait_for_function(
        """([id, text]) => JSON.stringify(window.panel.content.widgets.find(w => w.model.id === id)
            .model.outputs.toJSON()).includes(text)""",
        arg=[cell_id, text],
    )


def has(page, cell_id, text):
    page.wait_for_function(
        "([id, text]) => window.panel.content.widgets.find(w => w.model.id === id).model.sharedModel.source === text",
        arg=[cell_id, text],
    )


def missed(page, cell_id):
    return cell(page, cell_id).locator(".fk-Missed")


def newer(page):
    return page.locator(".fk-NewerLine:visible")


def go(lab, notebook):
    (lab["root"] / f"{notebook.stem}.go").write_text("")


def reopen_during_a_run(page, lab, notebook):
    page.set_default_timeout(15_000)
    two = part(notebook, "two")
    page.evaluate(OPEN, notebook.name)
    page.evaluate(RUN, part(notebook, "one"))
    page.evaluate(START, two)
    shows(page, two, "begin")
    save(page)
    reopen(page, notebook)
    assert outputs(page, two) == "begin\n"
    missed(page, two).get_by_text("has been running since").wait_for()
    go(lab, notebook)
    return two


def test_a_page_that_is_opened_during_a_run(page, lab, notebook, screenshot):
    two = reopen_during_a_run(page, lab, notebook)
    line = missed(page, two)
    line.get_by_text("run [2] finished at").wait_for()
    assert "this is not its output" in line.inner_text()
    assert outputs(page, two) == "begin\n", "nothing is put there unasked"
    screenshot("truth-missed")
    theme(page, "JupyterLab Dark")
    screenshot("truth-missed-dark")
    line.locator("button", has_text="show").click()
    shows(page, two, "end")
    assert outputs(page, two) == "begin\nend\n"
    cell(page, two).locator(".fk-OldOutputs").get_by_text("run [2]").wait_for()
    line.wait_for(state="detached")
    assert missed(page, part(notebook, "one")).count() == 0, "what is in the file is what the run left"


def test_restoring_gives_the_output_of_the_record(page, lab, notebook):
    two = reopen_during_a_run(page, lab, notebook)
    missed(page, two).get_by_text("finished at").wait_for()
    before = source(page, two)
    click(page, two)
    write(page, " // more")
    undo_stop(page)
    page.keyboard.press("Alt+[")
    has(page, two, before)
    shows(page, two, "end")
    assert outputs(page, two) == "begin\nend\n"


def test_what_was_put_there_in_the_middle_of_a_run_is_made_whole(page, lab, notebook):
    two = part(notebook, "two")
    page.set_default_timeout(15_000)
    page.evaluate(OPEN, notebook.name)
    page.evaluate(START, two)
    shows(page, two, "begin")
    reopen(page, notebook)
    assert outputs(page, two) == ""
    missed(page, two).locator("button", has_text="show").click()
    shows(page, two, "begin")
    cell(page, two).locator(".fk-OldOutputs").get_by_text("running").wait_for()
    go(lab, notebook)
    shows(page, two, "end")
    assert outputs(page, two) == "begin\nend\n"


@pytest.mark.firefox
def test_after_a_revert_an_output_is_its_texts_own(page, notebook):
    one = part(notebook, "one")
    page.set_default_timeout(15_000)
    page.evaluate(OPEN, notebook.name)
    page.evaluate(RUN, one)
    save(page)
    click(page, one)
    write(page, " + 40")
    page.evaluate(RUN, one)
    assert outputs(page, one) == "42"
    undo_stop(page)
    page.evaluate("window.panel.context.revert()")
    has(page, one, "1 + 1")
    newer(page).get_by_text("1 cell was newer than this file.").wait_for()
    newer(page).locator("button", has_text="Bring back").first.click()
    has(page, one, "1 + 1 + 40")
    assert outputs(page, one) == "42"
    newer(page).wait_for(state="hidden")
    page.evaluate("id => window.panel.content.widgets.find(w => w.model.id === id).model.sharedModel.undo()", one)
    has(page, one, "1 + 1")
    assert outputs(page, one) == "2"


@contextmanager
def second_page(browser, lab, notebook):
    with watched_page(browser, f"{lab['url']}/lab/workspaces/second?token={lab['token']}&reset") as page:
        page.set_default_timeout(15_000)
        page.evaluate(OPEN, notebook.name)
        history_open(page)
        yield page


def test_a_second_browser_shows_no_output_of_another_run(page, browser, lab, notebook):
    one = part(notebook, "one")
    page.set_default_timeout(15_000)
    page.evaluate(OPEN, notebook.name)
    history_open(page)
    page.evaluate(RUN, one)
    save(page)
    with second_page(browser, lab, notebook) as other:
        assert outputs(other, one) == "2"
        click(page, one)
        write(page, " + 1")
        page.evaluate(RUN, one)
        undo_stop(page)
        click(other, one)
        other.keyboard.press("Alt+]")
        has(other, one, "1 + 1 + 1")
        shows(other, one, "3")
        cell(other, one).locator(".fk-OldOutputs").get_by_text("run [2]").wait_for()
        # what is in the cell is what this page has, whatever the other one does
        click(page, one)
        write(page, "00")
        undo_stop(page)
        page.keyboard.press("Control+z")
        undo_stop(page)
        other.evaluate("window.jupyterapp.commands.execute('forkernel:show-history', {tab: 'cell'})")
        other.locator(".fk-Row.fk-mod-head", has_text="+ 1").wait_for()
        assert source(other, one) == "1 + 1 + 1"


def lose_edits(page, notebook):
    """Edits that were told, and a browser that was killed before it saved them."""
    page.set_default_timeout(15_000)
    page.evaluate(OPEN, notebook.name)
    page.evaluate(RUN, part(notebook, "one"))
    save(page)
    click(page, part(notebook, "one"))
    write(page, " + 10")
    page.evaluate(RUN, part(notebook, "one"))
    click(page, part(notebook, "three"))
    write(page, " + 30")
    undo_stop(page)
    page.evaluate(
        """id => {
            const shared = window.panel.content.model.sharedModel;
            shared.insertCell(1, {cell_type: 'code', id, source: '7 * 7'});
        }""",
        part(notebook, "added"),
    )
    undo_stop(page)
    reopen(page, notebook)


@pytest.mark.firefox
def test_edits_that_were_not_saved_are_offered(page, notebook, screenshot):
    one, three, added = (part(notebook, name) for name in ("one", "three", "added"))
    lose_edits(page, notebook)
    line = newer(page)
    line.get_by_text("2 cells were edited and 1 cell was added after the last save, at").wait_for()
    assert source(page, one) == "1 + 1" and source(page, three) == "3 + 3"
    line.locator("button", has_text="Show").first.click()
    line.locator("li code", has_text="+ 3 + 3 + 30").wait_for()
    screenshot("truth-newer")
    theme(page, "JupyterLab Dark")
    screenshot("truth-newer-dark")
    # what is called "in the cell" is in it
    page.evaluate("window.jupyterapp.commands.execute('forkernel:show-history', {tab: 'cell'})")
    cell(page, one)
    page.locator(".fk-Row.fk-mod-head").wait_for()
    assert "+ 10" not in page.locator(".fk-Row.fk-mod-head").inner_text()
    line.locator("button", has_text="Bring back all").click()
    has(page, one, "1 + 1 + 10")
    has(page, three, "3 + 3 + 30")
    assert outputs(page, one) == "12"
    line.wait_for(state="hidden")
    assert source(page, added) == "7 * 7"
    order = page.evaluate("window.panel.content.widgets.map(w => w.model.id)")
    assert order == [one, added, part(notebook, "two"), three]
    click(page, three)
    page.keyboard.press("Control+z")
    has(page, three, "3 + 3")


def test_the_way_to_lost_edits_by_keys(page, notebook):
    one = part(notebook, "one")
    lose_edits(page, notebook)
    newer(page).wait_for()
    click(page, one)
    page.keyboard.press("Alt+]")
    has(page, one, "1 + 1 + 10")
    newer(page).get_by_text("1 cell was edited and 1 cell was added").wait_for()
    newer(page).locator("button[title='Dismiss']").click()
    newer(page).wait_for(state="hidden")
    assert source(page, part(notebook, "three")) == "3 + 3"


def test_a_notebook_that_was_saved_offers_nothing(page, notebook):
    page.set_default_timeout(15_000)
    page.evaluate(OPEN, notebook.name)
    click(page, part(notebook, "one"))
    write(page, " + 10")
    page.evaluate(RUN, part(notebook, "one"))
    undo_stop(page)
    save(page)
    reopen(page, notebook)
    undo_stop(page)
    assert newer(page).count() == 0 and page.locator(".fk-Missed").count() == 0


@pytest.mark.firefox
def test_a_save_during_a_restore_moves_nothing_back(page, notebook):
    three = part(notebook, "three")
    page.set_default_timeout(15_000)
    page.evaluate(OPEN, notebook.name)
    click(page, three)
    write(page, " + 30")
    undo_stop(page)
    page.evaluate(
        """async () => {
            const told = new Promise(resolve => window.panel.sessionContext.iopubMessage.connect((_, message) =>
                message.content.data?.file && resolve()));
            await window.panel.context.save();
            await window.jupyterapp.commands.execute('forkernel:older-version');
            await told;
        }"""
    )
    has(page, three, "3 + 3")
    moves = page.evaluate(
        """async () => {
            const kernel = window.panel.sessionContext.session.kernel;
            const comm = kernel.createComm('forkernel.history');
            const answers = [];
            comm.onMsg = message => answers.push(message.content.data);
            await comm.open({version: 1}).done;
            await comm.send({type: 'request', id: 1, what: 'log'}).done;
            return answers.at(-1).events.filter(event => event.event === 'move').map(event => event.cause);
        }"""
    )
    assert moves == ["restore"]
