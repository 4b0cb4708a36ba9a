"""Stories about the history at the cell: the branch switcher, stepping in time, whose the outputs are."""

import json
import os
import re

import nbformat
import pytest
from history import click, history_open, source, texts, theme, told, undo_stop, write
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


@pytest.mark.firefox
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
    assert len(texts(lab, notebook)) == 7, "flipping adds no version"


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
    history_open(page)
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


HARM = '<img src="x" onerror="window.harmed = true"><script>window.harmed = true</script>'


def test_nothing_of_an_untrusted_output_ever_runs(page, notebook):
    """Neither of what the file brought, nor of what comes from the history, whichever way it comes."""
    page.set_default_timeout(15_000)
    made = nbformat.read(notebook, as_version=4)
    made.cells[1].outputs = [nbformat.v4.new_output("display_data", {"text/html": HARM})]
    nbformat.write(made, notebook)
    page.evaluate(OPEN, notebook.name)
    click(page, two(notebook))
    for _ in range(2):
        write(page, " + 2")
        undo_stop(page)
    for keys in ("Alt+[", "Alt+[", "Alt+]", "Control+z", "Control+z", "Control+z", "Control+Shift+z"):
        page.keyboard.press(keys)
        page.wait_for_timeout(300)
    trusted = "id => window.panel.content.widgets.find(w => w.model.id === id).model.trusted"
    assert page.evaluate(trusted, two(notebook)) is False
    last = f"{notebook.stem}-three"
    run(page, last, f"fk_html({json.dumps(HARM)});")
    page.wait_for_function("window.harmed === true")  # of the person's own run, it may
    run(page, last, 'fk_html("<b>good</b>");')
    page.evaluate("window.harmed = false")
    click(page, last)
    page.keyboard.press("Alt+[")
    cell(page, last).locator(".fk-OldOutputs").wait_for()
    page.wait_for_timeout(300)
    page.keyboard.press("Control+z")
    cell(page, last).get_by_text("good", exact=True).wait_for()
    assert page.evaluate(trusted, last) is True
    page.evaluate("window.panel.context.save()")
    assert page.evaluate("window.harmed") is False


def test_restoring_twice_leaves_one_way_back(page, notebook):
    lose_a_branch(page, notebook)
    page.evaluate(RUN, two(notebook))
    page.evaluate("window.jupyterapp.commands.execute('forkernel:show-history', {tab: 'cell'})")
    page.wait_for_function("document.activeElement.matches('.fk-Row')")
    page.keyboard.press("ArrowDown")
    for _ in range(2):
        page.keyboard.press("Enter")
        page.locator(".fk-Message").get_by_text("is in the cell").wait_for()
        has(page, two(notebook), "a + 1 + 2 + 3 + 4")
    page.wait_for_timeout(300)
    click(page, two(notebook))
    page.keyboard.press("Control+z")
    has(page, two(notebook), "a + 10")
    cell(page, two(notebook)).locator(".fk-OldOutputs").wait_for(state="detached")


def test_forks_at_two_levels_hide_nothing(page, notebook, screenshot):
    lose_a_branch(page, notebook)
    undo_stop(page)
    for text in (" * 2", " * 3"):
        write(page, text)
        undo_stop(page)
    page.keyboard.press("Control+z")
    write(page, " - 5")
    shows(page, two(notebook), "3/3")
    screenshot("cell-two-forks")
    for text, place in (("a + 10 * 2 * 3", "2/3"), ("a + 1 + 2 + 3 + 4", "1/3")):
        press(page, two(notebook), "‹")
        has(page, two(notebook), text)
        shows(page, two(notebook), place)
    for text in ("a + 10 * 2 * 3", "a + 10 * 2 - 5"):
        press(page, two(notebook), "›")
        has(page, two(notebook), text)


def test_the_outputs_of_earlier_runs_are_there(page, notebook, screenshot):
    page.set_default_timeout(15_000)
    page.evaluate(OPEN, notebook.name)
    one, last = f"{notebook.stem}-one", f"{notebook.stem}-three"
    history_open(page)
    for value in (1, 2, 3):
        run(page, one, f"int a = {value};")
        page.evaluate(RUN, last)
    assert text_of(page.evaluate(OUTPUTS, last)) == "300"
    runs = cell(page, last).locator(".fk-Runs")
    runs.get_by_text("3/3", exact=True).wait_for()
    screenshot("cell-runs")
    assert page.evaluate("window.jupyterapp.commands.isVisible('forkernel:earlier-output')")
    runs.locator("button").first.click()
    cell(page, last).locator(".fk-OldOutputs").get_by_text("run [4]").wait_for()
    assert text_of(page.evaluate(OUTPUTS, last)) == "200"
    page.evaluate("window.jupyterapp.commands.execute('forkernel:earlier-output')")
    runs.get_by_text("1/3", exact=True).wait_for()
    assert text_of(page.evaluate(OUTPUTS, last)) == "100"
    screenshot("cell-runs-old")
    for place in ("2/3", "3/3"):
        runs.locator("button").last.click()
        runs.get_by_text(place, exact=True).wait_for()
    assert text_of(page.evaluate(OUTPUTS, last)) == "300"
    cell(page, last).locator(".fk-OldOutputs").wait_for(state="detached")
    page.evaluate(RUN, two(notebook))
    page.evaluate(RUN, two(notebook))
    undo_stop(page)
    assert cell(page, two(notebook)).locator(".fk-Runs").count() == 0, "equal outputs are in nobody's way"


def test_the_menu_is_about_the_cell_that_was_clicked(page, notebook):
    lose_a_branch(page, notebook)
    cell(page, f"{notebook.stem}-one")  # is the active one now
    page.locator(".jp-Cell", has=page.locator(".fk-Switcher")).locator(".cm-content").click(button="right")
    page.locator(".lm-Menu-item[data-command='forkernel:previous-branch']").click()
    has(page, two(notebook), "a + 1 + 2 + 3 + 4")


def test_a_cell_that_the_history_has_not_met(page, notebook):
    page.set_default_timeout(15_000)
    page.evaluate(OPEN, notebook.name)
    page.evaluate(
        """() => {
            const kernel = window.panel.sessionContext.session.kernel;
            const send = kernel.sendShellMessage.bind(kernel);
            window.questions = [];
            kernel.sendShellMessage = (message, ...more) => {
                window.questions.push(message.content.data?.what);
                return send(message, ...more);
            };
        }"""
    )
    click(page, two(notebook))
    page.keyboard.press("Alt+[")
    page.locator(".fk-Announcer").get_by_text("no older version").wait_for(state="attached")
    page.wait_for_timeout(1000)
    assert page.evaluate("window.questions.filter(what => what === 'tree').length") <= 1
    assert page.locator(".Toastify__toast").count() == 0


def test_another_kernel_takes_all_of_it_away(page, notebook):
    lose_a_branch(page, notebook)
    page.evaluate(RUN, two(notebook))
    press(page, two(notebook), "‹")
    cell(page, two(notebook)).locator(".fk-OldOutputs").wait_for()
    page.evaluate("window.panel.sessionContext.changeKernel({name: 'python3'})")
    page.wait_for_function("!document.querySelector('.fk-mod-history')")
    page.wait_for_function("!document.querySelector('.fk-Stepper, .fk-OldOutputs')")


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
    page.keyboard.press("Alt+h")
    cell(page, two(notebook)).locator(".cm-content").click(button="right")
    page.locator(".lm-Menu").wait_for()
    assert page.locator(".lm-Menu-item[data-command^='forkernel:']:visible").count() == 0
    page.keyboard.press("Escape")
    page.evaluate("window.jupyterapp.commands.execute('apputils:activate-command-palette')")
    palette = page.locator(".lm-CommandPalette:visible, .jp-ModalCommandPalette")
    palette.first.wait_for()
    page.keyboard.type("version of cell")
    page.wait_for_timeout(500)
    assert page.locator("[data-command^='forkernel:']:visible").count() == 0
    page.keyboard.press("Escape")
