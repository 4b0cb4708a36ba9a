"""A path and a document part: whatever becomes of the file, the history is that of what it holds."""

import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from client import TIMEOUT, Kernel, forkernel
from comm_page import Listener, Page, cells_of
from notebooks import replace_notebook, write_notebook


def has_history(path):
    return forkernel("tree", path, check=False).returncode == 0


def all_of(path):
    """What the terminal shows of a notebook."""
    return forkernel("tree", path).stdout


def texts(kernel, cell):
    return [version["summary"] for version in Page(kernel).tree(cell)]


def run(path, **cells):
    """A kernel of its own for the notebook runs some cells."""
    with Kernel(notebook=path) as kernel:
        for key, text in cells.items():
            assert kernel.run(text, cell=key).status == "ok"


@pytest.fixture
def untitled(tmp_path, data_dir):
    """A saved notebook of two cells."""
    path = tmp_path / "Untitled.ipynb"
    write_notebook(path, one="1", two="2")
    return path


@pytest.fixture
def analysis(tmp_path):
    return tmp_path / "Analysis.ipynb"


def assert_apart(old, new):
    """The old name begins a new document, the new name has the whole history."""
    write_notebook(old, other="30 + 3")
    run(old, other="30 + 3")
    assert "30 + 3" in all_of(old) and "1 + 1" not in all_of(old)
    with Kernel(notebook=old) as kernel:
        assert cells_of(Page(kernel)) == {"other": False}
    with Kernel(notebook=new) as kernel:
        assert texts(kernel, "one")[:2] == ["1", "1 + 1"]
        assert cells_of(Page(kernel)) == {"one": False, "two": False}


# ---- renamed ----


def test_renamed_in_the_browser_and_the_name_used_again(untitled, analysis):
    with Kernel(notebook=untitled) as kernel:
        page = Page(kernel, path="Untitled.ipynb")
        kernel.run("1", cell="one")
        kernel.run("1 + 1", cell="one")
        untitled.rename(analysis)
        page.moved("Analysis.ipynb")
        assert "1 + 1" in all_of(analysis) and not has_history(untitled)
        write_notebook(untitled, other="30 + 3")
        with Kernel(notebook=untitled) as second:
            second.run("30 + 3", cell="other")
            assert cells_of(Page(second)) == {"other": False}
        kernel.run("1 + 1 + 1", cell="one")
        assert texts(kernel, "one") == ["1", "1 + 1", "1 + 1 + 1"]
        assert "1 + 1 + 1" in all_of(analysis) and "1 + 1" not in all_of(untitled)
        assert "1 + 1 + 1" in kernel.run("%fk tree").stdout
    assert_apart(untitled, analysis)


def test_a_new_notebook_is_empty_when_it_is_named(tmp_path, data_dir, analysis):
    """JupyterLab makes a file without cells and names it at the first save, which may come late."""
    untitled = tmp_path / "Untitled.ipynb"
    write_notebook(untitled)
    with Kernel(notebook=untitled) as kernel:
        page = Page(kernel, path="Untitled.ipynb")
        page.layout("one")
        kernel.run("1", cell="one")
        kernel.run("1 + 1", cell="one")
        untitled.rename(analysis)
        page.moved("Analysis.ipynb")
        write_notebook(untitled)
        with Kernel(notebook=untitled) as second:
            Page(second, path="Untitled.ipynb").layout("other")
            second.run("30 + 3", cell="other")
            assert cells_of(Page(second)) == {"other": False}
    assert "1 + 1" in all_of(analysis)


def test_the_name_of_a_notebook_that_was_never_saved_used_again(tmp_path, data_dir, analysis):
    """No kernel was there when it was renamed."""
    untitled = tmp_path / "Untitled.ipynb"
    write_notebook(untitled)
    run(untitled, one="1 + 1")
    untitled.rename(analysis)
    write_notebook(untitled)
    run(untitled, other="30 + 3")
    assert "1 + 1" not in all_of(untitled)
    assert "1 + 1" in all_of(analysis) and "30" not in all_of(analysis)


def test_renamed_before_the_kernel_is_restarted(untitled, analysis):
    """A server starts the next process with the path that the first one had."""
    run(untitled, one="1 + 1")
    untitled.rename(analysis)
    write_notebook(untitled, other="3")
    with Kernel(notebook=untitled) as kernel:
        Page(kernel, path="Analysis.ipynb")
        kernel.run("1 + 1 + 1", cell="one")
        assert texts(kernel, "one") == ["1", "1 + 1", "1 + 1 + 1"]
    assert "1 + 1 + 1" in all_of(analysis) and not has_history(untitled)


def test_moved_by_the_shell_while_the_kernel_runs(untitled, tmp_path):
    (tmp_path / "sub").mkdir()
    moved = tmp_path / "sub" / "Moved.ipynb"
    with Kernel(notebook=untitled) as kernel:
        page = Page(kernel)
        kernel.run("1", cell="one")
        kernel.run("1 + 1", cell="one")
        with Listener(kernel, page) as listener:
            untitled.rename(moved)
            assert listener.next(path=str(moved))
            write_notebook(untitled, other="3")
            write_notebook(moved, one="1 + 1", two="2 + 2")  # saved there
            listener.next(file=True)
        assert "2 + 2" in all_of(moved) and not has_history(untitled)
        kernel.run("1 + 2", cell="one")
    assert "1 + 2" in all_of(moved)
    assert_apart(untitled, moved)


def test_moved_where_the_system_tells_of_nothing(preload, untitled, tmp_path):
    """It has 128 inotify instances for all programs of a user; without one the kernel looks now and then."""
    moved = tmp_path / "Moved.ipynb"
    with Kernel(notebook=untitled, env=preload | {"NO_INOTIFY": "1"}) as kernel:
        page = Page(kernel)
        kernel.run("1 + 1", cell="one")
        with Listener(kernel, page) as listener:
            untitled.rename(moved)
            assert listener.next(path=str(moved))
            write_notebook(moved, one="1 + 1", two="2 + 2")
            listener.next(file=True)
        kernel.run("1 + 2", cell="one")
    assert "2 + 2" in all_of(moved) and "1 + 2" in all_of(moved)


def test_its_folder_is_moved_while_the_kernel_runs(tmp_path, data_dir):
    old, new = tmp_path / "a" / "b" / "n.ipynb", tmp_path / "z" / "b" / "n.ipynb"
    old.parent.mkdir(parents=True)
    write_notebook(old, one="1", two="2")
    with Kernel(notebook=old) as kernel:
        page = Page(kernel)
        kernel.run("1 + 1", cell="one")
        with Listener(kernel, page) as listener:
            (tmp_path / "a").rename(tmp_path / "z")
            listener.next(path=str(new))
        assert "1 + 1" in all_of(new) and not has_history(old)


def test_moved_while_no_kernel_runs(untitled, analysis):
    run(untitled, one="1")
    run(untitled, one="1 + 1")
    untitled.rename(analysis)
    assert "1 + 1" in all_of(analysis)  # the terminal sees it by itself
    assert not has_history(untitled)
    assert_apart(untitled, analysis)


def test_the_old_name_is_used_first(untitled, analysis):
    run(untitled, one="1")
    run(untitled, one="1 + 1")
    untitled.rename(analysis)
    assert_apart(untitled, analysis)


def test_only_the_case_changes(untitled):
    run(untitled, one="1 + 1")
    lower = untitled.with_name("untitled.ipynb")
    untitled.rename(lower)
    run(lower, one="1 + 2")
    assert "1 + 1" in all_of(lower) and not has_history(untitled)


@pytest.mark.parametrize("runs", [False, True])
def test_moved_to_another_file_system(untitled, runs):
    if os.stat("/dev/shm").st_dev == untitled.stat().st_dev:
        pytest.skip("it is the same one")
    run(untitled, one="1 + 1")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        moved = Path(folder) / "Moved.ipynb"
        if runs:
            with Kernel(notebook=untitled) as kernel:
                kernel.run("1 + 2", cell="one")
                shutil.move(untitled, moved)
                kernel.run("1 + 3", cell="one")
                assert "1 + 3" in all_of(moved)
        else:
            shutil.move(untitled, moved)
        run(moved, one="1 + 4")
        assert "1 + 1" in all_of(moved) and "1 + 4" in all_of(moved) and not has_history(untitled)


@pytest.mark.parametrize("runs", [False, True])
def test_two_notebooks_swap_their_names(tmp_path, data_dir, runs):
    paths = [tmp_path / "a.ipynb", tmp_path / "b.ipynb"]
    write_notebook(paths[0], one="1", two="2")
    write_notebook(paths[1], three="3", four="4")

    def swap():
        paths[0].rename(tmp_path / "tmp.ipynb")
        paths[1].rename(paths[0])
        (tmp_path / "tmp.ipynb").rename(paths[1])

    if runs:
        with Kernel(notebook=paths[0]) as first, Kernel(notebook=paths[1]) as second:
            pages = [Page(first), Page(second)]
            first.run("1 + 1", cell="one")
            second.run("3 + 3", cell="three")
            with Listener(first, pages[0]) as one, Listener(second, pages[1]) as two:
                swap()
                one.next(path=str(paths[1]))
                two.next(path=str(paths[0]))
            first.run("1 + 2", cell="one")
            second.run("3 + 4", cell="three")
    else:
        run(paths[0], one="1 + 1")
        run(paths[1], three="3 + 3")
        swap()
        run(paths[1], one="1 + 2")
        run(paths[0], three="3 + 4")
    assert "1 + 1" in all_of(paths[1]) and "1 + 2" in all_of(paths[1]) and "3 +" not in all_of(paths[1])
    assert "3 + 3" in all_of(paths[0]) and "3 + 4" in all_of(paths[0]) and "1 +" not in all_of(paths[0])


def test_an_old_copy_is_opened(untitled, analysis):
    """Most of the cells that both had have gone from the original since."""
    with Kernel(notebook=untitled) as kernel:
        page = Page(kernel)
        kernel.run("1 + 1", cell="one")
        shutil.copy(untitled, analysis)
        with Listener(kernel, page) as listener:
            write_notebook(untitled, one="1 + 1", two="2", three="3", four="4")
            listener.next(file=True)
            write_notebook(untitled, three="3", four="4")
            listener.next(file=True)
        kernel.run("3 + 3", cell="three")
        run(analysis, one="1 + 9")
        kernel.run("3 + 4", cell="three")
    assert all(text in all_of(untitled) for text in ("1 + 1", "3 + 3", "3 + 4")) and "1 + 9" not in all_of(untitled)
    assert "1 + 9" in all_of(analysis) and "3 +" not in all_of(analysis)


@pytest.mark.parametrize("pause", [0.1, 0.6])
def test_two_notebooks_swap_their_names_and_a_program_writes_one(tmp_path, data_dir, pause):
    """A new file is there before the kernel has looked; a copy of it that is opened next is no more than a copy."""
    first, second, copy = (tmp_path / f"{name}.ipynb" for name in ("a", "b", "copy"))
    write_notebook(first, one="1", two="2")
    write_notebook(second, three="3", four="4")
    with Kernel(notebook=first) as kernel, Kernel(notebook=second) as other:
        pages = [Page(kernel), Page(other)]
        kernel.run("1 + 1", cell="one")
        with Listener(kernel, pages[0]) as listener:
            first.rename(tmp_path / "tmp.ipynb")
            second.rename(first)
            (tmp_path / "tmp.ipynb").rename(second)
            time.sleep(pause)
            replace_notebook(second, one="1 + 1 + 1", two="2")
            listener.next(path=str(second))
            listener.next(file=True)
        shutil.copy(second, copy)
        run(copy, one="1 + 5")
        kernel.run("1 + 2", cell="one")
    assert all(text in all_of(second) for text in ("1 + 1", "1 + 1 + 1", "1 + 2")) and "1 + 5" not in all_of(second)
    assert "1 + 5" in all_of(copy) and "1 + 2" not in all_of(copy)


def test_a_notebook_swaps_its_name_with_a_copy_that_was_never_opened(untitled, analysis, tmp_path):
    run(untitled, one="1 + 1")
    shutil.copy(untitled, analysis)
    untitled.rename(tmp_path / "tmp.ipynb")
    analysis.rename(untitled)
    (tmp_path / "tmp.ipynb").rename(analysis)
    run(analysis, one="1 + 2")
    assert "1 + 1" in all_of(analysis) and "1 + 2" in all_of(analysis)
    run(untitled, one="1 + 3")
    assert "1 + 3" in all_of(untitled) and "1 + 3" not in all_of(analysis)


def test_a_notebook_whose_kernel_runs_swaps_its_name_with_a_copy(untitled, analysis, tmp_path):
    with Kernel(notebook=untitled) as kernel:
        page = Page(kernel, path="Untitled.ipynb")
        kernel.run("1 + 1", cell="one")
        page.close()
        shutil.copy(untitled, analysis)
        untitled.rename(tmp_path / "tmp.ipynb")
        analysis.rename(untitled)
        with Listener(kernel, Page(kernel)) as listener:
            (tmp_path / "tmp.ipynb").rename(analysis)
            listener.next(path=str(analysis))
        kernel.run("1 + 2", cell="one")
    assert "1 + 1" in all_of(analysis) and "1 + 2" in all_of(analysis) and not has_history(untitled)


@pytest.mark.parametrize("how", ["swapped", "moved over it"])
def test_a_notebook_and_its_copy(untitled, analysis, tmp_path, how):
    """They have the same cells: the file tells which is which."""
    run(untitled, one="1 + 1")
    shutil.copy(untitled, analysis)
    run(analysis, one="1 + 1 + 1")
    if how == "swapped":
        untitled.rename(tmp_path / "tmp.ipynb")
        analysis.rename(untitled)
        (tmp_path / "tmp.ipynb").rename(analysis)
        run(analysis, one="1 + 2")
    else:
        analysis.rename(untitled)
    run(untitled, one="1 + 1 + 2")
    assert "1 + 1 + 1" in all_of(untitled) and "1 + 1 + 2" in all_of(untitled) and "1 + 2" not in all_of(untitled).replace("1 + 1 + 2", "")
    if how == "swapped":
        assert "1 + 2" in all_of(analysis) and "1 + 1 + 1" not in all_of(analysis)


def test_the_server_gives_the_kernel_to_the_name(tmp_path, data_dir):
    """It knows kernels by the paths of their notebooks, and nobody has told it that these have swapped theirs."""
    paths = [tmp_path / "a.ipynb", tmp_path / "b.ipynb"]
    write_notebook(paths[0], one="1", two="2")
    write_notebook(paths[1], three="3", four="4")
    with Kernel(notebook=paths[0]) as first, Kernel(notebook=paths[1]) as second:
        pages = [Page(first, path="a.ipynb"), Page(second, path="b.ipynb")]
        first.run("1 + 1", cell="one")
        second.run("3 + 3", cell="three")
        for page in pages:
            page.close()
        paths[0].rename(tmp_path / "tmp.ipynb")
        paths[1].rename(paths[0])
        (tmp_path / "tmp.ipynb").rename(paths[1])
        Page(second, path="b.ipynb").type("one", "1 + 2")
        Page(first, path="a.ipynb").type("three", "3 + 4")
        second.run("1 + 2 + 1", cell="one")
    assert all(text in all_of(paths[1]) for text in ("1 + 1", "1 + 2", "1 + 2 + 1")) and "3 +" not in all_of(paths[1])
    assert all(text in all_of(paths[0]) for text in ("3 + 3", "3 + 4")) and "1 +" not in all_of(paths[0])


@pytest.mark.parametrize("says_goodbye", [True, False])
def test_the_server_gives_the_kernel_to_a_new_notebook(untitled, analysis, says_goodbye):
    with Kernel(notebook=untitled) as kernel:
        page = Page(kernel, path="Untitled.ipynb")
        kernel.run("1 + 1", cell="one")
        if says_goodbye:
            page.close()
        untitled.rename(analysis)
        write_notebook(untitled, other="30")
        page = Page(kernel, path="Untitled.ipynb")
        page.type("other", "30 + 3")
        assert cells_of(page) == {"other": False}
    assert "30 + 3" in all_of(untitled) and "1 + 1" not in all_of(untitled)
    assert "1 + 1" in all_of(analysis) and "30" not in all_of(analysis)


# ---- copied ----


def test_saved_as_another_notebook(untitled, analysis):
    with Kernel(notebook=untitled) as kernel:
        page = Page(kernel, path="Untitled.ipynb")
        kernel.run("1", cell="one")
        kernel.run("1 + 1", cell="one")
        write_notebook(analysis, one="1 + 1", two="2")
        page.moved("Analysis.ipynb")
        kernel.run("1 + 1 + 1", cell="one")
        assert texts(kernel, "one") == ["1 + 1", "1 + 1 + 1"]  # a branch of the original
    assert "1 + 1 + 1" not in all_of(untitled)
    with Kernel(notebook=untitled) as kernel:
        assert texts(kernel, "one") == ["1", "1 + 1"]


def test_saved_as_another_notebook_while_a_cell_runs(untitled, analysis):
    with Kernel(notebook=untitled) as kernel:
        page = Page(kernel, path="Untitled.ipynb")
        running = kernel.execute("1 + 1; for (;;);", cell="one")
        kernel.iopub_until(running, lambda message: message["msg_type"] == "execute_input")
        write_notebook(analysis, one="1 + 1; for (;;);", two="2")
        page.moved("Analysis.ipynb")
        assert page.fine("cells")
        kernel.ask("interrupt_request", channel="control")
        kernel.finish(running)
        kernel.run("1 + 1 + 1", cell="one")
    assert "1 + 1 + 1" in all_of(analysis) and "1 + 1 + 1" not in all_of(untitled)
    assert "for" in all_of(untitled)


def test_saved_over_another_notebook(untitled, analysis):
    write_notebook(analysis, old="10 + 1")
    run(analysis, old="10 + 1")
    with Kernel(notebook=untitled) as kernel:
        page = Page(kernel, path="Untitled.ipynb")
        kernel.run("1 + 1", cell="one")
        write_notebook(analysis, one="1 + 1", two="2")
        page.moved("Analysis.ipynb")
        kernel.run("1 + 1 + 1", cell="one")
        assert set(cells_of(page)) == {"one", "two"}
        # what was there is kept as a notebook without a file
        gone = page.fine("gone")["gone"]
        assert [notebook["name"] for notebook in gone] == ["Analysis.ipynb"] and gone[0]["runs"] == 1
        made = page.fine("notebook", format="nbformat", document=gone[0]["document"])["notebook"]
        assert [cell["source"] for cell in made["cells"]] == ["10 + 1"]


def test_uploaded_again(untitled, analysis):
    run(untitled, one="1 + 1")
    shutil.copy(untitled, analysis)
    run(analysis, one="1 + 2")
    assert "1 + 2" not in all_of(untitled) and "1 + 1" in all_of(untitled)


# ---- replaced ----


def test_a_program_writes_a_new_file(untitled):
    with Kernel(notebook=untitled) as kernel:
        page = Page(kernel)
        kernel.run("1 + 1", cell="one")
        with Listener(kernel, page) as listener:
            for text in ("2 + 1", "2 + 2"):
                replace_notebook(untitled, one="1 + 1", two=text)
                listener.next(file=True)
            # and as editors do that keep a backup
            untitled.rename(untitled.with_name("Untitled.ipynb~"))
            write_notebook(untitled, one="1 + 1", two="2 + 3")
            listener.next(file=True)
            moved = untitled.with_name("later.ipynb")
            untitled.rename(moved)
            listener.next(path=str(moved))
    replace_notebook(moved, one="1 + 1", two="2 + 4")
    run(moved, two="2 + 4")
    assert all(f"2 + {number}" in all_of(moved) for number in (1, 2, 3, 4))


def test_another_notebook_comes_to_the_path_while_the_kernel_runs(untitled):
    with Kernel(notebook=untitled) as kernel:
        page = Page(kernel)
        kernel.run("1 + 1", cell="one")
        untitled.unlink()
        write_notebook(untitled, other="30 + 3")
        with Kernel(notebook=untitled) as second:
            second.run("30 + 3", cell="other")
        kernel.run("1 + 2", cell="one")
        assert set(cells_of(page)) == {"one", "two"}
    assert "30 + 3" in all_of(untitled) and "1 + 1" not in all_of(untitled)


def test_thrown_away(untitled, tmp_path):
    trash = tmp_path / "share" / "Trash" / "files"
    trash.mkdir(parents=True)
    with Kernel(notebook=untitled) as kernel:
        page = Page(kernel)
        kernel.run("1 + 1", cell="one")
        untitled.rename(trash / "Untitled.ipynb")
        deadline = time.monotonic() + TIMEOUT
        while not (gone := page.fine("gone")["gone"]):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert "1 + 1" in all_of(untitled)
        assert gone[0]["path"] == str(untitled) and gone[0]["document"] == page.fine("gone")["document"]
        kernel.run("1 + 2", cell="one")
        assert texts(kernel, "one")[-1] == "1 + 2"
        with Listener(kernel, page) as listener:
            (trash / "Untitled.ipynb").rename(untitled)
            listener.next(file=True)
        assert page.fine("gone")["gone"] == [] and "1 + 2" in all_of(untitled)


def test_thrown_away_and_saved_again(untitled, tmp_path):
    trash = tmp_path / "share" / "Trash" / "files"
    trash.mkdir(parents=True)
    with Kernel(notebook=untitled) as kernel:
        page = Page(kernel)
        kernel.run("1 + 1", cell="one")
        untitled.rename(trash / "Untitled.ipynb")
        with Listener(kernel, page) as listener:
            write_notebook(untitled, one="1 + 1", two="written by another program")
            listener.next(file=True)
        assert texts(kernel, "two")[-1] == "written by another program"
    assert "written by another program" in all_of(untitled)
