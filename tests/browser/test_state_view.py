"""Stories about the states of the program: the tab in the side bar, and the banner after a crash."""

import os

import nbformat
import pytest
from history import theme
from test_lab import OPEN, OUTPUTS, RUN, cell, text_of

pytestmark = pytest.mark.timeout(180)

CRASH = "int *nowhere = 0;\n*nowhere = 1;"
TEXTS = {
    "include": "#include <stdio.h>\n#include <unistd.h>",
    "value": "int value = 1;",
    "slow": "usleep(900000); value += 10;",
    "show": "value",
    "crash": CRASH,
}


@pytest.fixture
def notebook(lab):
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
    name = f"states-{os.urandom(4).hex()}"
    made.cells = [nbformat.v4.new_code_cell(text, id=f"{name}-{part}") for part, text in TEXTS.items()]
    path = lab["root"] / f"{name}.ipynb"
    nbformat.write(made, path)
    return path


@pytest.fixture
def run(page, notebook):
    page.set_default_timeout(15_000)
    page.evaluate(OPEN, notebook.name)
    return lambda part: text_of(page.evaluate(RUN, f"{notebook.stem}-{part}"))


def row(page, count):
    return page.locator(f".fk-StateTree .fk-Row:has-text('[{count}]')")


def says(page, words):
    page.locator(".fk-StateSays").get_by_text(words).wait_for()


def test_go_to_a_state_and_back(page, run, screenshot):
    for part in ("include", "value", "slow", "show"):
        run(part)
    page.evaluate("window.jupyterapp.commands.execute('forkernel:show-states')")
    row(page, 4).get_by_text("the program is here").wait_for()
    row(page, 2).get_by_text("int value = 1;").wait_for()
    row(page, 2).click()
    says(page, "At once")
    screenshot("states-view")
    page.keyboard.press("Enter")
    row(page, 2).get_by_text("the program is here").wait_for()
    says(page, "The program is in the state after run [2].")
    assert run("show") == "1"
    row(page, 5).get_by_text("the program is here").wait_for()
    screenshot("states-branch")
    page.keyboard.press("Escape")


def test_by_keyboard(page, run):
    for part in ("include", "value", "slow"):
        run(part)
    page.evaluate("window.jupyterapp.commands.execute('forkernel:show-states')")
    row(page, 3).focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.activeElement.getAttribute('aria-label').startsWith('[2]')")
    page.keyboard.press("End")
    page.wait_for_function("document.activeElement.getAttribute('aria-label').startsWith('fresh program')")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Cancel").click()
    row(page, 2).click()
    page.keyboard.press("Enter")
    row(page, 2).get_by_text("the program is here").wait_for()
    page.get_by_role("button", name="Redo", exact=True).wait_for()


def test_undo_the_last_run(page, run):
    for part in ("include", "value", "slow"):
        run(part)
    page.evaluate("window.jupyterapp.commands.execute('forkernel:undo-run')")
    page.locator(".Toastify").get_by_text("is undone").wait_for()
    assert run("show") == "1"


def test_cells_are_run_again_after_a_restart(page, run, screenshot):
    for part in ("include", "value", "slow"):
        run(part)
    page.evaluate("window.panel.sessionContext.restartKernel()")
    page.evaluate("window.jupyterapp.commands.execute('forkernel:show-states')")
    row(page, 3).get_by_text("runs 3 cells again").wait_for()
    row(page, 3).click()
    theme(page, "JupyterLab Dark")
    page.keyboard.press("Enter")
    dialog = page.locator(".jp-Dialog")
    dialog.get_by_text("runs 3 cells again").wait_for()
    screenshot("states-again-dark")
    dialog.get_by_role("button", name="Run Again").click()
    row(page, 3).get_by_text("the program is here").wait_for()
    screenshot("states-arrived-dark")
    theme(page, "JupyterLab Light")
    assert run("show") == "11"


def test_what_a_crash_cost(page, run, notebook, screenshot):
    for part in ("include", "value"):
        run(part)
    run("crash")
    banner = page.locator(".fk-CrashBanner:visible")
    banner.get_by_text("Every variable is as it was before this cell.").wait_for()
    screenshot("states-banner")
    assert banner.bounding_box()["y"] + banner.bounding_box()["height"] <= cell(page, f"{notebook.stem}-include").bounding_box()["y"] + 1
    banner.get_by_role("button", name="Show states").click()
    row(page, 2).get_by_text("the program is here").wait_for()
    assert run("show") == "1"
    banner.wait_for(state="hidden")
    run("crash")
    banner.get_by_role("button", name="Dismiss").click()
    banner.wait_for(state="hidden")


def test_a_banner_goes_with_its_kernel(page, run):
    run("include")
    run("crash")
    banner = page.locator(".fk-CrashBanner:visible")
    banner.wait_for()
    page.evaluate("window.panel.sessionContext.restartKernel()")
    banner.wait_for(state="hidden")
    run("include")
    run("crash")
    banner.wait_for()
    page.evaluate("window.panel.sessionContext.changeKernel({name: 'python3'})")
    banner.wait_for(state="hidden")


def test_the_way_to_a_state_is_seen_and_can_be_stopped(page, run, screenshot):
    for part in ("include", "value", "slow", "slow"):
        run(part)
    page.evaluate("window.panel.sessionContext.restartKernel()")
    page.evaluate("window.jupyterapp.commands.execute('forkernel:show-states')")
    row(page, 4).get_by_text("runs 4 cells again").wait_for()
    row(page, 4).click()

    def set_out():
        page.get_by_role("button", name="Go to this state").click()
        page.locator(".jp-Dialog").get_by_role("button", name="Run Again").click()

    set_out()
    page.locator(".fk-StateProgress").get_by_text("Cell 4 of 4 is run again").wait_for()
    assert page.locator(".fk-StateProgress progress").get_attribute("max") == "4"
    screenshot("states-progress")
    page.locator(".fk-StateFoot").get_by_role("button", name="Stop").click()
    says(page, "Interrupted while")
    page.locator(".fk-StateProgress").wait_for(state="detached")
    row(page, 3).get_by_text("the program is here").wait_for()
    screenshot("states-stopped")
    row(page, 4).click()
    says(page, "To get there it runs")
    set_out()
    row(page, 4).get_by_text("the program is here").wait_for()
    assert run("show") == "21"


def test_another_kernel_has_no_states(page, notebook):
    made = nbformat.read(notebook, as_version=4)
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, notebook)
    page.evaluate(OPEN, notebook.name)
    assert page.evaluate("window.jupyterapp.commands.isVisible('forkernel:undo-run')") is False
    assert page.locator(".fk-CrashBanner").count() == 0
    assert text_of(page.evaluate(OUTPUTS, f"{notebook.stem}-show")) == ""
