"""Cells of nothing but %fk leave no trace, however they come to be: not in the tree, not in the log, not as deleted ones."""

import json

import pytest
from client import forkernel
from comm_page import Listener, Page
from test_comm import write_notebook


@pytest.fixture
def page(kernel):
    return Page(kernel)


def steps(page, cell, *texts, **members):
    """As an editor tells them, the first one as what the cell had when it was opened."""
    edits = [{"kind": "text", "cell": cell, "type": "code", "cause": "typing", "text": text, **members} for text in texts]
    for edit in edits:
        assert page.edits(edit)["type"] == "acknowledge"


def events(page):
    return [(event["event"], event["cell"], event["summary"]) for event in page.fine("log")["events"]]


def known(page):
    return {cell["cell"]: (cell["versions"], cell["deleted"] != 0) for cell in page.fine("cells")["cells"] if cell["head"]}


def summaries(page, cell):
    return [version["summary"] for version in page.tree(cell)]


@pytest.mark.parametrize(
    "texts",
    [
        ["", "%", "%f", "%fk tr", "%fk tree"],
        ["%fk tree"],
        ["", " %f", " %fk", "\n%fk log\n%", "%fk log\n%fk tree\n"],
        ["", "%fk tree", "%fk", "%f", "", "%", "%fk log"],
    ],
)
def test_a_new_cell(page, notebook, texts):
    page.type("a", "int x;")
    steps(page, "b", *texts)
    page.layout("a", "b")
    assert known(page) == {"a": (1, False)} and events(page) == [("version", "a", "int x;")]
    page.edits({"kind": "delete", "cell": "b"})
    page.layout("a")
    assert known(page) == {"a": (1, False)} and events(page) == [("version", "a", "int x;")]
    assert "%" not in forkernel("tree", notebook, "all").stdout
    assert forkernel("deleted", notebook).stdout.count("\n") <= 1


def test_a_cell_that_had_code_keeps_its_tree_and_its_head(page):
    first = page.type("a", "int x;")
    steps(page, "a", "%", "%f", "%fk tree")
    (version,) = page.tree("a")
    assert version["head"] and version["version"] == first
    steps(page, "a", "%f", "", "i", "int y;")
    second, third = page.tree("a")[1:]
    assert (second["summary"], second["parent"], third["summary"]) == ("i", first, "int y;")


def test_undo_and_redo_over_it(page):
    first = page.type("a", "int x;")
    steps(page, "a", "%fk tree")
    steps(page, "a", "%f", "int x;", cause="undo")
    steps(page, "a", "%fk tree", cause="redo")
    steps(page, "a", "int x;", cause="undo")
    assert page.type("a", "int z;") == first + 1
    assert [(version["summary"], version["parent"]) for version in page.tree("a")] == [("int x;", 0), ("int z;", first)]
    assert [event[0] for event in events(page)] == ["version", "version"]


def test_what_was_no_way_to_a_command_is_all_there(page):
    steps(page, "a", "", "%", "%f", "%foo", "%")
    assert summaries(page, "a") == ["", "%", "%f", "%foo"]
    steps(page, "a", "% 2")
    assert summaries(page, "a") == ["", "%", "%f", "%foo", "%", "% 2"]
    assert [version["parent"] for version in page.tree("a")] == [0, 1, 2, 3, 4, 5]


def test_in_one_batch(page):
    edit = {"kind": "text", "cell": "a", "type": "code", "cause": "typing"}
    answer = page.edits(*(edit | {"text": text} for text in ("", "%", "%fk", "int x;", "%", "%fk log", "", "int y;", "%")))
    assert answer["heads"] == {"a": 2} and summaries(page, "a") == ["int x;", "int y;"]
    steps(page, "a", "%d")
    assert summaries(page, "a") == ["int x;", "int y;", "%", "%d"]


def test_a_batch_that_comes_twice_or_is_refused_holds_nothing_twice(page):
    edit = {"kind": "text", "cell": "a", "type": "code", "cause": "typing"}
    page.edits(edit | {"text": "%"}, sequence=1)
    assert page.edits(edit | {"text": "%"}, sequence=1)["repeated"]
    assert page.edits(edit | {"text": "%f"}, edit | {"cause": "boredom"}, sequence=2)["status"] == "error"
    page.edits(edit | {"text": "%f"}, sequence=2)
    page.edits(edit | {"text": "%foo"}, sequence=3)
    assert summaries(page, "a") == ["%", "%f", "%foo"]


def test_an_emptied_cell_is_a_version(page):
    steps(page, "a", "int x;", "", "")
    assert summaries(page, "a") == ["int x;", ""]


def test_code_beside_a_command_is_kept(page):
    steps(page, "a", "%fk tree\nint x;", "int x;\n%fk tree")
    assert len(page.tree("a")) == 2


def test_as_text_of_a_markdown_cell_it_is_text(page):
    steps(page, "a", "%fk tree")
    assert known(page) == {}
    steps(page, "a", "%fk tree", type="markdown", cause="program")
    assert summaries(page, "a") == ["%fk tree"]
    steps(page, "a", "%fk tree", cause="program")
    (cell,) = page.fine("cells")["cells"]
    assert cell["type"] == "code" and cell["versions"] == 1


def test_split_and_merge(page):
    steps(page, "a", "int x;\n%fk tree")
    page.edits(
        {"kind": "text", "cell": "b", "type": "code", "cause": "split", "text": "int x;", "origin": "a"},
        {"kind": "text", "cell": "a", "type": "code", "cause": "split", "text": "%fk tree"},
        {"kind": "layout", "cells": ["b", "a"]},
    )
    assert known(page) == {"a": (1, False), "b": (1, False)}
    page.edits(
        {"kind": "text", "cell": "c", "type": "code", "cause": "merge", "text": "%fk tree\n\n%fk log", "origin": "d"},
        {"kind": "layout", "cells": ["c", "b", "a"]},
    )
    assert set(known(page)) == {"a", "b"}


def test_a_deleted_cell_of_commands_that_had_code_comes_back(page):
    steps(page, "a", "int x;", "%fk tree")
    page.edits({"kind": "delete", "cell": "a"})
    assert known(page) == {"a": (1, True)}
    steps(page, "a", "%fk tree", cause="undo")
    page.layout("a")
    assert known(page) == {"a": (1, False)}


def test_the_saved_file(page, kernel, notebook):
    page.type("a", "int x;")
    steps(page, "b", "", "%f")
    cells = {"a": "int x;", "b": "%f", "c": "", "d": "%fk log", "m": "%fk log"}
    write_notebook(notebook, **cells)
    data = json.loads(notebook.read_text())
    data["cells"][-1] = {"id": "m", "cell_type": "markdown", "metadata": {}, "source": "%fk log"}
    with Listener(kernel, page) as listener:
        notebook.write_text(json.dumps(data))
        listener.next(file=True)
    assert known(page) == {"a": (1, False), "m": (1, False)}
    write_notebook(notebook, a="", c="int y;", d="%fk log\nint z;")
    with Listener(kernel, page) as listener:
        notebook.write_text(notebook.read_text())
        listener.next(file=True)
    assert {key: versions for key, (versions, _) in known(page).items()} == {"a": 2, "c": 1, "d": 1, "m": 1}
