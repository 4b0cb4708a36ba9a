"""Stories about the program at the cells: after the kernel was killed, and after going to another state."""

import os
import signal

import nbformat
import pytest
from history import history_open, kernel_pid, theme
from test_lab import OPEN, OUTPUTS, RUN, cell, text_of
from test_truth import START, shows

pytestmark = pytest.mark.timeout(180)

SPIN = '#include <stdio.h>\n#include <unistd.h>\nprintf("begin\\n"); fflush(stdout);\nfor (;;) usleep(1000);'


@pytest.fixture
def notebook(page, lab):
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
    name = f"kept-{os.urandom(4).hex()}"
    for part, text in (("one", "int a = 1;"), ("two", "a = 2;\na"), ("three", "a = 3;\na"), ("spin", SPIN)):
        made.cells.append(nbformat.v4.new_code_cell(text, id=f"{name}-{part}"))
    path = lab["root"] / f"{name}.ipynb"
    nbformat.write(made, path)
    page.set_default_timeout(30_000)  # the server looks every few seconds whether a kernel lives
    page.evaluate(OPEN, path.name)
    history_open(page)
    return path


def part(notebook, name):
    return f"{notebook.stem}-{name}"


def test_after_a_kernel_was_killed_a_line_says_what_is_kept(page, lab, notebook, screenshot):
    page.evaluate(RUN, part(notebook, "one"))
    page.evaluate(START, part(notebook, "spin"))
    shows(page, part(notebook, "spin"), "begin")
    os.kill(kernel_pid(lab, page), signal.SIGKILL)
    line = page.locator(".fk-KilledLine:visible")
    line.get_by_text("The kernel was killed").wait_for()
    line.get_by_text("Run [2] was cut off").wait_for()
    page.locator(".jp-Dialog button", has_text="Ok").click()  # JupyterLab's own words
    screenshot("kept-killed")
    theme(page, "JupyterLab Dark")
    screenshot("kept-killed-dark")
    line.locator("button", has_text="Bring the variables back").click()
    page.locator(".jp-Dialog button", has_text="Bring Back").click()
    line.wait_for(state="hidden")
    page.wait_for_function("window.panel.sessionContext.session.kernel.status === 'idle'")
    page.evaluate(RUN, part(notebook, "two"))
    assert text_of(page.evaluate(OUTPUTS, part(notebook, "two"))) == "2"


@pytest.mark.firefox
def test_cells_that_are_no_part_of_the_state_are_struck_out(page, notebook, screenshot):
    for name in ("one", "two", "three"):
        page.evaluate(RUN, part(notebook, name))
    struck = page.locator(".jp-Cell.fk-mod-offPath")
    assert struck.count() == 0
    page.evaluate("window.jupyterapp.commands.execute('forkernel:undo-run')")
    struck.wait_for()
    assert "3" in struck.inner_text() and "no part of the state" in struck.locator(".jp-InputPrompt").get_attribute("title")
    screenshot("kept-struck")
    page.evaluate("window.jupyterapp.commands.execute('forkernel:redo-run')")
    struck.wait_for(state="detached")
    page.evaluate("window.jupyterapp.commands.execute('forkernel:undo-run')")
    struck.wait_for()
    page.evaluate(RUN, part(notebook, "two"))
    cell(page, part(notebook, "three"))
    assert struck.count() == 1
    page.evaluate(RUN, part(notebook, "three"))
    struck.wait_for(state="detached")
