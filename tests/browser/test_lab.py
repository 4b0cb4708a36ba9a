"""A person's way through the example notebook, in a real JupyterLab."""

import pytest

OPEN = """async path => {
    const app = window.jupyterapp;
    const panel = await app.commands.execute('docmanager:open', {path, factory: 'Notebook'});
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
    window.panel = panel;
    return panel.sessionContext.session.kernel.name;
}"""

# Runs a cell by its id as Ctrl-Enter does, and returns its outputs.
RUN = """async id => {
    const panel = window.panel;
    const index = panel.content.widgets.findIndex(w => w.model.id === id);
    panel.content.deselectAll();
    panel.content.activeCellIndex = index;
    await window.jupyterapp.commands.execute('notebook:run-cell');
    return panel.content.widgets[index].model.outputs.toJSON();
}"""

OUTPUTS = "id => window.panel.content.widgets.find(w => w.model.id === id).model.outputs.toJSON()"
SOURCE = "id => window.panel.content.widgets.find(w => w.model.id === id).model.sharedModel.source"
SET_SOURCE = """([id, text]) => {
    window.panel.content.widgets.find(w => w.model.id === id).model.sharedModel.source = text;
}"""


def cell(page, cell_id):
    """The cell on the page, scrolled to: JupyterLab draws only what is near the window."""
    index = page.evaluate(
        """async id => {
            const notebook = window.panel.content;
            const index = notebook.widgets.findIndex(w => w.model.id === id);
            notebook.activeCellIndex = index;
            await notebook.scrollToItem(index, 'center');
            return index;
        }""",
        cell_id,
    )
    return page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell[data-windowed-list-index='{index}']")


def run(page, cell_id, text=None):
    if text is not None:
        page.evaluate(SET_SOURCE, [cell_id, text])
    return page.evaluate(RUN, cell_id)


def text_of(outputs):
    parts = []
    for output in outputs:
        if output["output_type"] == "stream":
            parts.append(output["text"] if isinstance(output["text"], str) else "".join(output["text"]))
        elif output["output_type"] == "error":
            parts.append("\n".join(output["traceback"]))
        else:
            for value in output["data"].values():
                parts.append("".join(value) if isinstance(value, list) else str(value))
    return "\n".join(parts)


def test_launcher_shows_the_logo(page, screenshot):
    page.evaluate("window.jupyterapp.commands.execute('launcher:create')")
    card = page.locator(".jp-LauncherCard[title*='forkernel'][data-category='Notebook']")
    card.wait_for()
    picture = card.locator("img")
    picture.wait_for()
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=picture.element_handle())
    screenshot("launcher")


@pytest.mark.firefox
@pytest.mark.timeout(300)
def test_welcome_notebook(page, screenshot):
    assert page.evaluate(OPEN, "welcome.ipynb") == "forkernel-c"
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(
        """() => window.panel.content.widgets.every(
            w => w.model.type !== 'code' || w.model.executionCount !== null || w.model.outputs.length > 0)
            && window.panel.sessionContext.session.kernel.status === 'idle'""",
        timeout=120_000,
    )

    assert page.evaluate(OUTPUTS, "hello")[0]["text"] == "Hello from C\n"
    result = cell(page, "factorial")
    result.scroll_into_view_if_needed()
    assert "1307674368000" in result.locator(".jp-OutputArea-executeResult").inner_text()
    screenshot("welcome-results")

    picture = cell(page, "rosette").locator(".jp-RenderedSVG img, .jp-RenderedSVG svg")
    picture.wait_for()
    assert picture.bounding_box()["width"] > 200
    screenshot("welcome-picture")

    error = cell(page, "compile-error").locator(".jp-OutputArea")
    error.wait_for()
    lines = error.inner_text().splitlines()
    source = next(i for i, line in enumerate(lines) if "lenght * i" in line)
    assert lines[source + 1].index("^") == lines[source].index("lenght"), "\n".join(lines)
    screenshot("welcome-compile-error")

    fault = cell(page, "segfault").locator(".jp-OutputArea")
    fault.wait_for()
    assert "SIGSEGV" in fault.inner_text() or "egmentation" in fault.inner_text()
    screenshot("welcome-segfault")
    assert "still here" in text_of(page.evaluate(OUTPUTS, "alive"))


@pytest.mark.timeout(300)
def test_edit_go_back_and_restore(page, screenshot):
    page.evaluate(OPEN, "welcome.ipynb")
    first = page.evaluate(SOURCE, "growth")
    run(page, "hello")
    outputs = run(page, "growth")
    kept = text_of(outputs)
    assert "year 4" in kept

    second = first.replace("growth = 3;", "growth = 2.5;")
    assert text_of(run(page, "growth", second)) != kept
    run(page, "growth", first)  # Ctrl-Z
    third = first.replace("growth = 3;", "growth = 3.9;")
    run(page, "growth", third)

    shown = text_of(run(page, "tree"))
    assert "growth" in shown
    cell(page, "tree").locator(".jp-OutputArea").wait_for()
    screenshot("tree")

    # Which number has the second text? The tree is for people; the terminal's answer is the same.
    number = next(
        n for n in range(1, 40)
        if "growth = 2.5;" in text_of(run(page, "show", f"%fk show {n}"))
    )
    cell(page, "show").locator(".jp-OutputArea").wait_for()
    screenshot("show")

    outputs = run(page, "growth", f"%fk restore {number}")
    page.wait_for_function(f"id => ({SOURCE})(id).includes('growth = 2.5;')", arg="growth")
    assert page.evaluate(SOURCE, "growth") == second
    assert "year 4" in text_of(outputs)
    assert "growth = 2.5;" in cell(page, "growth").locator(".cm-content").inner_text()
    screenshot("restored")


@pytest.mark.timeout(300)
def test_numerics_notebook_has_pictures(page, screenshot):
    page.evaluate(OPEN, "numerics.ipynb")
    run(page, "png")
    for cell_id in ("bifurcation", "mandelbrot-picture"):
        run(page, cell_id)
        picture = cell(page, cell_id).locator(".jp-RenderedImage img")
        picture.wait_for()
        page.wait_for_function("image => image.complete && image.naturalWidth === 720", arg=picture.element_handle())
        screenshot(f"numerics-{cell_id}")


@pytest.mark.timeout(300)
def test_scanf_asks_below_the_cell(page, screenshot):
    page.evaluate(OPEN, "input.ipynb")
    page.evaluate(
        """() => {
            const notebook = window.panel.content;
            notebook.activeCellIndex = notebook.widgets.findIndex(w => w.model.id === 'scanf');
            window.finished = window.jupyterapp.commands.execute('notebook:run-cell');
        }"""
    )
    field = page.locator(".jp-Stdin-input")
    field.wait_for()
    screenshot("stdin")
    field.fill("32")
    field.press("Enter")
    page.evaluate("window.finished")
    assert "you will be 42" in text_of(page.evaluate(OUTPUTS, "scanf"))


@pytest.mark.timeout(300)
def test_states_notebook(page, screenshot):
    page.evaluate(OPEN, "states.ipynb")
    for cell_id in ("walk", "roughness"):
        run(page, cell_id)
    assert "Every variable is as it was before this cell" in text_of(run(page, "stray"))
    cell(page, "stray").locator(".jp-OutputArea").wait_for()
    run(page, "intact")
    screenshot("states-crash")

    rough = text_of(run(page, "roughness"))
    smooth = text_of(run(page, "smooth"))
    assert float(smooth) < float(rough)
    run(page, "undo-smooth")
    assert text_of(run(page, "rough-again")) == rough
    run(page, "smooth-less")
    shown = text_of(run(page, "states-list"))
    assert "live" in shown and "├─╯" in shown
    cell(page, "states-list").locator(".jp-OutputArea").wait_for()
    screenshot("states-tree")
    screenshot("states", first=cell(page, "smooth-less"), last=cell(page, "states-list"))  # README's picture

    counts = page.evaluate(
        "() => ['smooth', 'smooth-less'].map(id => "
        "window.panel.content.widgets.find(w => w.model.id === id).model.executionCount)"
    )
    run(page, "diff", f"%fk diff [{counts[0]}] [{counts[1]}]")
    cell(page, "diff").locator(".jp-OutputArea").wait_for()
    screenshot("states-diff")
    run(page, "goto", f"%fk goto [{counts[0]}]")
    assert "1000 passes" in text_of(run(page, "there"))
