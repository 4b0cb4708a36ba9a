"""A notebook that began beside another one goes on that one's history when a person says so."""

import re
import shutil

import pytest
from client import Kernel, forkernel
from comm_page import Listener, Page
from notebooks import replace_notebook, write_notebook


def texts(page, cell):
    return [version["summary"] for version in page.tree(cell)]


def origins(page):
    return page.fine("origin")["origins"]


def refused(page, **members):
    answer = page.request("join", **members)
    assert answer["status"] == "error", answer
    return answer["error"]


@pytest.fixture
def original(tmp_path, data_dir):
    """A notebook that was run."""
    path = tmp_path / "Analysis.ipynb"
    write_notebook(path, one="1", two="2")
    with Kernel(notebook=path) as kernel:
        kernel.run("1", cell="one")
        kernel.run("1 + 1", cell="one")
        kernel.run("2", cell="two")
    write_notebook(path, one="1 + 1", two="2")
    return path


@pytest.fixture
def copy(original, tmp_path):
    path = tmp_path / "Copy.ipynb"
    shutil.copy(original, path)
    return path


def test_a_copy_of_a_notebook_that_is_gone_continues_it(original, copy):
    with Kernel(notebook=copy) as kernel:
        page = Page(kernel)
        kernel.run("1 + 2", cell="one")
        (origin,) = origins(page)
        assert origin["how"] == "copy" and origin["there"] and origin["name"] == "Analysis.ipynb"
        assert origin["path"] == str(original) and origin["since"] > 0
        edge = page.fine("tree", cell="one")["origins"][0]
        assert edge["document"] == origin["document"] and edge["path"] == str(original)
        assert edge["other"] > edge["version"] and edge["summary"] == "1 + 1"
        (version,) = page.fine("versions", versions=[edge["other"]], document=edge["document"])["versions"]
        assert version["text"] == "1 + 1"
        assert page.fine("origin")["path"] == str(copy)
        assert f'the cell "1 + 1" in {original}' in forkernel("tree", copy, "all").stdout
        assert "Analysis.ipynb' is still there" in refused(page, document=origin["document"])

        original.unlink()
        (origin,) = origins(page)
        assert not origin["there"]
        with Listener(kernel, page) as listener:
            answer = page.fine("join", document=origin["document"])
            assert answer["document"] == origin["document"] != page.welcome["document"]
            assert answer["text"].startswith("Copy.ipynb continues the history of Analysis.ipynb.")
            listener.next(path=str(copy))
        told = page.ask({"type": "path", "id": 7, "path": "Copy.ipynb"})
        assert told["document"] == origin["document"]
        assert texts(page, "one") == ["1", "1 + 1", "1 + 2"] and texts(page, "two") == ["2"]
        assert origins(page) == []
        assert page.fine("gone")["gone"] == [], "it is no deleted notebook: it goes on"
        edge = page.fine("tree", cell="one")["origins"][0]
        assert edge["document"] == page.welcome["document"] and edge["path"] == str(copy)
        kernel.run("1 + 3", cell="one")
        page.type("two", "2 + 2")
        assert texts(page, "one")[2:] == ["1 + 2", "1 + 3"] and texts(page, "two") == ["2", "2 + 2"]
        assert refused(page, document=origin["document"])
    told = forkernel("tree", copy).stdout
    assert "1 + 1" in told and "1 + 3" in told
    (own,) = [line for line in forkernel("log").stdout.splitlines() if "before the one that is there now" in line]
    told = forkernel("tree", re.search(r"@\d+", own).group(), "all").stdout
    assert "1 + 2" in told and "1 + 3" not in told
    write_notebook(copy, one="1 + 3", two="2 + 2")
    with Kernel(notebook=copy) as kernel:
        page = Page(kernel)
        assert page.welcome["document"] == origin["document"]
        assert texts(page, "one") == ["1", "1 + 1", "1 + 2", "1 + 3"]
    assert "all is well" in forkernel("doctor").stdout


def test_a_notebook_made_anew_by_a_program_continues_what_it_replaced(original):
    """With ids of its own: the texts tell which cell is which."""
    replace_notebook(original, first="1 + 1", second="2", third="3")
    with Kernel(notebook=original) as kernel:
        page = Page(kernel)
        kernel.run("3", cell="third")
        (origin,) = origins(page)
        assert origin["how"] == "place" and not origin["there"] and origin["path"] == str(original)
        page.fine("join", document=origin["document"])
        assert texts(page, "first") == ["1", "1 + 1"] and texts(page, "second") == ["2"]
        assert texts(page, "third") == ["3"]
        kernel.run("1 + 4", cell="first")
        assert texts(page, "first") == ["1", "1 + 1", "1 + 4"]
    assert "all is well" in forkernel("doctor").stdout


def test_not_while_a_cell_runs(original, copy):
    with Kernel(notebook=copy) as kernel:
        page = Page(kernel)
        document = origins(page)[0]["document"]
        original.unlink()
        running = kernel.execute("for (;;);", cell="one")
        kernel.iopub_until(running, lambda message: message["msg_type"] == "execute_input")
        assert "a cell is running" in refused(page, document=document)
        kernel.ask("interrupt_request", channel="control")
        kernel.finish(running)
        assert page.fine("join", document=document)["document"] == document
        assert texts(page, "one")[:2] == ["1", "1 + 1"]


def test_what_makes_no_sense(original, copy):
    with Kernel(notebook=copy) as kernel:
        page = Page(kernel)
        assert "'document' is missing" in refused(page)
        assert "no document 999" in refused(page, document=999)
        assert "nothing to continue" in refused(page, document=page.welcome["document"])
    with Kernel(notebook=original) as kernel:
        page = Page(kernel)
        assert origins(page) == []
        assert "nothing to continue" in refused(page, document=page.welcome["document"] + 1)


def test_a_console_continues_nothing(data_dir):
    with Kernel() as kernel:
        page = Page(kernel)
        assert origins(page) == []
        assert "for no notebook" in refused(page, document=1)
