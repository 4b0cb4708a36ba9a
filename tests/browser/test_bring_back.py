"""Stories about outputs that are not on the page: cleared, never come, or of a text before."""

import os

import nbformat
import pytest
from history import click, history_open, source, theme, undo_stop, write
from test_lab import OPEN, OUTPUTS, RUN, cell, text_of
from test_truth import has, missed, reopen, save, shows

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def notebook(page, lab):
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
    name = f"back-{os.urandom(4).hex()}"
    for part, text in (("one", "1 + 1"), ("two", "2 + 2"), ("three", "3 + 3")):
        made.cells.append(nbformat.v4.new_code_cell(text, id=f"{name}-{part}"))
    path = lab["root"] / f"{name}.ipynb"
    nbformat.write(made, path)
    page.set_default_timeout(15_000)
    page.evaluate(OPEN, path.name)
    history_open(page)
    return path


def part(notebook, name):
    return f"{notebook.stem}-{name}"


def do(page, command):
    page.evaluate("command => window.jupyterapp.commands.execute(command)", command)


def outputs(page, cell_id):
    return text_of(page.evaluate(OUTPUTS, cell_id))


@pytest.mark.firefox
def test_cleared_outputs_come_back_in_one_step(page, notebook, screenshot):
    one, two, three = (part(notebook, name) for name in ("one", "two", "three"))
    page.evaluate(RUN, one)
    page.evaluate(RUN, two)
    do(page, "notebook:clear-all-cell-outputs")
    line = missed(page, two)  # the active one now
    line.get_by_text("run [2] finished at").wait_for()
    assert line.evaluate("node => getComputedStyle(node).opacity") == "1"
    quiet = page.locator(".jp-Cell:not(.jp-mod-active) .fk-Missed.fk-mod-quiet")
    quiet.wait_for(state="attached")
    page.mouse.move(2, 2)
    assert quiet.evaluate("node => getComputedStyle(node).opacity") == "0", "nobody who cleared them is bothered"
    screenshot("back-cleared")
    do(page, "forkernel:bring-outputs-back")
    shows(page, one, "2")
    shows(page, two, "4")
    assert outputs(page, three) == ""
    cell(page, one).locator(".fk-OldOutputs").get_by_text("run [1]").wait_for()
    screenshot("back-brought")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(
        "window.panel.content.widgets.every(w => w.model.type !== 'code' || w.model.outputs.length === 0)"
    )
    do(page, "forkernel:bring-outputs-back")
    shows(page, two, "4")
    do(page, "forkernel:bring-outputs-back")
    page.get_by_text("Every cell shows the output of its last run already.").wait_for()


def test_it_is_in_the_edit_menu(page, notebook):
    page.locator(".lm-MenuBar-item", has_text="Edit").click()
    page.locator(".lm-Menu-item[data-command='forkernel:bring-outputs-back']").wait_for()
    page.keyboard.press("Escape")


def test_a_dismissed_line_stays_away(page, notebook):
    one = part(notebook, "one")
    page.evaluate(RUN, one)
    do(page, "notebook:clear-cell-output")
    missed(page, one).locator("button[title='Dismiss']").click()
    missed(page, one).wait_for(state="detached")
    undo_stop(page)
    assert missed(page, one).count() == 0
    page.evaluate(RUN, one)
    do(page, "notebook:clear-cell-output")
    missed(page, one).get_by_text("run [2] finished").wait_for()


def test_a_browser_that_was_closed_before_the_end(page, notebook, screenshot):
    one = part(notebook, "one")
    save(page)
    page.wait_for_timeout(1100)  # the file is older than the run, by its time
    page.evaluate(RUN, one)
    reopen(page, notebook)
    line = missed(page, one)
    line.get_by_text("run [1] finished at").wait_for()
    cell(page, part(notebook, "three"))
    page.mouse.move(2, 2)
    assert line.evaluate("node => node.matches('.fk-mod-quiet')") is False
    screenshot("back-closed")
    line = page.locator(".fk-Missed")
    line.locator("button", has_text="show").click()
    shows(page, one, "2")
    line.wait_for(state="detached")
    assert source(page, one) == "1 + 1"


@pytest.mark.firefox
def test_the_picture_of_before_is_one_click_away(page, notebook, screenshot):
    """Edit, run, edit, run, without an undo."""
    one = part(notebook, "one")
    for last in ("0", "0"):
        page.evaluate(RUN, one)
        click(page, one)
        write(page, last)
        undo_stop(page)
    page.evaluate(RUN, one)
    assert outputs(page, one) == "101"
    runs = cell(page, one).locator(".fk-Runs")
    runs.get_by_text("3/3", exact=True).wait_for()
    cell(page, part(notebook, "three"))
    page.mouse.move(2, 2)
    faint = float(page.locator(".fk-Runs").evaluate("node => getComputedStyle(node).opacity"))
    assert 0 < faint < 1, "it is there, and quiet"
    screenshot("back-runs")
    runs = cell(page, one).locator(".fk-Runs")
    runs.locator("button").first.click()
    has(page, one, "1 + 10")
    shows(page, one, "11")
    runs.get_by_text("2/3", exact=True).wait_for()
    cell(page, one).locator(".fk-OldOutputs").get_by_text("run [2]").wait_for()
    page.locator(".fk-Announcer").get_by_text("with its text").wait_for(state="attached")
    page.keyboard.press("Control+z")
    has(page, one, "1 + 100")
    shows(page, one, "101")
    assert cell(page, one).locator(".fk-OldOutputs").count() == 0


def test_both_switchers_and_where_branches_part(page, notebook, screenshot):
    one = part(notebook, "one")
    page.evaluate(RUN, one)
    for text in ("0", "5"):
        click(page, one)
        write(page, text)
        undo_stop(page)
        page.evaluate(RUN, one)
        click(page, one)
        page.keyboard.press("Control+z")
        undo_stop(page)
    has(page, one, "1 + 1")
    switcher = cell(page, one).locator(".fk-Switcher")
    switcher.get_by_text("2 ways", exact=True).wait_for()
    cell(page, one).locator(".fk-Runs").get_by_text("3/3", exact=True).wait_for()
    assert page.locator(".fk-Missed").count() == 0, "undo leaves the output of the last run there, as ever"
    screenshot("back-ways")
    switcher.locator("button").last.click()
    switcher.get_by_text("1/2", exact=True).wait_for()
    cell(page, one).locator(".fk-Runs").wait_for()
    screenshot("back-switchers")
    theme(page, "JupyterLab Dark")
    screenshot("back-switchers-dark")


def test_menus_show_the_keys(page, notebook, screenshot):
    page.evaluate(RUN, part(notebook, "one"))
    click(page, part(notebook, "one"))
    write(page, "0")
    undo_stop(page)
    page.evaluate(RUN, part(notebook, "one"))
    cell(page, part(notebook, "one")).locator(".fk-Runs").wait_for()
    cell(page, part(notebook, "one")).locator(".cm-content").click(button="right")
    keys = {}
    for command in ("older-version", "previous-branch", "earlier-output"):
        item = page.locator(f".lm-Menu-item[data-command='forkernel:{command}']")
        item.wait_for()
        keys[command] = item.locator(".lm-Menu-itemShortcut").inner_text()
    screenshot("back-menu")
    assert keys == {"older-version": "Alt+[", "previous-branch": "Alt+Shift+[", "earlier-output": "Alt+,"}
    page.keyboard.press("Escape")
    click(page, part(notebook, "one"))
    page.keyboard.press("Alt+,")
    has(page, part(notebook, "one"), "1 + 1")
    shows(page, part(notebook, "one"), "2")
