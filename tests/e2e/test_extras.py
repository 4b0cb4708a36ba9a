"""What a cell has besides its text: attachments and metadata are in the history with its versions, and come back."""

import json

import nbformat
import pytest
from client import forkernel
from comm_page import Listener, Page

PICTURE = {"image/png": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="}
NOTE = {"metadata": {"tags": ["keep"], "jupyter": {"source_hidden": True}}, "attachments": {"a.png": PICTURE}}
TEXT = "See ![a](attachment:a.png)"


@pytest.fixture
def page(kernel):
    return Page(kernel)


def note(page, text=TEXT, extras=NOTE, cause="typing", **members):
    return page.type("m", text, cause=cause, type="markdown", extras=extras, **members)


def extras_of(answer):
    return {"metadata": answer["metadata"], "attachments": answer["attachments"]}


def save(notebook, kernel, page, *cells):
    with Listener(kernel, page) as listener:
        notebook.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        listener.next(file=True)


def test_a_deleted_cell_comes_back_with_all_that_it_had(page):
    note(page)
    page.type("a", "int x;", extras={"metadata": {"collapsed": True, "trusted": True}})
    page.type("b", "int y;")
    page.layout("m", "a", "b")
    page.layout()
    assert extras_of(page.fine("undelete", cell="m")) == NOTE
    assert extras_of(page.fine("undelete", cell="a")) == {"metadata": {"collapsed": True}, "attachments": {}}
    plain = page.fine("undelete", cell="b")
    assert "metadata" not in plain and "extras_left_out" not in plain


def test_they_change_without_a_text_and_make_no_version(page):
    first = note(page, extras={"metadata": {}})
    assert note(page, cause="program") == first
    assert len(page.tree("m")) == 1
    assert [event["event"] for event in page.fine("log")["events"]] == ["version"]
    second = note(page, TEXT + "!", extras=None)
    (version,) = page.fine("versions", versions=[second], extras=True)["versions"]
    assert extras_of(version) == NOTE  # a new text has them still
    note(page, TEXT + "!", {"attachments": {}})
    (version,) = page.fine("versions", versions=[second], extras=True)["versions"]
    assert version["metadata"] == {}
    assert "metadata" not in page.fine("versions", versions=[second])["versions"][0]


def test_an_attachment_that_was_removed_comes_back_with_the_text_that_shows_it(page):
    first = note(page)
    note(page, extras={"metadata": {"tags": ["new"]}})
    note(page, "See nothing")
    note(page, "See nothing", {})
    restored = page.fine("restore", version=first)
    assert restored["attachments"] == NOTE["attachments"] and restored["metadata"] == {"tags": ["new"]}


def test_the_saved_file_tells_them(page, kernel, notebook, tmp_path):
    cell = {"id": "m", "cell_type": "markdown", "source": [TEXT], **NOTE}
    svg = {"image/svg+xml": ["<svg>\n", "</svg>"]}
    raw = {"id": "r", "cell_type": "raw", "source": "x", "metadata": {"raw_mimetype": "text/html"}, "attachments": {"b.svg": svg}}
    code = {"id": "c", "cell_type": "code", "source": "1 + 1", "metadata": {"collapsed": True}, "outputs": [], "execution_count": None}
    save(notebook, kernel, page, cell, raw, code)
    kernel.run("1 + 1", cell="c")
    (version,) = page.tree("m")
    assert note(page, extras={**NOTE, "metadata": NOTE["metadata"] | {"trusted": False}}) == version["version"]  # the same to the byte
    output = tmp_path / "then.ipynb"
    forkernel("notebook", notebook, "--output", output)
    made = nbformat.read(output, as_version=4)
    nbformat.validate(made)
    by_id = {one["id"]: one for one in made.cells}
    assert extras_of(by_id["m"]) == NOTE and by_id["r"]["metadata"] == raw["metadata"]
    assert by_id["r"]["attachments"] == {"b.svg": {"image/svg+xml": "<svg>\n</svg>"}}
    assert by_id["c"]["metadata"]["collapsed"] is True and by_id["c"]["metadata"]["forkernel"]["run"] == 1
    save(notebook, kernel, page, code)
    assert extras_of(page.fine("undelete", cell="m")) == NOTE


def test_the_notebook_has_those_of_its_time(page):
    note(page, time=1_000_000)
    note(page, extras={"metadata": {"tags": ["late"]}}, time=9_000_000)
    then = page.fine("notebook", format="nbformat", time=5_000_000)["notebook"]["cells"][0]
    assert extras_of(then) == NOTE
    now = page.fine("notebook", format="nbformat")["notebook"]["cells"][0]
    assert now["metadata"] == {"tags": ["late"]} and "a.png" in now["attachments"]


def test_what_is_over_the_limit_is_left_out_and_said(page, notebook):
    page.type("a", "int x;")
    forkernel("settings", notebook, "picture_limit", "1K")
    large = {"attachments": {"a.png": {"image/png": "A" * 5000}}}
    note(page, extras=large)
    made = page.fine("notebook", format="nbformat")["notebook"]
    page.edits({"kind": "delete", "cell": "m"})
    back = page.fine("undelete", cell="m")
    assert back["extras_left_out"]["bytes"] > 5000 and len(back["extras_left_out"]["hash"]) == 32
    assert back["text"] == TEXT and back["attachments"] == {}
    nbformat.validate(nbformat.from_dict(made))
    assert made["cells"][1]["metadata"]["forkernel"]["extras_left_out"]["bytes"] > 5000


def test_what_is_left_out_of_a_cell_that_was_run_is_said_beside_the_run(page, kernel, notebook):
    forkernel("settings", notebook, "picture_limit", "1K")
    page.type("a", "1 + 1", extras={"metadata": {"note": "A" * 5000}})
    kernel.run("1 + 1", cell="a")
    (cell,) = page.fine("notebook", format="nbformat")["notebook"]["cells"]
    about = cell["metadata"]["forkernel"]
    assert about["extras_left_out"]["bytes"] > 5000 and about["status"] == "ok"


@pytest.mark.parametrize("odd", ["text", 7, [], {"metadata": 3, "attachments": ["x"]}, {"attachments": {"a": 5, "b": {"c": [1]}}}])
def test_extras_that_make_no_sense_harm_nothing(page, odd):
    assert note(page, extras=odd)
    page.edits({"kind": "delete", "cell": "m"})
    assert page.fine("undelete", cell="m")["text"] == TEXT


def test_a_piece_begins_with_those_of_its_origin(page):
    note(page)
    page.edits({"kind": "text", "cell": "n", "type": "markdown", "cause": "split", "text": "See", "origin": "m"})
    (version,) = page.fine("versions", versions=[2], extras=True)["versions"]
    assert extras_of(version) == NOTE
