"""What cells show, as the history has it, beside the texts of a page; and files that are older than what was told."""

import json

import pytest
from client import Kernel
from comm_page import Listener, Page, fnv


@pytest.fixture
def page(kernel):
    return Page(kernel)


def heads(page, *cells):
    answer = page.fine("heads", cells=list(cells))
    assert answer["later"] == []
    return {head["cell"]: head for head in answer["heads"]}


def write(notebook, **texts):
    cells = [
        {"cell_type": "code", "id": key, "source": text, "metadata": {}, "outputs": [], "execution_count": None}
        for key, text in texts.items()
    ]
    notebook.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def head(page, cell):
    return [v["version"] for v in page.tree(cell) if v["head"]]


def test_heads_with_their_hashes_and_last_runs(kernel, page):
    one = page.type("a", "ü = 1; // 😀")
    kernel.run("2 + 2", cell="b")
    kernel.run("2 + 2", cell="b")
    answer = heads(page, "a", "b", "unknown")
    assert set(answer) == {"a", "b"}
    assert answer["a"] | {"edited": 0} == {
        "cell": "a", "head": one, "hash": fnv("ü = 1; // 😀"), "edited": 0, "version": one, "before": 0, "run": None
    }
    (version,) = page.tree("b")
    assert answer["b"]["run"] == version["runs"][-1] and len(version["runs"]) == 2
    assert answer["b"]["version"] == version["version"]


def test_the_version_of_a_text(kernel, page):
    one, two = page.type("a", "1"), page.type("a", "2")
    kernel.run("1", cell="a")
    page.type("a", "2", cause="redo")
    found = heads(page, {"cell": "a", "text": "1"})["a"]
    assert (found["head"], found["version"]) == (two, one)
    assert found["run"]["status"] == "ok", "the last run of that text"
    assert heads(page, {"cell": "a", "text": "3"})["a"]["version"] == 0
    assert head(page, "a") == [two], "asking moves nothing"


def test_nonsense_is_refused(page):
    for cells in (None, "a", [1], [{}], [{"cell": "a"}], [{"cell": 1, "text": "x"}], ["a"] * 1001):
        assert page.request("heads", cells=cells)["status"] == "error", cells


def test_a_file_that_is_older_than_what_was_told_says_nothing(kernel, page, notebook):
    """The page saves, and restores another version before the kernel has read the file."""
    first, second = page.type("a", "1"), page.type("a", "2")
    page.type("b", "x")
    page.layout("a", "b")
    with Listener(kernel, page) as pushes:
        write(notebook, a="2", b="x")
        page.fine("restore", version=first)
        page.type("c", "new")
        page.layout("a", "c", "b")
        pushes.next(file=True)
        assert head(page, "a") == [first]
        moves = [(e["event"], e["to"]) for e in page.fine("log")["events"] if e["cell"] == "a"]
        assert moves == [("move", first), ("version", second), ("version", first)]
        assert [c["deleted"] for c in page.fine("cells")["cells"]] == [0, 0, 0]
        write(notebook, a="3", b="x", c="new")  # by another program: that is news
        pushes.next(file=True)
    versions = page.tree("a")
    assert [v["cause"] for v in versions if v["head"]] == ["file"]
    assert heads(page, "a")["a"]["before"] == first


SPIN = '#include <stdio.h>\n#include <unistd.h>\nprintf("kept\\n"); fflush(stdout); for (;;) usleep(1000);'


def test_the_next_kernel_tells_what_was_cut_off(notebook, data_dir):
    with Kernel(notebook=notebook) as kernel:
        page = Page(kernel)
        assert "cut_off" not in page.welcome
        with Listener(kernel, page) as pushes:
            kernel.send("execute_request", {"code": SPIN, "silent": False, "store_history": True})
            run = pushes.next(status="running")["run"]
        kernel.kill()
    with Kernel(notebook=notebook) as kernel:
        page = Page(kernel)
        assert page.welcome["cut_off"]["run"] == run and page.welcome["cut_off"]["status"] == "killed"
        kernel.run("1 + 1", cell="b")
        assert "cut_off" not in Page(kernel).welcome, "it has been told, and life goes on"
    with Kernel(notebook=notebook) as kernel:
        assert "cut_off" not in Page(kernel).welcome
