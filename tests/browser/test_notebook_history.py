"""Stories about the whole notebook: going back with all of it at once, and having back what is not in it any more."""

import json
import os
import urllib.request

import nbformat
import pytest
from conftest import watched_page
from history import ask, click, history_open, theme, told, undo_stop, wait_for, write
from test_lab import OPEN, OUTPUTS, SET_SOURCE, run, text_of

pytestmark = pytest.mark.timeout(240)

CELLS = "window.panel.content.widgets.map(w => w.model.id)"
TEXTS = "window.panel.content.widgets.map(w => w.model.sharedModel.getSource())"
SHOWN = "window.panel.content.widgets.map(w => w.model.outputs ? JSON.stringify(w.model.outputs.toJSON()) : '')"


def made(lab, texts=("# Growth\n\nHow fast.", "int a = 1;", "a + 1", "a + 2", "int unused;"), folder=""):
    """A new notebook; its cells have ids that no other has. The first is markdown."""
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
    name = f"whole-{os.urandom(4).hex()}"
    for i, text in enumerate(texts):
        new = nbformat.v4.new_markdown_cell if text.startswith("# ") else nbformat.v4.new_code_cell
        notebook.cells.append(new(text, id=f"{name}-{i}"))
    path = lab["root"] / folder / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def notebook(lab):
    return made(lab)


def cell_id(notebook, i):
    return f"{notebook.stem}-{i}"


def opened(page, lab, notebook):
    page.set_default_timeout(15_000)
    name = page.evaluate(OPEN, str(notebook.relative_to(lab["root"])))
    history_open(page)
    return name


def command(page, name):
    """Not waited for: it ends when its dialog does."""
    page.evaluate("name => void window.jupyterapp.commands.execute(name)", name)


def save(page):
    page.evaluate("window.panel.context.save()")


def moments(page):
    return page.locator(".fk-Moments [role=option]").all_inner_texts()


def history_dialog(page):
    command(page, "forkernel:notebook-history")
    page.locator(".fk-Moments [role=option]").first.wait_for()


def choose(page, words):
    row = page.locator(".fk-Moments [role=option]").filter(has_text=words).first
    row.click()
    row.locator("xpath=self::*[@aria-selected='true']").wait_for()
    page.locator(".fk-CellChanges").wait_for()


def restore(page):
    page.locator(".jp-Dialog-button.fk-mod-restore:not([disabled])").click()
    page.locator(".jp-Dialog").wait_for(state="detached")


def undo_notebook(page):
    page.evaluate("window.jupyterapp.commands.execute('notebook:undo-cell-action')")


def delete_cells(page, *places):
    page.evaluate(
        """places => {
            const notebook = window.panel.content;
            notebook.deselectAll();
            notebook.activeCellIndex = places[0];
            places.slice(1).forEach(at => notebook.select(notebook.widgets[at]));
            return window.jupyterapp.commands.execute('notebook:delete-cell');
        }""",
        list(places),
    )


@pytest.mark.firefox
def test_the_whole_notebook_goes_back_in_one_step(page, lab, notebook, screenshot):
    opened(page, lab, notebook)
    for i in (1, 2, 3):
        run(page, cell_id(notebook, i))
    save(page)
    undo_stop(page)
    then = [page.evaluate(what) for what in (CELLS, TEXTS)]
    assert text_of(page.evaluate(OUTPUTS, cell_id(notebook, 2))) == "2"

    click(page, cell_id(notebook, 1))
    write(page, " // one")
    undo_stop(page)
    run(page, cell_id(notebook, 2), "a + 100")
    delete_cells(page, 3)
    page.evaluate("window.jupyterapp.commands.execute('notebook:insert-cell-below')")
    told(page)
    undo_stop(page)
    now = [page.evaluate(what) for what in (CELLS, TEXTS, SHOWN)]
    assert now[0] != then[0]

    history_dialog(page)
    assert moments(page)[0].endswith("now")
    choose(page, "saved")
    preview = page.locator(".fk-WholeHistory-preview")
    preview.get_by_text("2 cells get another text, 1 cell comes back, 1 cell goes").wait_for()
    names = page.locator(".fk-CellChange-name").all_inner_texts()
    assert names == ["int a = 1;", "a + 1", "a + 2", "empty cell"], names
    screenshot("whole-history-light")
    theme(page, "JupyterLab Dark")
    screenshot("whole-history-dark")
    theme(page, "JupyterLab Light")
    page.set_viewport_size({"width": 820, "height": 700})
    screenshot("whole-history-820")
    page.set_viewport_size({"width": 1280, "height": 1000})

    restore(page)
    page.wait_for_function(f"texts => JSON.stringify({TEXTS}) === JSON.stringify(texts)", arg=then[1])
    assert page.evaluate(CELLS) == then[0]
    assert text_of(page.evaluate(OUTPUTS, cell_id(notebook, 2))) == "2"
    assert text_of(page.evaluate(OUTPUTS, cell_id(notebook, 3))) == "3"
    page.get_by_text("The notebook is as it was at").wait_for()
    screenshot("whole-restored")

    undo_notebook(page)
    assert [page.evaluate(what) for what in (CELLS, TEXTS)] == now[:2]
    page.wait_for_function(f"shown => JSON.stringify({SHOWN}) === JSON.stringify(shown)", arg=now[2])
    page.evaluate("window.jupyterapp.commands.execute('notebook:redo-cell-action')")
    assert [page.evaluate(what) for what in (CELLS, TEXTS)] == then
    told(page)

    history_dialog(page)  # the restore is a moment itself: it can be gone back before it later
    choose(page, "before the restore to")
    restore(page)
    typed = [text for text in now[1] if text]  # a cell in which nothing was ever typed is not in the history
    page.wait_for_function(f"texts => JSON.stringify({TEXTS}) === JSON.stringify(texts)", arg=typed)
    assert page.evaluate(CELLS) == now[0][: len(typed)]
    assert text_of(page.evaluate(OUTPUTS, cell_id(notebook, 2))) == "101"


def test_moments_have_words(page, lab, notebook):
    opened(page, lab, notebook)
    for i in (1, 2, 3):
        run(page, cell_id(notebook, i))
    save(page)
    for i in (1, 2, 3, 4):
        page.evaluate(SET_SOURCE, [cell_id(notebook, i), f"int replaced{i};"])
    told(page)
    undo_stop(page)
    command(page, "notebook:clear-all-cell-outputs")
    undo_stop(page)
    delete_cells(page, 1, 2, 3)
    told(page)
    undo_stop(page)
    history_dialog(page)
    words = " ".join(moments(page))
    wanted = ["now", "before 3 cells were deleted", "before Clear All Outputs", "before 4 cells changed at once"]
    for one in (*wanted, "saved", "kernel started"):
        assert one in words, words
    assert "kernel of" in page.locator(".fk-Moments-heading").first.inner_text()

    choose(page, "before Clear All Outputs")
    page.locator(".fk-CellChange").first.wait_for()
    page.keyboard.press("Home")  # with the keyboard alone
    page.wait_for_function("document.activeElement.textContent.endsWith('now')")
    assert page.locator(".jp-Dialog-button.fk-mod-restore").is_disabled()
    page.keyboard.press("ArrowDown")
    page.locator(".jp-Dialog-button.fk-mod-restore:not([disabled])").wait_for()
    page.keyboard.press("Escape")
    page.locator(".jp-Dialog").wait_for(state="detached")
    assert len(page.evaluate(CELLS)) == 2


def test_cleared_outputs_come_back_with_the_notebook(page, lab, notebook):
    opened(page, lab, notebook)
    for i in (1, 2):
        run(page, cell_id(notebook, i))
    command(page, "notebook:clear-all-cell-outputs")
    undo_stop(page)
    assert page.evaluate(OUTPUTS, cell_id(notebook, 2)) == []
    history_dialog(page)
    choose(page, "before Clear All Outputs")
    page.get_by_text("1 cell shows its output of then").wait_for()
    restore(page)
    page.wait_for_function(f"id => ({OUTPUTS})(id).length === 1", arg=cell_id(notebook, 2))
    assert text_of(page.evaluate(OUTPUTS, cell_id(notebook, 2))) == "2"
    undo_notebook(page)
    page.wait_for_function(f"id => ({OUTPUTS})(id).length === 0", arg=cell_id(notebook, 2))
    page.evaluate("window.jupyterapp.commands.execute('notebook:redo-cell-action')")
    page.wait_for_function(f"id => ({OUTPUTS})(id).length === 1", arg=cell_id(notebook, 2))
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(f"id => ({OUTPUTS})(id).length === 0", arg=cell_id(notebook, 2))


def test_a_copy_has_the_name_and_the_time(page, lab, notebook):
    opened(page, lab, notebook)
    run(page, cell_id(notebook, 1))
    save(page)
    undo_stop(page)
    run(page, cell_id(notebook, 1), "int other = 5;")
    for _ in range(2):
        history_dialog(page)
        choose(page, "saved")
        page.get_by_role("button", name="Open as a New Notebook").click()
        page.locator(".jp-Dialog").wait_for(state="detached")
        page.wait_for_function("was => window.jupyterapp.shell.currentWidget.context?.path !== was", arg=notebook.name)
        page.evaluate("path => window.jupyterapp.commands.execute('docmanager:open', {path})", notebook.name)
    copies = sorted(path.name for path in lab["root"].glob(f"{notebook.stem} (*.ipynb"))
    assert len(copies) == 2 and copies[0].endswith(" 2.ipynb"), copies
    assert nbformat.read(lab["root"] / copies[1], 4).cells[1].source == "int a = 1;"
    assert not list(lab["root"].glob("Untitled*.ipynb"))


def test_deleted_cells_are_brought_back_from_the_edit_menu(page, lab, notebook, screenshot):
    opened(page, lab, notebook)
    for i in (1, 2):
        run(page, cell_id(notebook, i))
    before = [page.evaluate(what) for what in (CELLS, TEXTS)]
    delete_cells(page, 2, 3)
    delete_cells(page, 0)
    told(page)
    page.locator(".lm-MenuBar-itemLabel", has_text="Edit").click()
    page.locator(".lm-Menu-itemLabel", has_text="Bring Back…").click()
    rows = page.locator(".fk-Lost [role=option]")
    rows.first.wait_for()
    words = rows.all_inner_texts()
    assert [one.split("\n")[0] for one in words][-3:] == ["Growth", "a + 1", "a + 2"], words
    screenshot("bring-back")
    page.get_by_role("button", name="Bring Back All 3 Cells").click()
    page.wait_for_function(f"cells => JSON.stringify({CELLS}) === JSON.stringify(cells)", arg=before[0])
    assert page.evaluate(TEXTS) == before[1]
    page.wait_for_function(f"id => ({OUTPUTS})(id).length === 1", arg=cell_id(notebook, 2))


@pytest.mark.firefox
@pytest.mark.parametrize("where", ["menu", "tab"])
def test_a_deleted_notebook_is_brought_back(page, lab, where, screenshot):
    folder = f"folder-{os.urandom(3).hex()}"
    gone = made(lab, texts=("int lost = 7;", "lost"), folder=folder)
    opened(page, lab, gone)
    for i in (0, 1):
        run(page, cell_id(gone, i))
    save(page)
    undo_stop(page)
    page.evaluate("path => window.jupyterapp.serviceManager.sessions.stopIfNeeded(path)", f"{folder}/{gone.name}")
    page.evaluate("window.panel.dispose()")
    gone.unlink()
    beside = made(lab, folder=folder)
    opened(page, lab, beside)
    if where == "menu":
        command(page, "forkernel:bring-back")
        page.locator(".fk-Lost [role=option]").filter(has_text=gone.name).click()
        page.get_by_text("It has 2 cells").wait_for()
        page.locator(".jp-Dialog-button.fk-mod-one").click()
    else:
        page.evaluate("window.jupyterapp.commands.execute('forkernel:show-history', { tab: 'notebook' })")
        deleted = page.locator(".fk-Deleted", has_text="1 deleted notebook of this folder")
        deleted.locator("li", has_text=gone.name).wait_for()
        screenshot("deleted-notebook")
        deleted.get_by_role("button", name="Bring back").click()
    wait_for(gone.exists)
    assert [one.source for one in nbformat.read(gone, 4).cells] == ["int lost = 7;", "lost"]


def test_a_file_that_is_gone_is_offered_where_lab_says_so(page, lab, notebook, screenshot):
    gone = made(lab, texts=("int lost = 8;", "lost"))
    opened(page, lab, gone)
    run(page, cell_id(gone, 0))
    undo_stop(page)
    page.evaluate("path => window.jupyterapp.serviceManager.sessions.stopIfNeeded(path)", gone.name)
    page.evaluate("window.panel.dispose()")
    gone.unlink()
    opened(page, lab, notebook)
    open_path = "path => window.jupyterapp.commands.execute('docmanager:open', {path}).catch(() => undefined)"
    page.evaluate(open_path, gone.name)
    page.get_by_text(f"{gone.name} is not there any more, but the history has it.").wait_for()
    screenshot("gone-offer")
    page.get_by_role("button", name="Bring It Back").click()
    wait_for(gone.exists)
    page.wait_for_function("path => window.jupyterapp.shell.currentWidget.context?.path === path", arg=gone.name)
    assert nbformat.read(gone, 4).cells[0].source == "int lost = 8;"


def test_a_file_that_went_from_under_the_browser_is_offered(page, lab, notebook):
    folder = f"folder-{os.urandom(3).hex()}"
    gone = made(lab, texts=("int lost = 9;",), folder=folder)
    opened(page, lab, gone)
    run(page, cell_id(gone, 0))
    undo_stop(page)
    page.evaluate("path => window.jupyterapp.serviceManager.sessions.stopIfNeeded(path)", f"{folder}/{gone.name}")
    page.evaluate("window.panel.dispose()")
    opened(page, lab, notebook)
    page.evaluate("path => window.jupyterapp.commands.execute('filebrowser:go-to-path', {path})", folder)
    item = page.locator(".jp-DirListing-item", has_text=gone.name)
    item.wait_for()
    gone.unlink()
    item.dblclick()
    dialog = page.locator(".jp-Dialog").filter(has_text="File Load Error")
    dialog.wait_for()
    dialog.locator(".jp-Dialog-button").first.click()
    page.locator(".jp-Dialog").get_by_role("button", name="Discard").click()  # JupyterLab asks of the tab that is empty
    page.get_by_text(f"{gone.name} is not there any more, but the history has it.").wait_for()
    page.get_by_role("button", name="Bring It Back").click()
    wait_for(gone.exists)


def test_menus_are_there_only_on_a_forkernel(page, lab, notebook):
    visible = "name => window.jupyterapp.commands.isVisible(name)"
    opened(page, lab, notebook)
    for name in ("forkernel:notebook-history", "forkernel:bring-back"):
        assert page.evaluate(visible, name)
    page.locator(".lm-MenuBar-itemLabel", has_text="File").click()
    page.locator(".lm-Menu-itemLabel", has_text="Notebook History…").wait_for()
    page.keyboard.press("Escape")
    page.evaluate("window.panel.dispose()")
    page.wait_for_function("!window.jupyterapp.commands.isVisible('forkernel:notebook-history')")


def set_limits(lab, **limits):
    """As the settings editor stores them."""
    request = urllib.request.Request(
        f"{lab['url']}/lab/api/settings/@forkernel/labextension:limits",
        data=json.dumps({"raw": json.dumps(limits)}).encode(),
        headers={"Authorization": f"token {lab['token']}", "Content-Type": "application/json"},
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=10).close()


def test_limits_are_set_in_the_settings_editor(browser, lab, notebook):
    set_limits(lab, text_limit="4M", outputs_limit="0")
    try:
        with watched_page(browser, f"{lab['url']}/lab?token={lab['token']}&reset") as page:
            opened(page, lab, notebook)
            wait_for(lambda: "4M" in ask(lab, "settings"))
            page.get_by_text("“0” is no value for outputs_limit: it is from 1 to 100000, or empty.").wait_for()
            assert "10000" in ask(lab, "settings")
    finally:
        set_limits(lab)
        ask(lab, "settings", "text_limit", "default")
