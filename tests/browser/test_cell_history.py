"""Stories about the history at the cell: the branch switcher, stepping in time, whose the outputs are."""

import os
import re

import nbformat
import pytest
from history import click, source, texts, theme, told, undo_stop, write
from test_lab import OPEN, OUTPUTS, RUN, cell, run, text_of

pytestmark = pytest.mark.timeout(180)

COUNT = "id => window.panel.content.widgets.find(w => w.model.id === id).model.executionCount"


@pytest.fixture
def notebook(lab):
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
    name = f"cell-{os.urandom(4).hex()}"
    for part, text in (("one", "#include <stdio.h>\nint a = 1;"), ("two", "a + 1"), ("three", "a * 100")):
        made.cells.append(nbformat.v4.new_code_cell(text, id=f"{name}-{part}"))
    path = lab["root"] / f"{name}.ipynb"
    nbformat.write(made, path)
    return path


def two(notebook):
    return f"{notebook.stem}-two"


def switcher(page, cell_id):
    return cell(page, cell_id).locator(".fk-Switcher")


def shows(page, cell_id, place):
    switcher(page, cell_id).get_by_text(place, exact=True).wait_for()


def press(page, cell_id, sign):
    switcher(page, cell_id).get_by_text(sign, exact=True).click()


def has(page, cell_id, text):
    page.wait_for_function(
        "([id, text]) => window.panel.content.widgets.find(w => w.model.id === id).model.sharedModel.source === text",
        arg=[cell_id, text],
    )


def lose_a_branch(page, notebook):
    """The issue's person: three steps, a run, undo thrice, one character."""
    page.set_default_timeout(15_000)
    page.evaluate(OPEN, notebook.name)
    page.evaluate(RUN, f"{notebook.stem}-one")
    click(page, two(notebook))
    for text in (" + 2", " + 3", " + 4"):
        write(page, text)
        undo_stop(page)
    page.evaluate(RUN, two(notebook))
    click(page, two(notebook))
    for _ in range(3):
        page.keyboard.press("Control+z")
    assert source(page, two(notebook)) == "a + 1"
    undo_stop(page)
    assert switcher(page, two(notebook)).count() == 0, "undo alone is in nobody's way"
    write(page, "0")
    shows(page, two(notebook), "2/2")


def test_the_other_branch_is_one_click_away(page, lab, notebook, screenshot):
    lose_a_branch(page, notebook)
    screenshot("cell-switcher")
    page.evaluate(RUN, two(notebook))
    assert text_of(page.evaluate(OUTPUTS, two(notebook))) == "11"
    count = page.evaluate(COUNT, two(notebook))
    press(page, two(notebook), "‹")
    has(page, two(notebook), "a + 1 + 2 + 3 + 4")
    shows(page, two(notebook), "1/2")
    assert text_of(page.evaluate(OUTPUTS, two(notebook))) == "11", "of the run before, which was equal by chance"
    assert page.evaluate(COUNT, two(notebook)) == count
    old = cell(page, two(notebook)).locator(".fk-OldOutputs")
    assert re.search(r"^Output of .*, run \[2\]$", old.inner_text()), old.inner_text()
    screenshot("cell-flipped")
    press(page, two(notebook), "›")
    has(page, two(notebook), "a + 10")
    shows(page, two(notebook), "2/2")
    old.wait_for(state="detached")
    assert len(texts(lab, notebook)) == 6, "flipping adds no version"


def test_undo_takes_a_flip_back_with_its_output(page, lab, notebook):
    lose_a_branch(page, notebook)
    page.keyboard.press("End")
    write(page, " * 7")
    page.evaluate(RUN, two(notebook))
    assert text_of(page.evaluate(OUTPUTS, two(notebook))) == "71"
    click(page, two(notebook))
    press(page, two(notebook), "‹")
    has(page, two(notebook), "a + 1 + 2 + 3 + 4")
    assert text_of(page.evaluate(OUTPUTS, two(notebook))) == "11"
    page.keyboard.press("Control+z")  # the click left the focus in the editor
    has(page, two(notebook), "a + 10 * 7")
    assert text_of(page.evaluate(OUTPUTS, two(notebook))) == "71"
    assert cell(page, two(notebook)).locator(".fk-OldOutputs").count() == 0
    page.keyboard.press("Control+Shift+z")
    has(page, two(notebook), "a + 1 + 2 + 3 + 4")
    assert text_of(page.evaluate(OUTPUTS, two(notebook))) == "11"
    cell(page, two(notebook)).locator(".fk-OldOutputs").wait_for()
    page.evaluate("window.panel.context.save()")
    assert "fk-" not in notebook.read_text() and "Output of" not in notebook.read_text()
    page.evaluate(RUN, two(notebook))
    cell(page, two(notebook)).locator(".fk-OldOutputs").wait_for(state="detached")


def test_stepping_in_time(page, notebook):
    lose_a_branch(page, notebook)
    undo_stop(page)
    said = page.locator(".fk-Announcer")
    for text, place in (("a + 1 + 2 + 3 + 4", "version 2 of 3"), ("a + 1", "version 1 of 3")):
        page.keyboard.press("Alt+[")
        has(page, two(notebook), text)
        said.get_by_text(place).wait_for(state="attached")
    page.keyboard.press("Alt+[")
    said.get_by_text("no older version").wait_for(state="attached")
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+]")
    has(page, two(notebook), "a + 1 + 2 + 3 + 4")
    page.keyboard.press("Alt+]")
    has(page, two(notebook), "a + 10")


def test_by_keyboard_alone_and_what_the_sibling_is(page, notebook, screenshot):
    lose_a_branch(page, notebook)
    back = switcher(page, two(notebook)).locator("button").first
    back.focus()
    page.wait_for_function("button => button.title.includes('changed')", arg=back.element_handle())
    assert re.search(r"just now, ok \[2\]\n1 line changed: \+ a \+ 1 \+ 2", back.get_attribute("title")), back.get_attribute("title")
    screenshot("cell-focused")
    page.keyboard.press("Enter")
    has(page, two(notebook), "a + 1 + 2 + 3 + 4")
    page.keyboard.press("ArrowRight")
    has(page, two(notebook), "a + 10")
    page.evaluate("window.jupyterapp.commands.execute('forkernel:previous-branch')")
    has(page, two(notebook), "a + 1 + 2 + 3 + 4")


def test_the_switcher_is_there_after_a_reload_and_a_restart(page, lab, notebook, screenshot):
    lose_a_branch(page, notebook)
    told(page)
    page.evaluate("window.panel.context.save()")
    page.evaluate("window.panel.sessionContext.restartKernel()")
    page.goto(f"{lab['url']}/lab?token={lab['token']}&reset")
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate("window.jupyterapp.restored.then(() => true)")
    theme(page, "JupyterLab Dark")
    page.evaluate(OPEN, notebook.name)
    shows(page, two(notebook), "2/2")
    press(page, two(notebook), "‹")
    has(page, two(notebook), "a + 1 + 2 + 3 + 4")
    cell(page, two(notebook)).locator(".fk-OldOutputs").wait_for()
    screenshot("cell-dark")
    theme(page, "JupyterLab Light")


def test_old_pictures_are_shown_and_old_html_is_not_trusted(page, notebook):
    page.set_default_timeout(15_000)
    page.evaluate(OPEN, notebook.name)
    last = f"{notebook.stem}-three"
    page.evaluate(RUN, f"{notebook.stem}-one")
    trusted = "id => window.panel.content.widgets.find(w => w.model.id === id).model.trusted"
    svg = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><circle r='4'/></svg>"
    for text in (f'fk_svg("{svg}");', 'fk_html("<b onclick=1>bold</b>");', "3"):
        run(page, last, text)
    click(page, last)
    page.keyboard.press("Alt+[")
    cell(page, last).locator(".fk-OldOutputs").wait_for()
    assert page.evaluate(trusted, last) is False
    assert "onclick" not in cell(page, last).locator(".jp-RenderedHTMLCommon b").evaluate("node => node.outerHTML")
    page.keyboard.press("Alt+[")
    cell(page, last).locator(".jp-RenderedSVG img").wait_for()
    page.evaluate(RUN, last)
    assert page.evaluate(trusted, last) is True


def test_a_cell_that_runs_is_asked_about(page, notebook):
    lose_a_branch(page, notebook)
    text = 'for (int i = 0; i < 100; i++) { printf("%d\\n", i); fflush(stdout); usleep(100000); }'
    page.evaluate(
        "([id, text]) => { window.panel.content.widgets.find(w => w.model.id === id).model.sharedModel.setSource(text) }",
        [two(notebook), "#include <unistd.h>\n" + text],
    )
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-cell')")
    cell(page, two(notebook)).locator(".jp-OutputArea-output").get_by_text("2").first.wait_for()
    press(page, two(notebook), "‹")
    page.get_by_role("button", name="Cancel").click()
    assert "usleep" in source(page, two(notebook))
    press(page, two(notebook), "‹")
    page.get_by_role("button", name="Exchange the text").click()
    has(page, two(notebook), "a + 1 + 2 + 3 + 4")
    page.evaluate("window.panel.sessionContext.session.kernel.interrupt()")


def test_a_cell_that_cannot_be_edited(page, notebook):
    lose_a_branch(page, notebook)
    page.evaluate(
        "id => window.panel.content.widgets.find(w => w.model.id === id).model.setMetadata('editable', false)",
        two(notebook),
    )
    press(page, two(notebook), "‹")
    page.locator(".fk-Announcer").get_by_text("cannot be edited").wait_for(state="attached")
    assert source(page, two(notebook)) == "a + 10"


def test_another_kernel_shows_nothing(page, notebook):
    made = nbformat.read(notebook, as_version=4)
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, notebook)
    page.evaluate(OPEN, notebook.name)
    click(page, two(notebook))
    for keys in (" + 2", " + 3"):
        write(page, keys)
        undo_stop(page)
        page.keyboard.press("Control+z")
    assert page.locator(".fk-Switcher, .fk-mod-history, .fk-OldOutputs").count() == 0
    assert page.evaluate("window.jupyterapp.commands.isVisible('forkernel:older-version')") is False
