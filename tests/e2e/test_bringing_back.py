"""Bringing back by %fk, in a terminal and over the comm: every restore is a move that can be undone."""

import pytest
from client import Kernel, forkernel
from comm_page import Page


@pytest.fixture
def page(kernel):
    return Page(kernel)


def head(page, cell):
    (shown,) = [v["version"] for v in page.tree(cell) if v["head"]]
    return shown


def delete(page, cell):
    assert page.edits({"kind": "delete", "cell": cell})["type"] == "acknowledge"


def test_a_restore_says_how_it_is_undone(kernel, page):
    for text in ("1 + 1", "1 + 2", "1 + 3"):
        kernel.run(text, cell="a")
    first, _, third = (v["version"] for v in page.tree("a"))
    restored = kernel.run(f"%fk restore {first}", cell="a")
    assert f"Version {third} was shown before: %fk restore {third} goes back to it." in restored.stdout
    assert restored.content["payload"][0]["text"] == "1 + 1"
    assert head(page, "a") == first
    back = kernel.run(f"%fk restore {third}", cell="a")
    assert f"%fk restore {first}" in back.stdout and head(page, "a") == third
    assert "was shown before" not in kernel.run(f"%fk restore {third}", cell="a").stdout
    answer = page.fine("restore", version=first)
    assert answer["before"] == third and answer["cell"] == "a" and answer["left_out"] == [0]
    assert [(e["event"], e["to"]) for e in page.fine("log", limit=3)["events"]] == [
        ("move", first), ("move", third), ("move", first)
    ]


def test_a_restore_in_a_terminal(kernel, page, notebook):
    kernel.run("1 + 1", cell="a")
    kernel.run("1 + 2", cell="a")
    first, second = (v["version"] for v in page.tree("a"))
    before = notebook.read_bytes() if notebook.exists() else None
    said = forkernel("restore", notebook, first).stdout
    assert f"Version {second} was shown before: forkernel restore {notebook} {second} goes back" in said
    assert head(page, "a") == first
    assert "shows already" in forkernel("restore", notebook, first).stdout
    forkernel("restore", notebook, second)
    assert head(page, "a") == second
    assert forkernel("restore", notebook, first, "--print").stdout == "1 + 1\n"
    assert head(page, "a") == second
    assert (notebook.read_bytes() if notebook.exists() else None) == before
    assert "99" in forkernel("restore", notebook, 99, check=False).stderr


def test_deleted_cells_are_listed(kernel, page, notebook):
    assert "No cell of this notebook was deleted." in kernel.run("%fk deleted").stdout
    kernel.run("int first = 1;", cell="a")
    kernel.run("int second = 2;", cell="b")
    kernel.run("int second = 3;", cell="b")
    kernel.run("int third = 3;", cell="c")
    delete(page, "a")
    delete(page, "b")
    b = head(page, "b")
    for text in (kernel.run("%fk deleted").text, forkernel("deleted", notebook).stdout):
        assert text.index("int second = 3;") < text.index("int first = 1;") and "third" not in text
        assert f"version {b}" in text and "(2 versions, 2 runs)" in text and "(1 version, 1 run)" in text
    assert forkernel("deleted", notebook, "7", check=False).returncode == 2


def test_a_deleted_cell_comes_back_into_another(kernel, page):
    kernel.run("40 + 2", cell="a")
    kernel.run("1", cell="b")
    delete(page, "a")
    (version,) = (v["version"] for v in page.tree("a"))
    restored = kernel.run(f"%fk restore {version}", cell="new")
    assert "of another cell, which was deleted" in restored.stdout and "42" in restored.text
    assert restored.content["payload"][0]["text"] == "40 + 2"
    assert [c["cell"] for c in page.fine("cells")["cells"] if c["deleted"]] == ["a"]


def test_a_deleted_cell_comes_back_in_a_terminal(kernel, page, notebook):
    kernel.run("40 + 2", cell="a")
    delete(page, "a")
    said = forkernel("restore", notebook, 1).stdout
    assert "was deleted; in the history it is there again" in said
    assert [c["deleted"] for c in page.fine("cells")["cells"]] == [0]


def test_undelete_brings_the_cell_to_its_place(kernel, page):
    for i, key in enumerate("abcd"):
        kernel.run(f"{i} + 0", cell=key)
    page.layout("a", "b", "c", "d")
    page.layout("a", "b", "d")
    page.layout("b", "d")
    answer = page.fine("undelete", cell="c")
    assert answer["cell"] == "c" and answer["cell_type"] == "code" and answer["text"] == "2 + 0"
    assert answer["outputs"][0]["data"]["text/plain"] == "2" and answer["left_out"] == [0]
    assert (answer["index"], answer["after"]) == (1, "b")
    answer = page.fine("undelete", cell="a")
    assert (answer["index"], answer["after"]) == (0, "")
    page.layout("a", "b", "c", "d")
    assert [c["cell"] for c in page.fine("notebook")["cells"]] == ["a", "b", "c", "d"]
    assert len(page.tree("c")) == 1
    assert "is not deleted" in page.request("undelete", cell="a")["error"]
    assert "no cell 'z'" in page.request("undelete", cell="z")["error"]
    assert "missing" in page.request("undelete")["error"]


def test_a_cell_whose_place_nobody_knows(kernel, page):
    kernel.run("1", cell="a")
    delete(page, "a")
    answer = page.fine("undelete", cell="a")
    assert answer["index"] is None and answer["after"] is None and answer["text"] == "1"


def test_yesterday_and_before_a_run_in_a_terminal(kernel, page, notebook, tmp_path):
    kernel.run("1 + 1", cell="a")
    kernel.run("1 + 2", cell="a")
    first, second = (v["runs"][0]["run"] for v in page.tree("a"))
    made = tmp_path / "before.ipynb"
    forkernel("notebook", notebook, "--before", second, "--output", made)
    assert '"1 + 1"' in made.read_text() and "1 + 2" not in made.read_text()
    assert first < second
    gone = forkernel("notebook", notebook, "yesterday", "17:00", "--output", tmp_path / "none.ipynb", check=False)
    assert gone.returncode != 0 and "no cells then" in gone.stderr and not (tmp_path / "none.ipynb").exists()
