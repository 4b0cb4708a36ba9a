"""Several notebooks on one kernel: each has a history of its own, and neither is taken for the other one, renamed."""

import shutil

import pytest
from client import Kernel, forkernel, show
from comm_page import Listener, Page, cells_of
from notebooks import replace_notebook, write_notebook

NOTEBOOKS = 9  # more notebooks than a kernel records at a time


def all_of(path):
    return forkernel("tree", path, "all", "--typing").stdout


@pytest.fixture
def host(tmp_path, data_dir):
    path = tmp_path / "host.ipynb"
    write_notebook(path, one="1", two="2")
    return path


@pytest.fixture
def other(tmp_path):
    path = tmp_path / "other.ipynb"
    write_notebook(path, x="5 + 5", y="6 + 6")
    return path


@pytest.fixture
def two(host, other):
    """The kernel of one notebook with a page of it, and of another one that is a client of its own."""
    with Kernel(notebook=host) as kernel, kernel.beside() as beside:
        yield kernel, Page(kernel, path=host.name), beside, Page(beside, path=other.name)


def test_each_has_its_own_history(two, host, other):
    kernel, page, beside, guest = two
    kernel.run("int a = 1 + 1;", cell="one")
    guest.type("x", "typed")
    assert beside.run("a + 40", cell="y").result == "42"
    page.type("two", "typed, too")
    assert kernel.run("a + 2", cell="one").result == "4"
    with Listener(kernel, page) as listener:
        write_notebook(host, one="a + 2", two="2 + 2")
        listener.next(file=True)
    assert cells_of(page) == {"one": False, "two": False} and cells_of(guest) == {"x": False, "y": False}
    first, second = all_of(host), all_of(other)
    assert all(text in first and text not in second for text in ("int a = 1 + 1;", "typed, too", "a + 2", "2 + 2"))
    assert all(text in second and text not in first for text in ("a + 40", "5 + 5"))
    assert "typed" in second and [v["summary"] for v in guest.tree("x")] == ["5 + 5", "typed"]
    assert "a + 40" in beside.run("%fk tree all").stdout and "a + 40" not in kernel.run("%fk tree all").stdout


def test_while_a_cell_of_the_other_one_runs(two, host, other):
    kernel, page, beside, guest = two
    msg_id = kernel.execute('#include <stdio.h>\nchar line[9]; puts("asks"); fgets(line, 9, stdin);', cell="one", allow_stdin=True)
    kernel.wait_for_output(msg_id, "asks")
    guest.type("x", "typed meanwhile")
    page.type("two", "typed here")
    kernel.answer("so")
    assert kernel.finish(msg_id).status == "ok"
    assert "typed meanwhile" in all_of(other) and "fgets" not in all_of(other)
    assert "typed here" in all_of(host) and "asks" in show(host, 3)


def test_late_output_is_that_of_the_run(two, host):
    """A thread of one notebook's cell prints when the other one has been edited."""
    kernel, page, beside, guest = two
    late = """#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static void *later(void *path) {
    while (access(path, F_OK)) usleep(1000);
    puts("late"); fflush(stdout);
    return NULL;
}
pthread_t thread; pthread_create(&thread, NULL, later, "%s");""" % (host.parent / "go")
    msg_id = kernel.execute(late, cell="one")
    assert kernel.finish(msg_id).status == "ok"
    guest.type("x", "typed")
    (host.parent / "go").touch()
    kernel.wait_for_output(msg_id, "late")
    kernel.run("pthread_join(thread, NULL)", cell="two")
    assert "late" in show(host, 3)


def test_only_its_own_page_is_told(two):
    kernel, page, beside, guest = two
    with Listener(kernel, page) as listener:
        guest.type("x", "typed")
        beside.run("1 + 1", cell="y")
        page.type("one", "here")
        seen = listener.until(lambda data: "heads" in data)
    assert [list(data["heads"]) for data in seen if "heads" in data] == [["one"]]
    assert not [data for data in seen if data.get("cell") == "y"]


def test_a_copy_beside_its_original(host, tmp_path):
    """Its cells have the same ids."""
    with Kernel(notebook=host) as kernel, kernel.beside() as beside:
        page = Page(kernel, path=host.name)
        kernel.run("1 + 1", cell="one")
        copy = tmp_path / "copy.ipynb"
        shutil.copy(host, copy)
        guest = Page(beside, path=copy.name)
        guest.type("one", "of the copy")
        beside.run("3 + 3", cell="two")
        page.type("one", "of the original")
    assert "of the copy" not in all_of(host) and "3 + 3" not in all_of(host)
    assert "of the original" not in all_of(copy) and "3 + 3" in all_of(copy)


def test_the_guest_is_renamed(two, host, other, tmp_path):
    kernel, page, beside, guest = two
    guest.type("x", "before")
    new = tmp_path / "new.ipynb"
    other.rename(new)
    guest.moved(new.name)
    guest.type("x", "after")
    beside.run("2 * 21", cell="y")
    write_notebook(other, x="of another one")
    with kernel.beside() as third:
        Page(third, path=other.name).type("x", "typed there")
    text = all_of(new)
    assert all(part in text for part in ("before", "after", "2 * 21")) and "typed there" not in text
    assert "before" not in all_of(other) and "typed there" in all_of(other)
    assert "after" not in all_of(host)


def test_another_notebook_comes_to_the_path_of_a_guest(two, host, other):
    kernel, page, beside, guest = two
    guest.type("x", "before")
    page.type("one", "here")
    replace_notebook(other, p="7", q="8")
    guest.type("p", "after")
    assert [v["summary"] for v in guest.tree("p")] == ["7", "after"]
    assert "before" not in all_of(other) and "after" in all_of(other)


def test_the_guest_stays_when_the_first_one_is_closed(two, host, other):
    kernel, page, beside, guest = two
    kernel.run("1 + 1", cell="one")
    guest.type("x", "before")
    page.close()
    guest.type("x", "between")
    again = Page(beside, path=other.name)
    again.type("x", "after")
    beside.run("2 + 2", cell="y")
    assert [v["summary"] for v in again.tree("x")] == ["5 + 5", "before", "between", "after"]
    assert "2 + 2" in all_of(other) and "2 + 2" not in all_of(host)


def test_a_crash_in_the_guest(two, host, other):
    """It is the program of both; what is rolled back is said where it happened."""
    kernel, page, beside, guest = two
    kernel.run("int a = 42;", cell="one")
    crash = beside.run("a = 1; *(volatile int *)0 = 1;", cell="y")
    assert crash.status == "error" and "Every variable is as it was before this cell" in crash.text
    page.type("one", "int a = 43;")
    assert kernel.run("a", cell="two").result == "42"
    assert "volatile" in all_of(other) and "volatile" not in all_of(host)


def test_commands_are_about_the_notebook_they_are_in(two):
    kernel, page, beside, guest = two
    kernel.run("int a = 1;", cell="one")
    beside.run("int b = 2;", cell="y")
    assert "no earlier kernel has run cells of this notebook" in beside.run("%fk resume").text
    assert "int b" in beside.run("%fk states").stdout and "int a" not in beside.run("%fk states").stdout
    assert kernel.run("%fk goto [1]").status == "ok"
    assert kernel.run("a", cell="two").result == "1" and kernel.run("b", cell="two").status == "error"


def test_more_notebooks_than_are_recorded_at_a_time(host, tmp_path):
    names = [f"n{i}.ipynb" for i in range(NOTEBOOKS)]
    with Kernel(notebook=host) as kernel:
        pages = [Page(kernel, path=host.name)]
        for name in names:
            write_notebook(tmp_path / name, **{name[:2]: "0"})
            pages.append(Page(kernel, path=name))
        for turn in range(2):
            for name, page in zip(["one", *names], pages, strict=True):
                page.type(name[:2] if name != "one" else name, f"text {turn} of {name}")
    for name in names:
        assert "text 0 of" in all_of(tmp_path / name) and f"text 1 of {name}" in all_of(tmp_path / name)
    assert forkernel("doctor").stdout.endswith(": all is well\n")
