"""Not tests: the README's pictures, made by tools/pictures from examples/branches.ipynb in a real JupyterLab."""

import pytest
from history import click, undo_stop
from lab_server import ARTIFACTS
from test_lab import OPEN, RUN, cell
from test_panel import widen

CURVE = "branches-curve"

pytestmark = pytest.mark.timeout(180)


def change(page, before, after):
    """Type over a number of the curve's cell, as a person would, then run it."""
    click(page, CURVE)
    page.evaluate(
        """([id, before]) => {
            const widget = window.panel.content.widgets.find(w => w.model.id === id);
            const at = widget.model.sharedModel.source.indexOf(before);
            const editor = widget.editor;
            editor.setSelection({start: editor.getPositionAt(at), end: editor.getPositionAt(at + before.length)});
        }""",
        [CURVE, before],
    )
    page.keyboard.type(after, delay=15)
    undo_stop(page)
    page.evaluate(RUN, CURVE)


def back_to(page, text):
    """Ctrl-Z until the cell has this again."""
    click(page, CURVE)
    source = "id => window.panel.content.widgets.find(w => w.model.id === id).model.sharedModel.source"
    while text not in page.evaluate(source, CURVE):
        page.keyboard.press("Control+z")


def test_pictures(page):
    page.set_viewport_size({"width": 1280, "height": 860})
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.evaluate(OPEN, "branches.ipynb")
    page.evaluate(RUN, "branches-plot")
    page.evaluate(RUN, CURVE)
    change(page, "frequency = 4", "frequency = 6")
    change(page, "damping = 0.5", "damping = 1.5")
    back_to(page, "damping = 0.5, frequency = 4")
    change(page, "damping = 0.5", "damping = 0.1")
    change(page, "seagreen", "orangered")
    curve = cell(page, CURVE)
    curve.locator(".fk-Switcher").get_by_text("2/2", exact=True).wait_for()
    box = curve.bounding_box()
    page.screenshot(path=ARTIFACTS / "switcher.png", clip={**box, "width": min(box["width"], 860)})

    page.evaluate("window.jupyterapp.commands.execute('forkernel:show-history', {tab: 'cell'})")
    page.locator(".fk-Row").first.wait_for()
    page.wait_for_function("document.activeElement.matches('.fk-Row')")
    widen(page, 460)
    page.locator(".fk-Row", has_text="0.5 → 1.5").first.click()
    page.locator(".fk-Preview .cm-deletedText, .fk-Preview .cm-deletedChunk").first.wait_for()
    page.wait_for_function("document.querySelectorAll('.fk-Preview img').length >= 2")
    page.wait_for_timeout(500)  # thumbnails of all rows
    page.screenshot(path=ARTIFACTS / "panel.png")
