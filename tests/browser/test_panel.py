"""Stories about the panel: whatever a cell ever had is seen, understood and brought back, with the mouse or without."""

import os

import nbformat
import pytest
from history import click, deleted_cells, history_open, source, theme, undo_stop, write
from test_lab import OPEN, OUTPUTS, RUN, SOURCE, cell, run, text_of

pytestmark = pytest.mark.timeout(240)

PICTURE = """#include <forkernel.h>
int side = 40;
fk_display("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'>"
    "<rect width='40' height='40' fill='teal'/><circle cx='20' cy='20' r='12' fill='gold'/></svg>");
"""


@pytest.fixture
def notebook(lab):
    """A new notebook; its cells have ids that no other has."""
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
    name = f"panel-{os.urandom(4).hex()}"
    for part, text in (("one", "int a = 1;"), ("two", "a + 1"), ("three", "int unused;")):
        made.cells.append(nbformat.v4.new_code_cell(text, id=f"{name}-{part}"))
    path = lab["root"] / f"{name}.ipynb"
    nbformat.write(made, path)
    return path


def id_of(notebook, part):
    return f"{notebook.stem}-{part}"


def show(page, tab="cell"):
    """The panel with the focus in it, by its command."""
    page.evaluate("tab => window.jupyterapp.commands.execute('forkernel:show-history', {tab})", tab)
    page.locator(".fk-TabPanel [tabindex='0'][aria-selected='true']").first.wait_for()
    page.wait_for_function("document.activeElement.matches('.fk-Row, .fk-LogRow')")


def selected(page):
    return page.locator(".fk-Row.fk-mod-selected")


def story(page, notebook):
    """Typed, run, typed on, undone, typed something else: a branch."""
    page.evaluate(OPEN, notebook.name)
    run(page, id_of(notebook, "one"))
    two = id_of(notebook, "two")
    click(page, two)
    write(page, " + 2")
    undo_stop(page)
    page.evaluate(RUN, two)
    click(page, two)
    write(page, " + 30")
    undo_stop(page)
    page.keyboard.press("Control+z")
    write(page, " + 400")
    undo_stop(page)
    page.evaluate(RUN, two)
    return two


def versions(page):
    """{number: what its row says}, as they are drawn."""
    return dict(
        page.eval_on_selector_all(
            ".fk-Row", "rows => rows.map(row => [Number(row.dataset.version), row.getAttribute('aria-label')])"
        )
    )


def select(page, words):
    """Walk down to the row that says so."""
    page.keyboard.press("Home")
    for _ in range(50):
        said = page.evaluate("document.activeElement.getAttribute('aria-label')")
        if words in (said or ""):
            return said
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(50)
    raise AssertionError(f"no row says {words!r}: {versions(page)}")


def test_walk_and_restore_with_the_keyboard(page, lab, notebook, screenshot):
    two = story(page, notebook)
    assert source(page, two) == "a + 1 + 2 + 400"
    now = page.evaluate(OUTPUTS, two)
    cell(page, two).locator(".cm-content").click()
    page.keyboard.press("Alt+h")
    page.wait_for_function("document.activeElement.matches('.fk-Row')")
    assert "in the cell now" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    rows = versions(page)
    assert len(rows) == 4 and any("+ 30" in row for row in rows.values()), rows
    page.locator(".fk-Preview .cm-content").wait_for()
    assert "the same text" in page.locator(".fk-Preview-legend").inner_text()

    select(page, "+ 30")
    page.locator(".fk-Preview .cm-deletedChunk, .fk-Preview .cm-deletedText").first.wait_for()
    assert "+ 30" in page.locator(".fk-Preview").inner_text()
    said = select(page, "a + 1 + 2,")
    assert "ok [2]" in said
    page.wait_for_function("document.querySelector('.fk-Output')?.innerText.includes('4')")
    screenshot("panel-walk-light")
    theme(page, "JupyterLab Dark")
    screenshot("panel-walk-dark")
    theme(page, "JupyterLab Dark High Contrast")
    screenshot("panel-walk-contrast")
    theme(page, "JupyterLab Light")

    page.keyboard.press("Enter")
    page.wait_for_function(f"id => ({OUTPUTS})(id).length && JSON.stringify(({OUTPUTS})(id)).includes('\"4\"')", arg=two)
    assert source(page, two) == "a + 1 + 2"
    assert "Ctrl-Z" in page.locator(".fk-Message").inner_text()
    page.keyboard.press("Control+z")
    page.wait_for_function("id => window.panel.content.widgets.find(w => w.model.id === id).model.sharedModel.source.includes('400')", arg=two)
    assert page.evaluate(OUTPUTS, two) == now

    select(page, "+ 30")
    page.keyboard.press("Shift+Enter")
    page.wait_for_function("window.panel.content.widgets.length === 4")
    assert page.evaluate("window.panel.content.widgets[2].model.sharedModel.source") == "a + 1 + 2 + 30"
    assert "+ 30" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.closest('.jp-Notebook .cm-content') !== null")


def test_marks_and_filters(page, notebook, screenshot):
    two = story(page, notebook)
    page.locator("[data-command='forkernel:show-history']:visible").first.click()
    page.wait_for_function("document.activeElement.matches('.fk-Row')")
    select(page, "+ 30")
    page.keyboard.press("p")
    page.locator(".fk-Chip.fk-mod-pin").wait_for()
    page.keyboard.press("l")
    page.locator(".jp-Dialog input").fill("the other way")
    page.keyboard.press("Enter")
    page.locator(".fk-Chip.fk-mod-label", has_text="the other way").wait_for()

    page.get_by_role("button", name="Pinned").click()
    page.wait_for_function("document.querySelectorAll('.fk-Row').length === 1")
    assert "pinned" in next(iter(versions(page).values()))
    page.get_by_role("button", name="Pinned").click()
    page.locator(".fk-Toggle", has_text="Runs").click()
    page.wait_for_function("document.querySelectorAll('.fk-Row').length === 2")
    page.locator(".fk-Toggle", has_text="Errors").click()
    page.wait_for_function("document.querySelectorAll('.fk-Row').length === 0")
    page.locator(".fk-Toggle", has_text="Errors").click()
    page.locator(".fk-Toggle", has_text="Runs").click()

    page.keyboard.press("Tab")
    selected(page).focus()
    page.keyboard.press("/")
    page.keyboard.type("+ 30")
    page.wait_for_function("document.querySelectorAll('.fk-Row').length === 1")
    assert page.locator(".fk-Row mark").inner_text() == "+ 30"
    screenshot("panel-search")
    page.keyboard.press("Control+a")
    page.keyboard.type("404")
    page.wait_for_function("document.querySelector('.fk-Row')?.innerText.includes('in the output')")
    page.keyboard.press("Escape")
    page.wait_for_function("document.querySelectorAll('.fk-Row').length === 4")
    assert source(page, two) == "a + 1 + 2 + 400"


def test_a_running_cell_is_asked_about(page, notebook, screenshot):
    two = story(page, notebook)
    click(page, two)
    page.keyboard.press("Control+a")
    page.keyboard.type("#include <unistd.h>\nfor (int i = 0; i < 300; i++) usleep(100000);")
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-cell')")
    page.wait_for_function("window.panel.content.activeCell.model.executionState === 'running'")
    show(page)
    page.locator(".fk-Run.fk-mod-running").wait_for()
    text = source(page, two)
    select(page, "+ 30")
    page.keyboard.press("Enter")
    dialog = page.locator(".jp-Dialog")
    dialog.wait_for()
    screenshot("panel-running")
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert source(page, two) == text
    page.evaluate("window.panel.sessionContext.session.kernel.interrupt()")
    page.locator(".fk-Run.fk-mod-interrupted").wait_for()


def test_what_cannot_be_restored(page, notebook):
    """Nothing moves, and the panel says why: in the history as in the cell."""
    two = story(page, notebook)
    text = source(page, two)
    show(page)
    head = page.locator(".fk-Row.fk-mod-head").get_attribute("data-version")
    edit = "([id, can]) => window.panel.content.widgets.find(w => w.model.id === id).model.setMetadata('editable', can)"
    read_only = "only => Object.defineProperty(window.panel.context.model, 'readOnly', {value: only, configurable: true})"

    def is_refused(why, key="Enter"):
        select(page, "+ 30")
        page.keyboard.press(key)
        page.locator(".fk-Message").get_by_text(why).wait_for()
        assert source(page, two) == text
        assert page.locator(".fk-Row.fk-mod-head").get_attribute("data-version") == head
        assert page.evaluate("window.panel.content.widgets.length") == 3

    page.evaluate(edit, [two, False])
    is_refused("This cell cannot be edited")
    page.evaluate(edit, [two, True])
    page.evaluate(read_only, True)
    is_refused("This notebook is read-only.")
    page.evaluate(read_only, False)
    page.keyboard.press("Enter")
    page.locator(".fk-Message").get_by_text("is in the cell").wait_for()
    page.evaluate(read_only, True)
    page.keyboard.press("Shift+Enter")
    page.locator(".fk-Message").get_by_text("This notebook is read-only.").wait_for()
    assert page.evaluate("window.panel.content.widgets.length") == 3


def test_large_outputs_are_cut_where_they_are_looked_at_only(page, notebook):
    page.evaluate(OPEN, notebook.name)
    two, size = id_of(notebook, "two"), 2_000_000
    show_text = f"""#include <forkernel.h>
#include <string.h>
static char text[{size} + 1];
memset(text, 'x', {size});
fk_html(text);"""
    run(page, two, show_text)
    show(page)
    page.locator(".fk-leftOut").get_by_text("not shown").wait_for()
    page.keyboard.press("Shift+Enter")
    page.wait_for_function("window.panel.content.widgets.length === 4")
    page.wait_for_function(
        "size => [].concat(window.panel.content.widgets[2].model.outputs.get(0)?.data['text/html'] ?? '').join('').length >= size",
        arg=size,
    )


def test_by_keyboard_alone(page, notebook, screenshot):
    two = story(page, notebook)
    cell(page, two).locator(".cm-content").click()
    page.keyboard.press("Alt+h")
    page.wait_for_function("document.activeElement.matches('.fk-Row')")
    names = []
    while not names or "Preview" not in names[-1]:
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"))
        assert len(names) < 12, names
    assert names == ["Height of the preview", "Restore", "Insert below", "Pin", "Label", "Preview"]
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.closest('.jp-Notebook .cm-content') !== null")

    page.keyboard.press("Alt+h")
    page.wait_for_function("document.activeElement.matches('.fk-Row')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".fk-Message").get_by_text("is in the cell").wait_for()
    assert page.evaluate("document.activeElement.innerText") == "Restore"
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.closest('.jp-Notebook .cm-content') !== null")

    show(page)
    for tab in ("Notebook", "States", "Cell"):
        page.locator(".fk-Tab[aria-selected='true']").focus()
        page.keyboard.press("ArrowRight")
        page.locator(".fk-Tab[aria-selected='true']", has_text=tab).wait_for()
        page.wait_for_function("document.activeElement.matches(\".fk-Tab[aria-selected='true']\")")
        page.locator(".fk-TabPanel [tabindex='0'][aria-selected='true']").wait_for()
        unnamed = page.locator(".fk-Panel").evaluate(
            """panel => [...panel.querySelectorAll('button, input, select, [tabindex]')]
                .filter(one => !(one.ariaLabel || one.innerText.trim() || one.labels?.length))
                .map(one => one.outerHTML)"""
        )
        assert unnamed == []
        theme(page, "JupyterLab Dark High Contrast")
        page.wait_for_timeout(300)  # style sheets
        screenshot(f"contrast-{tab}")
        theme(page, "JupyterLab Light")
    page.emulate_media(forced_colors="active")
    screenshot("forced-colors")


def test_typing_is_one_row_until_it_is_wanted(page, notebook, screenshot):
    page.evaluate(OPEN, notebook.name)
    two = id_of(notebook, "two")
    click(page, two)
    for text in (";", "\nint b", " = 2", ";", "\nb"):
        write(page, text)
        undo_stop(page)
    cell(page, two).locator(".cm-content").click(button="right")
    page.locator(".lm-Menu-item[data-command='forkernel:show-history']").click()
    page.wait_for_function("document.activeElement.matches('.fk-Row')")
    page.wait_for_function("document.querySelectorAll('.fk-Row').length === 2")
    head = page.locator(".fk-Row.fk-mod-head")
    assert "4 steps" in head.inner_text()
    page.wait_for_function("document.querySelector('.fk-Row-lines')?.innerText.startsWith('+3')")
    screenshot("panel-folded")
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelectorAll('.fk-Row').length === 6")
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.activeElement.getAttribute('aria-posinset') === '6'")
    page.keyboard.press("c")
    page.wait_for_function("document.querySelector('.fk-Preview-legend select').value === 'parent'")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelectorAll('.fk-Row').length === 2")


def test_pictures_are_thumbnails(page, notebook, screenshot):
    page.evaluate(OPEN, notebook.name)
    three = id_of(notebook, "three")
    history_open(page)
    run(page, three, PICTURE)
    run(page, three, PICTURE.replace("teal", "crimson"))
    run(page, three, "printf(\"%d\\n\", undeclared)")
    show(page)
    page.wait_for_function("document.querySelectorAll('.fk-Thumbnail').length === 2")
    said = list(versions(page).values())
    assert "error" in said[0] and "ok" in said[1], said
    select(page, "crimson")
    page.locator(".fk-Preview .fk-Output img").first.wait_for()
    screenshot("panel-pictures")
    page.set_viewport_size({"width": 1900, "height": 1000})
    widen(page, 900)
    page.locator(".fk-Diff .cm-mergeView").wait_for()
    old, now = (page.locator(".fk-Outputs section", has_text=words).bounding_box() for words in ("ok [", "in the cell now"))
    assert old["x"] > now["x"], "each output is below its text"
    screenshot("panel-wide")


def widen(page, pixels):
    """Drag the edge of the side bar."""
    box = page.locator(".fk-Panel").bounding_box()
    page.mouse.move(box["x"] - 1, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - pixels, box["y"] + 300, steps=5)
    page.mouse.up()


def test_a_double_click_is_for_the_row_of_its_first_press(page, notebook):
    """Which tells what was typed last: that has a row on top, and another row comes under the pointer."""
    one = id_of(notebook, "one")
    page.evaluate(OPEN, notebook.name)
    history_open(page)
    click(page, one)
    write(page, " // a")
    undo_stop(page)
    page.evaluate(RUN, one)
    show(page)
    page.wait_for_function("document.querySelectorAll('.fk-Row').length === 2")
    click(page, one)
    write(page, " // b")
    box = page.locator(".fk-Row[data-version='1']").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 10)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function("document.querySelectorAll('.fk-Row').length === 3")
    assert page.locator(".fk-Row[data-version='1']").bounding_box()["y"] > box["y"] + 10
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    page.wait_for_function(f"id => ({SOURCE})(id) === 'int a = 1;'", arg=one)


def test_a_deleted_cell_is_brought_back(page, notebook, screenshot):
    two = story(page, notebook)
    page.evaluate(
        "id => { window.panel.content.activeCellIndex = window.panel.content.widgets.findIndex(w => w.model.id === id) }",
        two,
    )
    page.evaluate("window.jupyterapp.commands.execute('notebook:delete-cell')")
    page.wait_for_function("window.panel.content.widgets.length === 2")
    show(page, "notebook")
    back = deleted_cells(page).get_by_role("button")
    back.wait_for()
    screenshot("panel-notebook")
    theme(page, "JupyterLab Dark")
    screenshot("panel-notebook-dark")
    theme(page, "JupyterLab Light")
    back.click()
    page.wait_for_function("window.panel.content.widgets.length === 3")
    cells = page.evaluate("window.panel.content.widgets.map(w => w.model.id)")
    assert cells.index(two) == 1
    assert source(page, two) == "a + 1 + 2 + 400"
    assert "404" in text_of(page.evaluate(OUTPUTS, two))
    deleted_cells(page).wait_for(state="detached")


def test_the_notebook_as_it_was(page, lab, notebook):
    two = story(page, notebook)
    before = set(os.listdir(lab["root"]))
    show(page, "notebook")
    page.locator(".fk-LogRow", has_text="typed, v4").click()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.matches('.fk-Row[data-version=\"4\"]')")
    page.keyboard.press("Shift+Tab")
    show(page, "notebook")
    page.locator(".fk-LogRow.fk-mod-run").first.click()
    page.get_by_role("button", name="as before run").click()
    page.wait_for_function("window.jupyterapp.shell.currentWidget.context.path !== window.panel.context.path")
    (made,) = set(os.listdir(lab["root"])) - before - {".ipynb_checkpoints"}
    opened = nbformat.read(lab["root"] / made, as_version=4)
    texts = [one.source for one in opened.cells]
    assert texts == ["int a = 1;", "a + 1 + 2 + 400", "int unused;"]
    assert "404" not in text_of(opened.cells[1].outputs)
    assert source(page, two) == "a + 1 + 2 + 400"


MANY = """async ([cell, count]) => {
    const kernel = window.panel.sessionContext.session.kernel;
    const comm = kernel.createComm('forkernel.history');
    const waiting = new Map();
    comm.onMsg = message => waiting.get(message.parent_header.msg_id)?.(message.content.data);
    const answer = send => new Promise(done => waiting.set(send().msg.header.msg_id, done));
    await answer(() => comm.open({version: 1, client: 'many'}));
    const begin = (Date.now() - 86400e3) * 1000;
    for (let first = 0, sequence = 1; first < count; first += 500, sequence++) {
        const edits = Array.from({length: Math.min(500, count - first)}, (_, i) => ({
            kind: 'text', cell, type: 'code', time: begin + (first + i) * 8e6,
            cause: (first + i) % 3 ? 'typing' : 'paste', text: `int a = ${first + i};\\nint b = ${(first + i) % 7};`
        }));
        const {status} = await answer(() => comm.send({type: 'edits', client: 'many', sequence, edits}));
        if (status !== 'ok') throw new Error(status);
    }
    comm.dispose();
}"""

FIRST_ROWS = """async () => {
    const began = performance.now();
    await window.jupyterapp.commands.execute('forkernel:show-history', {tab: 'cell'});
    while (!document.querySelector('.fk-Row')) {
        await new Promise(requestAnimationFrame);
    }
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    return performance.now() - began;
}"""

# The longest time between two frames while the tree is scrolled from top to end and while it is walked.
SCROLL = """async () => {
    const rows = document.querySelector('.fk-Tree');
    const times = [];
    let last = performance.now();
    for (let i = 0; i <= 60; i++) {
        rows.scrollTop = rows.scrollHeight * i / 60;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        times.push(now - last);
        last = now;
    }
    times.sort((a, b) => a - b);
    return {median: times[30], longest: times.at(-1)};
}"""


def test_ten_thousand_versions(page, notebook, screenshot, capsys):
    page.evaluate(OPEN, notebook.name)
    three = id_of(notebook, "three")
    page.evaluate(MANY, [three, 10_000])
    page.evaluate(
        "id => { window.panel.content.activeCellIndex = window.panel.content.widgets.findIndex(w => w.model.id === id) }",
        three,
    )
    first = page.evaluate(FIRST_ROWS)
    began = page.evaluate("performance.now()")
    page.wait_for_function("/^10.?00\\d versions$/.test(document.querySelector('.fk-Filter-note').innerText)")
    all_there = page.evaluate("began => performance.now() - began", began)
    frames = page.evaluate(SCROLL)
    page.keyboard.press("Home")
    screenshot("panel-many")
    with capsys.disabled():
        print(f"\n10,000 versions: first rows {first:.0f} ms after the command, all {all_there:.0f} ms after that; "
              f"frames while scrolling: median {frames['median']:.1f} ms, longest {frames['longest']:.0f} ms")
    assert page.locator(".fk-Row").count() > 5


def test_what_the_panel_says_where_there_is_nothing(page, lab, notebook):
    story(page, notebook)
    show(page)
    cell(page, id_of(notebook, "three"))
    page.evaluate("window.jupyterapp.commands.execute('notebook:insert-cell-below')")
    page.locator(".fk-Empty", has_text="no versions yet").wait_for()
    made = nbformat.read(notebook, as_version=4)
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    other = notebook.with_stem(f"{notebook.stem}-python")
    nbformat.write(made, other)
    page.evaluate(OPEN, other.name)
    page.locator(".fk-Empty", has_text="does not keep a history").wait_for()


def test_no_panel_without_a_forkernel(page, notebook):
    made = nbformat.read(notebook, as_version=4)
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, notebook)
    page.evaluate(OPEN, notebook.name)
    cell(page, id_of(notebook, "one"))
    assert page.locator("[class*='fk-'], [data-id='forkernel-history']").count() == 0
    assert not page.evaluate("window.jupyterapp.commands.isVisible('forkernel:show-history')")
    assert page.locator(".jp-Toolbar-item[data-jp-item-name='forkernel-history']:visible").count() == 0
