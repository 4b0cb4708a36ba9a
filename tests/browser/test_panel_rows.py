"""Stories about what the panel's rows say, how much room it takes, and what it does while nothing happens."""

import pytest
from history import click, deleted_cells, history_open, undo_stop
from test_lab import OPEN, run
from test_panel import id_of, notebook, show, story, versions, widen  # noqa: F401 (a fixture)

pytestmark = pytest.mark.timeout(240)

GROWTH = '#include <stdio.h>\n\n// how money grows\ndouble growth = 1.04;\nprintf("%.2f\\n", growth);'

# What a row says, as a person reads it.
TEXTS = "rows => rows.map(row => row.innerText.trim())"

# Where the dots of the lanes are, and in which colours.
DOTS = """rows => Object.fromEntries(rows.map(row => {
    const dot = [...row.querySelectorAll('circle')].at(-1);
    return [row.dataset.version, [dot.getAttribute('cx'), dot.classList[1]].join(' ')];
}))"""


def grow(page, notebook):
    """The same line changed four times, each of them run."""
    page.evaluate(OPEN, notebook.name)
    history_open(page)
    three = id_of(notebook, "three")
    run(page, three, GROWTH)
    for rate in ("1.05", "1.06", "1.07"):
        run(page, three, GROWTH.replace("1.04", rate))
    click(page, three)
    return three


@pytest.mark.firefox
def test_rows_say_what_is_different(page, notebook, screenshot):
    """Also in a side bar as narrow as it can be, and no row begins with an include."""
    three = grow(page, notebook)
    show(page)
    page.wait_for_function("document.querySelectorAll('.fk-Row del').length === 3")
    said = page.locator(".fk-Row .fk-Row-what").evaluate_all(TEXTS)
    assert said[:3] == ["… growth = 1.06 → 1.07;", "… growth = 1.05 → 1.06;", "… growth = 1.04 → 1.05;"]
    assert said[3:] == ["+ double growth = 1.04;", "int unused;"]
    screenshot("rows-460")
    widen(page, 100)
    page.wait_for_function("document.querySelector('.fk-Panel').clientWidth < 300")
    said = page.locator(".fk-Row .fk-Row-what").evaluate_all(TEXTS)
    assert said[:3] == ["… growth = 1.07;", "… growth = 1.06;", "… growth = 1.05;"]
    cut = page.locator(".fk-Row .fk-Row-what").evaluate_all("rows => rows.filter(row => row.scrollWidth > row.clientWidth).length")
    assert cut == 0
    screenshot("rows-250")

    show(page, "states")
    page.wait_for_function("document.querySelectorAll('.fk-Row').length === 5")
    page.wait_for_function("document.querySelector('.fk-Row .fk-Row-what').innerText.includes('growth')")
    assert page.locator(".fk-Row .fk-Row-what").evaluate_all(TEXTS)[0] == "… growth = 1.07;"
    show(page, "notebook")
    page.wait_for_function("document.querySelectorAll('.fk-LogRow del').length === 3")
    rows = page.locator(".fk-LogRow.fk-mod-run").evaluate_all(TEXTS)
    assert "… growth = 1.07;" in rows[0] and "run [4]: ok" in rows[0] and "by a program" in rows[0], rows
    assert not any("#include" in row for row in page.locator(".fk-LogRow").evaluate_all(TEXTS))
    screenshot("rows-notebook-250")

    page.evaluate("id => { window.panel.content.activeCellIndex = window.panel.content.widgets.findIndex(w => w.model.id === id) }", three)
    page.evaluate("window.jupyterapp.commands.execute('notebook:delete-cell')")
    assert deleted_cells(page).locator(".fk-Row-what").inner_text() == "double growth = 1.07;"


def test_lanes_stand_still(page, notebook):
    two = story(page, notebook)
    show(page)
    page.wait_for_function("document.querySelectorAll('.fk-Row').length === 4")
    before = page.locator(".fk-Row").evaluate_all(DOTS)
    assert len(set(before.values())) > 1, "there is a branch"
    head = page.locator(".fk-Row.fk-mod-head").get_attribute("data-version")
    for version in sorted(before):
        page.locator(f".fk-Row[data-version='{version}']").dblclick()
        page.locator(f".fk-Row.fk-mod-head[data-version='{version}']").wait_for()
        assert page.locator(".fk-Row").evaluate_all(DOTS) == before
    assert head in before and page.evaluate("window.panel.content.activeCell.model.id") == two


def test_a_first_version_shows_its_text(page, notebook):
    """A text that is the same as in the cell is no grey bar, and what is folded has signs that the font has."""
    page.evaluate(OPEN, notebook.name)
    history_open(page)
    three = id_of(notebook, "three")
    lines = [f"int line_{i};" for i in range(20)]
    run(page, three, "\n".join(lines))
    show(page)
    page.locator(".fk-Preview .cm-line", has_text="line_19").wait_for()
    assert page.locator(".fk-Preview .cm-collapsedLines").count() == 0
    run(page, three, "\n".join([*lines[:-1], "int other;"]))
    page.keyboard.press("c")
    page.evaluate("id => window.jupyterapp.commands.execute('forkernel:show-history', {tab: 'cell'})", three)
    page.locator(".fk-Row", has_text="other").wait_for()  # or the rows move under the click
    page.locator(".fk-Row", has_text="line_0").click()
    folded = page.locator(".fk-Preview .cm-collapsedLines")
    folded.wait_for()
    content = folded.evaluate("line => getComputedStyle(line, '::before').content")
    assert content.strip('"') == "⋯"


def test_the_panel_begins_with_room_and_keeps_a_persons_width(page, notebook):
    page.evaluate(OPEN, notebook.name)
    history_open(page)
    width = "document.querySelector('.fk-Panel').clientWidth"
    show_it = "window.jupyterapp.commands.execute('forkernel:show-history', {tab: 'cell'})"
    page.evaluate(show_it)
    page.wait_for_function(f"Math.abs({width} - 460) < 10")
    widen(page, 330)
    page.wait_for_function(f"Math.abs({width} - 330) < 10")
    page.evaluate("window.jupyterapp.shell.collapseRight()")
    page.evaluate(show_it)
    page.wait_for_function(f"Math.abs({width} - 330) < 10")
    widen(page, 100)
    page.evaluate("window.jupyterapp.shell.collapseRight()")
    page.evaluate(show_it)
    page.wait_for_function("document.querySelector('.fk-Panel').offsetParent !== null")
    assert page.evaluate(width) < 300, "as narrow as the person made it"


def test_a_narrow_window(page, notebook):
    """The notebook keeps at least as much as the panel has; the other side bar makes room meanwhile."""
    page.set_viewport_size({"width": 820, "height": 900})
    page.evaluate(OPEN, notebook.name)
    history_open(page)
    page.evaluate("window.jupyterapp.commands.execute('forkernel:show-history', {tab: 'cell'})")
    notebook_width = "window.panel.node.clientWidth"
    page.wait_for_function(f"{notebook_width} >= 350 && document.querySelector('.fk-Panel').clientWidth <= {notebook_width} + 20")
    assert page.evaluate("window.jupyterapp.shell.leftCollapsed")
    page.evaluate("window.jupyterapp.shell.collapseRight()")
    page.wait_for_function("!window.jupyterapp.shell.leftCollapsed")


def test_replace_all(page, notebook, screenshot):
    """It is called what it is, and done again after an undo it is the same version."""
    page.evaluate(OPEN, notebook.name)
    history_open(page)
    two = id_of(notebook, "two")

    def replace_all():
        click(page, two)
        page.evaluate("window.jupyterapp.commands.execute('documentsearch:startWithReplace')")
        page.locator(".jp-DocumentSearch-overlay [placeholder='Find']").fill("a + 1")
        page.locator(".jp-DocumentSearch-overlay [placeholder='Replace']").fill("a + 2")
        page.locator(".jp-DocumentSearch-index-counter", has_text="/1").wait_for()
        page.get_by_text("Replace All", exact=True).click()
        page.wait_for_function(
            "id => window.panel.content.widgets.find(w => w.model.id === id).model.sharedModel.source === 'a + 2'", arg=two
        )
        undo_stop(page)

    replace_all()
    page.keyboard.press("Escape")
    page.evaluate("id => window.panel.content.widgets.find(w => w.model.id === id).model.sharedModel.undo()", two)
    undo_stop(page)
    replace_all()
    page.keyboard.press("Escape")
    click(page, two)
    show(page)
    page.wait_for_function("document.querySelectorAll('.fk-Row').length === 2")
    rows = versions(page)
    assert "replaced" in rows[max(rows)] and "in the cell now" in rows[max(rows)], rows
    screenshot("rows-replaced")


def test_the_time_line_is_in_groups(page, notebook, screenshot):
    story(page, notebook)
    show(page, "notebook")
    group = page.locator(".fk-LogGroup")
    group.wait_for()
    assert group.get_attribute("aria-expanded") == "true"
    assert "2 runs" not in group.inner_text() and "3 runs" in group.inner_text() and "new kernel" in group.inner_text()
    rows = page.locator(".fk-LogRow:not(.fk-LogGroup)").evaluate_all(TEXTS)
    assert len(rows) < 9, rows
    assert any("run [3]: ok" in row and "typed" in row for row in rows), rows
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.activeElement.matches('.fk-LogGroup')")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.querySelectorAll('.fk-LogRow').length === 1")
    screenshot("groups-closed")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('.fk-LogRow').length > 1")


def test_the_palette_knows_the_name(page, notebook):
    page.evaluate(OPEN, notebook.name)
    history_open(page)
    page.evaluate("window.jupyterapp.commands.execute('apputils:activate-command-palette')")
    page.locator(".lm-CommandPalette-input, .jp-ModalCommandPalette input").first.fill("forkernel")
    found = page.locator(".lm-CommandPalette-item:visible .lm-CommandPalette-itemLabel")
    found.first.wait_for()
    said = found.evaluate_all(TEXTS)
    for words in ("Show the History of the Cell", "Search the History…", "Undo the Last Run", "Older"):
        assert any(words in one for one in said), said
