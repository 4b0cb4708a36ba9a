"""Stories about edits: whatever a person does, and whatever happens, every text is in the kernel's history."""

import json
import os
import shutil
import signal

import nbformat
import pytest
from history import ask, click, kernel_pid, source, texts, told, undo_stop, wait_for, write
from test_lab import OPEN, RUN, cell

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def notebook(lab):
    """A new notebook in the server's root folder; its cells have ids that no other has, or it would count as a copy."""
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
    name = f"capture-{os.urandom(4).hex()}"
    for part, text in (("one", "int a = 1;"), ("two", "a + 1")):
        made.cells.append(nbformat.v4.new_code_cell(text, id=f"{name}-{part}"))
    path = lab["root"] / f"{name}.ipynb"
    nbformat.write(made, path)
    return path


def one(notebook):
    return f"{notebook.stem}-one"


def two(notebook):
    return f"{notebook.stem}-two"


# What is sent from now on: the types of messages, and the edits in them.
EDITS = """() => {
    window.sent = [];
    window.edits = [];
    window.panel.sessionContext.session.kernel.anyMessage.connect((_, {msg, direction}) => {
        if (direction === 'send') {
            window.sent.push(msg.header.msg_type);
            window.edits.push(...(msg.content.data?.edits ?? []));
        }
    });
}"""


def test_type_undo_type(page, lab, notebook):
    page.evaluate(OPEN, notebook.name)
    click(page, two(notebook))
    for text in (" + 2", " + 3"):
        write(page, text)
        undo_stop(page)
    page.keyboard.press("Control+z")
    write(page, " + 4")
    page.evaluate(RUN, two(notebook))
    assert texts(lab, notebook) == {1: "int a = 1;", 2: "a + 1", 3: "a + 1 + 2", 4: "a + 1 + 2 + 3", 5: "a + 1 + 2 + 4"}
    drawn = ask(lab, "tree", notebook, "2").splitlines()
    assert "├─╯" in drawn[3] and "<- head" in drawn[1] and "[1]" in drawn[1], drawn


def test_commands_of_the_notebook(page, lab, notebook):
    """Split, merge, delete and its undo, cut and paste, move, replace by a program."""
    page.evaluate(OPEN, notebook.name)
    do = lambda name: page.evaluate("name => window.jupyterapp.commands.execute(name)", name)
    click(page, one(notebook))
    write(page, "\nint b = 2;")
    page.keyboard.press("Home")
    do("notebook:split-cell-at-cursor")
    told(page)
    after_split = texts(lab, notebook).values()
    assert "int a = 1;\nint b = 2;" in after_split and "int b = 2;" in after_split
    do("notebook:merge-cell-above")
    told(page)
    assert "int a = 1;\n\nint b = 2;" in texts(lab, notebook).values()
    page.keyboard.press("Escape")
    do("notebook:delete-cell")
    told(page)
    do("notebook:undo-cell-action")
    told(page)
    tree = ask(lab, "tree", notebook, "all")
    assert tree.count("runs, deleted") == 2, tree  # the two that were merged
    do("notebook:cut-cell")
    do("notebook:paste-cell-below")
    do("notebook:move-cell-up")
    page.evaluate("() => { window.panel.content.widgets.at(-1).model.sharedModel.setSource('a + 9') }")
    told(page)
    undo_stop(page)
    assert "a + 9" in texts(lab, notebook).values()
    log = ask(lab, "log", notebook)
    assert "undo" in log or "typing" in log, log


def test_the_kernel_is_killed_while_typing(page, lab, notebook):
    page.evaluate(OPEN, notebook.name)
    click(page, two(notebook))
    write(page, " + 2")
    undo_stop(page)
    expected = ["int a = 1;", "a + 1", "a + 1 + 2"]
    os.kill(kernel_pid(lab, page), signal.SIGKILL)
    for text in (" + 3", " + 4"):
        write(page, text)  # JupyterLab's dialog may take the focus, and letters with it
        undo_stop(page)
        expected.append(source(page, two(notebook)))
    # The server starts another one; what was typed meanwhile arrives there, in order, once.
    wait_for(lambda: len(texts(lab, notebook)) >= len(set(expected)), 30)
    assert list(texts(lab, notebook).values()) == list(dict.fromkeys(expected))
    assert len(set(expected)) > 3, expected


@pytest.mark.firefox
def test_typed_without_a_kernel_then_reloaded(page, lab, notebook):
    page.evaluate(OPEN, notebook.name)
    click(page, two(notebook))
    write(page, " + 2")
    undo_stop(page)
    page.evaluate("window.panel.sessionContext.session.kernel.shutdown()")
    write(page, " + 3")
    undo_stop(page)
    write(page, " + 4")
    undo_stop(page)
    page.goto(f"{lab['url']}/lab?token={lab['token']}&reset")  # the changes were never saved
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate("window.jupyterapp.restored.then(() => true)")
    page.evaluate(OPEN, notebook.name)
    assert source(page, two(notebook)) == "a + 1"
    wait_for(lambda: "a + 1 + 2 + 3 + 4" in texts(lab, notebook).values())
    assert "a + 1 + 2 + 3" in texts(lab, notebook).values()


def test_two_tabs_on_one_notebook(page, browser, lab, notebook):
    page.evaluate(OPEN, notebook.name)
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    other = context.new_page()
    other.goto(f"{lab['url']}/lab/workspaces/other?token={lab['token']}&reset")
    other.wait_for_function("window.jupyterapp !== undefined")
    other.evaluate("window.jupyterapp.restored.then(() => true)")
    other.evaluate(OPEN, notebook.name)
    click(page, two(notebook))
    click(other, two(notebook))
    write(page, " + 2")
    undo_stop(page)
    write(other, " + 3")
    undo_stop(other)
    write(page, " + 4")
    undo_stop(page)
    context.close()
    assert set(texts(lab, notebook).values()) == {"int a = 1;", "a + 1", "a + 1 + 2", "a + 1 + 3", "a + 1 + 2 + 4"}


def test_two_views_of_one_notebook(page, lab, notebook):
    page.evaluate(OPEN, notebook.name)
    page.evaluate(
        """async () => {
            window.first = window.panel;
            await window.jupyterapp.commands.execute('docmanager:clone');
            window.panel = window.jupyterapp.shell.currentWidget;
            await window.panel.revealed;
        }"""
    )
    assert page.evaluate("window.panel !== window.first && window.panel.context === window.first.context")
    panel = page.evaluate("window.panel.id")
    here = page.locator(f"[id='{panel}'] .jp-Cell[data-windowed-list-index='1'] .cm-content")
    here.click()
    page.keyboard.press("Control+End")
    write(page, " + 2")
    undo_stop(page)
    assert list(texts(lab, notebook).values()) == ["int a = 1;", "a + 1", "a + 1 + 2"]
    assert ask(lab, "log", notebook).count("typing") == 1
    page.evaluate("window.first.dispose()")
    here.click()
    page.keyboard.press("Control+End")
    write(page, " + 3")
    undo_stop(page)
    assert list(texts(lab, notebook).values()) == ["int a = 1;", "a + 1", "a + 1 + 2", "a + 1 + 2 + 3"]


def test_the_first_move_is_told_by_itself(page, lab, notebook):
    page.evaluate(OPEN, notebook.name)
    layouts = "layouts => layouts.filter(one => one.kind === 'layout').map(one => one.cells)"
    page.evaluate(EDITS)
    page.evaluate("window.panel.content.activeCellIndex = 1")
    page.evaluate("window.jupyterapp.commands.execute('notebook:move-cell-up')")
    page.wait_for_function("window.edits.length > 0")
    assert page.evaluate(f"({layouts})(window.edits)") == [[one(notebook), two(notebook)], [two(notebook), one(notebook)]]


def test_what_is_run_at_once_is_told_before(page, lab, notebook):
    page.evaluate(OPEN, notebook.name)
    click(page, two(notebook))
    write(page, " + 2")
    wait_for(lambda: "a + 1 + 2" in texts(lab, notebook).values())  # the kernel listens
    page.evaluate(EDITS)
    page.evaluate(
        """() => {
            window.panel.content.activeCell.model.sharedModel.setSource('a + 7');
            return window.jupyterapp.commands.execute('notebook:run-cell');
        }"""
    )
    assert page.evaluate("window.sent").index("comm_msg") < page.evaluate("window.sent").index("execute_request")
    assert list(texts(lab, notebook).values()) == ["int a = 1;", "a + 1", "a + 1 + 2", "a + 7"]


def test_comms_do_not_pile_up(page, lab, notebook):
    count = """async () => {
        const reply = await window.panel.sessionContext.session.kernel.requestCommInfo({target_name: 'forkernel.history'});
        return Object.keys(reply.content.comms).length;
    }"""
    page.evaluate(OPEN, notebook.name)
    for _ in range(2):
        page.evaluate("window.panel.sessionContext.session.kernel.reconnect()")
        click(page, two(notebook))
        write(page, " + 2")
        told(page)
    wait_for(lambda: "a + 1 + 2 + 2" in texts(lab, notebook).values())
    assert page.evaluate(count) == 1


@pytest.mark.parametrize("missing", ["indexedDB", "locks"])
def test_a_browser_that_keeps_nothing(browser, lab, notebook, missing):
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.add_init_script(
        {
            "indexedDB": "Object.defineProperty(window, 'indexedDB', {get() { throw new DOMException('no', 'SecurityError'); }})",
            "locks": "navigator.locks.query = navigator.locks.request = () => Promise.reject(new DOMException('no'))",
        }[missing]
    )
    page = context.new_page()
    page.goto(f"{lab['url']}/lab/workspaces/{missing}?token={lab['token']}&reset")
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate("window.jupyterapp.restored.then(() => true)")
    page.evaluate(OPEN, notebook.name)
    click(page, two(notebook))
    write(page, " + 2")
    undo_stop(page)
    assert list(texts(lab, notebook).values()) == ["int a = 1;", "a + 1", "a + 1 + 2"]
    context.close()


@pytest.fixture
def kernel_without_history(lab):
    """The name of a kernel specification, there for one test."""
    kernels = lab["root"].parent / "prefix/share/jupyter/kernels"
    spec = json.loads((kernels / "forkernel-c/kernel.json").read_text())
    off = kernels / "forkernel-off"
    off.mkdir()
    (off / "kernel.json").write_text(json.dumps(spec | {"env": {**spec.get("env", {}), "FORKERNEL_HISTORY": "off"}}))
    yield off.name
    shutil.rmtree(off)


def test_a_history_that_is_switched_off(page, kernel_without_history, notebook):
    """Nothing is watched, and what was typed before the kernel could say so waits no more."""
    made = nbformat.read(notebook, as_version=4)
    made.metadata.kernelspec = {"name": kernel_without_history, "display_name": "off"}
    nbformat.write(made, notebook)
    page.evaluate("window.jupyterapp.serviceManager.kernelspecs.refreshSpecs()")
    assert page.evaluate(OPEN, notebook.name) == kernel_without_history
    page.evaluate(EDITS)
    click(page, two(notebook))
    write(page, " + 2")
    undo_stop(page)
    undo_stop(page)
    assert page.evaluate("window.edits") == []
    waiting = page.evaluate(
        """path => new Promise(done => {
            const request = indexedDB.open('forkernel', 1);
            request.onsuccess = () => {
                if (!request.result.objectStoreNames.contains('batches')) return done([]);
                const all = request.result.transaction('batches').objectStore('batches').getAll();
                all.onsuccess = () => done(all.result.filter(one => one.document.endsWith(path)));
            };
        })""",
        notebook.name,
    )
    assert waiting == []


def test_a_renamed_notebook(page, lab, notebook):
    page.evaluate(OPEN, notebook.name)
    click(page, two(notebook))
    write(page, " + 2")
    undo_stop(page)
    name = f"renamed-{os.urandom(4).hex()}.ipynb"
    page.evaluate("name => window.panel.context.save().then(() => window.panel.context.rename(name))", name)
    click(page, two(notebook))
    write(page, " + 3")
    told(page)
    page.evaluate("window.panel.context.save()")
    page.evaluate("window.panel.sessionContext.restartKernel()")
    click(page, two(notebook))
    write(page, " + 4")
    undo_stop(page)
    renamed = lab["root"] / name
    wait_for(lambda: "a + 1 + 2 + 3 + 4" in texts(lab, renamed).values())
    assert {"a + 1", "a + 1 + 2", "a + 1 + 2 + 3"} < set(texts(lab, renamed).values())


def test_a_megabyte_is_pasted(page, lab, notebook):
    page.evaluate(OPEN, notebook.name)
    click(page, two(notebook))
    write(page, " + 2")
    undo_stop(page)
    line = "// " + "x" * 77 + "\n"
    page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.setData('text/plain', text);
            document.activeElement.dispatchEvent(
                new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        line * 13_000,
    )
    undo_stop(page)
    page.keyboard.press("Control+z")
    undo_stop(page)
    assert "paste" in ask(lab, "log", notebook)
    pasted = [text for text in texts(lab, notebook).values() if len(text) > 1_000_000]
    assert pasted == ["a + 1 + 2" + (line * 13_000)] or pasted == [("a + 1 + 2" + line * 13_000).rstrip("\n")]
    assert source(page, two(notebook)) == "a + 1 + 2"


def test_the_browser_is_closed_during_a_run(page, browser, lab, notebook):
    page.evaluate(OPEN, notebook.name)
    text = '#include <stdio.h>\n#include <unistd.h>\nfor (int i = 1; i <= 30; i++) { printf("line %d\\n", i); fflush(stdout); usleep(100000); }'
    page.evaluate(
        """text => {
            const cell = window.panel.content.widgets[1];
            window.panel.content.activeCellIndex = window.panel.content.widgets.indexOf(cell);
            cell.model.sharedModel.setSource(text);
            void window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        text,
    )
    page.wait_for_function("JSON.stringify(window.panel.content.widgets[1].model.outputs.toJSON()).includes('line 3')")
    page.goto("about:blank")
    number = next(n for n, one in texts(lab, notebook).items() if one == text)
    wait_for(lambda: "line 30" in ask(lab, "show", notebook, str(number)), 20)
    shown = ask(lab, "show", notebook, str(number))
    assert [line for line in shown.splitlines() if line.startswith("line ")] == [f"line {i}" for i in range(1, 31)]


def test_another_kernel_notices_nothing(page, lab, notebook):
    made = nbformat.read(notebook, as_version=4)
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, notebook)
    page.evaluate(OPEN, notebook.name)
    messages = page.evaluate(
        """async () => {
            const seen = [];
            window.panel.sessionContext.session.kernel.anyMessage.connect((_, {msg, direction}) => {
                if (direction === 'send') seen.push(msg.header.msg_type);
            });
            window.panel.content.widgets[1].model.sharedModel.setSource('1 + 1');
            await new Promise(done => setTimeout(done, 1500));
            return seen;
        }"""
    )
    assert [one for one in messages if one.startswith("comm")] == []
    assert "no history" in ask(lab, "tree", notebook)
    assert cell(page, two(notebook)).locator("[class*='fk-']").count() == 0


def test_typed_while_the_kernel_starts(page, lab, notebook):
    page.evaluate(
        """async path => {
            const panel = await window.jupyterapp.commands.execute('docmanager:open', {path, factory: 'Notebook'});
            window.panel = panel;
            await panel.context.ready;
            await new Promise(done => setTimeout(done, 0));
            window.early = panel.sessionContext.session?.kernel?.status ?? 'none';
            const cell = panel.content.widgets[1].model.sharedModel;
            cell.setSource('first');
            await new Promise(done => setTimeout(done, 0));
            cell.setSource('second');
        }""",
        notebook.name,
    )
    assert page.evaluate("window.early") in ("none", "unknown", "starting")
    page.evaluate("window.panel.sessionContext.ready")
    wait_for(lambda: list(texts(lab, notebook).values()) == ["int a = 1;", "a + 1", "first", "second"])
