"""Stories about searching the history from the panel: this cell, all cells, all notebooks."""

import nbformat
import pytest
from history import click, history_open, undo_stop, write
from test_lab import OPEN, cell, run
from test_panel import id_of, notebook, show, story, theme  # noqa: F401 (a fixture)

pytestmark = pytest.mark.timeout(240)


def search_in(page, text, scope):
    """From the tree, as a person with a keyboard does it."""
    page.keyboard.press("/")
    page.wait_for_function("document.activeElement.matches('.fk-Filter input')")
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
    page.locator(".fk-Filter-scope").select_option(label=scope)
    page.locator(".fk-FoundLine").first.wait_for()
    page.wait_for_function("!document.querySelector('.fk-Filter-note').innerText.includes('searching')")
    page.locator(".fk-Filter input").focus()


def found(page):
    """What the list says, from top to bottom."""
    return page.eval_on_selector_all(
        ".fk-FoundNotebook, .fk-FoundCell, .fk-FoundLine .fk-Row-what", "rows => rows.map(row => row.innerText)"
    )


@pytest.mark.firefox
def test_all_cells(page, notebook, screenshot):
    two = story(page, notebook)
    three = id_of(notebook, "three")
    run(page, three, '#include <stdio.h>\nint long_name_of_a_number = 1 + 2;\nprintf("it is 1 + 2, or %d\\n", long_name_of_a_number);')
    click(page, three)
    show(page)
    search_in(page, "1 + 2", "this notebook")
    page.wait_for_function("document.querySelectorAll('.fk-FoundCell').length === 2")
    screenshot("search-notebook")
    marks = page.eval_on_selector_all(".fk-FoundLine mark", "marks => marks.map(mark => mark.innerText)")
    assert marks and set(marks) == {"1 + 2"}
    boxes = page.locator(".fk-FoundLine mark").evaluate_all(
        "marks => marks.map(mark => [mark.getBoundingClientRect().right, mark.closest('code').getBoundingClientRect().right])"
    )
    assert all(mark <= line for mark, line in boxes), "a hit is cut before the word"
    names = [line for line in found(page) if "cell" in line]
    assert names[0].startswith("int long_name_of_a_number") and "cell 3" in names[0] and "cell 2" in names[1]

    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.activeElement.matches('.fk-FoundLine')")
    page.keyboard.press("End")
    page.wait_for_function("document.activeElement.innerText.includes('a + 1 + 2')")
    said = page.evaluate("document.activeElement.getAttribute('aria-label')")
    version = said.split(", v")[1].split(",")[0]
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.activeElement.matches('.fk-Row[data-version=\"{version}\"]')")
    assert page.evaluate("window.panel.content.activeCell.model.id") == two
    page.keyboard.press("/")
    page.locator(".fk-FoundLine").first.wait_for()
    assert page.locator(".fk-Filter input").input_value() == "1 + 2", "what else was found is there again"
    page.keyboard.press("Escape")
    page.locator(".fk-Row.fk-mod-head").wait_for()


def test_all_notebooks(page, lab, notebook, screenshot):
    """A line of another notebook, which is closed, is shown there at its version."""
    page.evaluate(OPEN, notebook.name)
    two = id_of(notebook, "two")
    history_open(page)
    run(page, two, "int needle_in_a_haystack = 7;")
    run(page, two, "int something_else;")
    page.evaluate("window.panel.context.save().then(() => window.panel.close())")
    made = nbformat.read(notebook, as_version=4)
    for one in made.cells:
        one.id = f"other-{one.id}"
    other = notebook.with_stem(f"{notebook.stem}-other")
    nbformat.write(made, other)
    page.evaluate(OPEN, other.name)
    history_open(page)
    run(page, f"other-{two}", "int no_needle;")
    show(page)
    page.evaluate("window.jupyterapp.commands.execute('forkernel:search-history')")
    page.wait_for_function("document.activeElement.matches('.fk-Filter input')")
    page.keyboard.type("needle")
    page.wait_for_function("document.querySelectorAll('.fk-FoundLine').length === 1")
    page.locator(".fk-Filter-scope").select_option(label="all notebooks")
    line = page.locator(".fk-FoundLine", has_text="needle_in_a_haystack")
    line.wait_for()
    screenshot("search-everywhere")
    said = found(page)
    assert said[0] == other.name and any(name.startswith(notebook.name) for name in said), said
    line.dblclick()
    page.wait_for_function("name => window.jupyterapp.shell.currentWidget.context?.path === name", arg=notebook.name)
    page.locator(".fk-Row.fk-mod-selected", has_text="needle_in_a_haystack").wait_for()
    assert page.locator(".fk-Row.fk-mod-selected.fk-mod-head").count() == 0
