"""What the terminal shows can be typed: names of cells, versions, runs and times; sessions without a notebook."""

import contextlib
import fcntl
import os
import pty
import re
import sqlite3
import struct
import subprocess
import sys
import termios

import nbformat
import pytest
from client import FORKERNEL, KERNEL, TIMEOUT, Kernel, forkernel, plain, show, tree
from comm_page import Page
from nbclient import NotebookClient

GROWTH = "#include <math.h>\n#include <stdio.h>\n\n// per year\ndouble growth(double t) {\n    return exp(0.3 * t);\n}"


def code(source, cell):
    return nbformat.v4.new_code_cell(source, id=cell)


def markdown(source, cell):
    return nbformat.v4.new_markdown_cell(source, id=cell)


def write(path, *cells):
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    notebook.metadata.kernelspec = {"name": KERNEL, "display_name": "C", "language": "c"}
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def analysis(notebook):
    """A saved notebook with headings, run by a kernel that is still there."""
    cells = [
        markdown("# Population\n\nA model.", "8f2e0001-m"), code(GROWTH, "8f2e0002-g"),
        markdown("## Plots", "8f2e0003-m"), code("growth(3)", "8f2e0004-a"), code("growth(4)", "8f2e0005-b"),
    ]
    write(notebook, *cells)
    with Kernel(notebook=notebook) as kernel:
        for cell in cells:
            if cell.cell_type == "code":
                assert kernel.run(cell.source, cell=cell.id).status == "ok"
        kernel.run(GROWTH.replace("0.3", "0.5"), cell="8f2e0002-g")
        yield kernel


def timeless(text):
    """A moment later it reads another one."""
    return re.sub(r"just now|\d+ (second|minute)s? ago", "then", text).rstrip()


def fails(*arguments):
    done = forkernel(*arguments, check=False)
    assert done.returncode != 0, done.stdout
    return done.stderr


# ---- names ----


def test_the_tree_names_cells_under_their_headings(analysis, notebook):
    headings = [line for line in tree(notebook).splitlines() if re.match(r"c\d", line)]
    assert headings == [
        "c1 Population  markdown, 1 version",
        "c2 Population  2 versions, 2 runs",
        "c3 Plots  markdown, under Population, 1 version",
        "c4 growth(3)  under Plots, 1 version, 1 run",
        "c5 growth(4)  under Plots, 1 version, 1 run",
    ]
    assert "8f2e" not in tree(notebook)


def test_what_a_heading_prints_is_taken(analysis, notebook):
    wanted = timeless(tree(notebook).split("\n\n")[3])
    for typed in (["c4"], ["growth(3)"], ["c4", "growth(3)"], ["cell", "c4"], ["cell", "4"], ["8f2e0004-a"], ["8f2e0004"], ["[2]"], ["run", "2"]):
        assert timeless(forkernel("tree", notebook, *typed).stdout) == wanted, typed
    assert wanted.splitlines()[0] in analysis.run("%fk tree growth(3)").text
    assert "growth(double t)" in show(notebook, "c2")
    assert "0.5" in forkernel("restore", notebook, "c2", "--print").stdout


def test_what_several_cells_are_called(analysis, notebook):
    said = fails("tree", notebook, "growth")
    assert "\n  c2 Population\n  c4 growth(3)\n  c5 growth(4)" in said and "usage" not in said
    assert "type the number of one" in analysis.run("%fk show growth").text


def test_versions_and_runs_as_they_are_shown(analysis, notebook):
    number = re.search(r"(\d+)  [^\n]*0\.5", tree(notebook)).group(1)
    forkernel("label", notebook, "version", number, "fast", "growth")
    texts = {
        timeless(forkernel("show", notebook, *typed).stdout)
        for typed in ([number], [f"v{number}"], [f"#{number}"], ["version", number], ["run", "4"], ["r4"], ["[4]"], ["Fast", "growth"])
    }
    assert len(texts) == 1 and "0.5" in texts.pop()
    beside = {timeless(forkernel("diff", notebook, *words.split()).stdout) for words in ("1 4", "r1 r4", "run 1 run 4", f"[1] v{number}")}
    assert len(beside) == 1 and "0.5" in beside.pop()
    forkernel("pin", notebook, "run", "4")
    assert "pinned" in show(notebook, number)
    assert "is labelled: x y" in forkernel("label", notebook, "c4", "x", "y").stdout


def test_the_log_has_times_cells_and_texts(analysis, notebook):
    lines = forkernel("log", notebook).stdout.splitlines()
    assert all(re.match(r"(today|yesterday) \d\d:\d\d:\d\d +c\d ", line) for line in lines), lines
    assert re.search(r"c2 Population +v\d+ +ok \[4\] +\+ return exp\(0\.5 \* t\);", lines[-1]), lines[-1]
    assert "#include" not in "\n".join(lines) and "8f2e" not in "\n".join(lines)


def test_deleted_cells_and_states_by_their_telling_lines(kernel, notebook):
    kernel.run(GROWTH, cell="8f2e0002-g")
    Page(kernel).edits({"kind": "delete", "cell": "8f2e0002-g"})
    for text in (forkernel("deleted", notebook).stdout, forkernel("states", notebook).stdout, kernel.run("%fk deleted").text):
        assert "double growth(double t) {" in text and "#include" not in text and "8f2e" not in text


def test_a_version_after_a_blank_one_reads_as_its_telling_line(kernel, notebook):
    page = Page(kernel)
    page.type("a", "")
    page.type("a", GROWTH, cause="paste")
    rows = tree(notebook)
    assert "double growth(double t) {" in rows and "(blank)" in rows and "another order" not in rows


def in_a_window_of(columns, *arguments):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with open(master, "rb", buffering=0) as window:
        done = subprocess.Popen([FORKERNEL, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave)
        os.close(slave)
        seen = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while piece := window.read(65536):
                seen += piece
        assert done.wait(TIMEOUT) == 0
    return plain(seen.decode())


def test_rows_fit_into_the_window(kernel, notebook):
    kernel.run("1", cell="a")
    kernel.run(" + ".join(map(str, range(60))), cell="a")
    for verb in ("log", "tree"):
        narrow, wide = (max(map(len, in_a_window_of(columns, verb, notebook).splitlines())) for columns in (80, 200))
        assert narrow <= 80 < wide < 130, verb


# ---- commands in messages ----


def test_messages_name_commands_as_they_are_typed(analysis, notebook):
    for words in (["show", "nothing"], ["show", "r99"], ["show", "[99]"], ["diff", "1", "99"], ["notebook", "--path", "99"],
                  ["show"], ["restore"], ["log", "x"], ["deleted", "x"]):
        said = fails(words[0], notebook, *words[1:])
        assert f"forkernel {words[0]}" in said or "forkernel tree" in said or "forkernel states" in said or "forkernel show" in said
        assert "%fk" not in said, said
        run = analysis.run("%fk " + " ".join(words))
        assert run.status == "error" and "%fk " in run.error["evalue"] and "forkernel " not in run.error["evalue"], run


def test_help_fits_into_eighty_columns(kernel, data_dir):
    for text in (forkernel("--help").stdout, forkernel("help").stdout, kernel.run("%fk help").stdout.replace(str(data_dir), "")):
        assert max(map(len, text.splitlines())) < 80, text
        starts = {len(m.group()) for m in re.finditer(r"^  (?:forkernel|%fk) \S+ {2,}(?=\S)|^ {20,}(?=\S)", text, re.M)}
        assert len(starts) == 1, text
    assert forkernel("help", "log").stdout == forkernel("log", "--help").stdout


# ---- times ----


def test_times_as_people_write_them(kernel, notebook, tmp_path):
    kernel.run("1 + 1", cell="a")
    shown = re.match(r"(today|yesterday) [\d:]+", forkernel("log", notebook).stdout).group()
    for n, when in enumerate((shown, shown.split()[-1], "now", "today", "just now")):
        made = tmp_path / f"{n}.ipynb"
        forkernel("notebook", notebook, *when.split(), "--output", made)
        assert "1 + 1" in made.read_text(), when
    for when in ("5 minutes ago", "2 hours ago", "yesterday", "3.5.2025 14:00", "May 3 2025 14:00", "2025-05-03T14:00:00Z", "monday 0:01"):
        assert "no cells then" in fails("notebook", notebook, *when.split(), "--output", tmp_path / "x.ipynb"), when
    said = fails("notebook", notebook, "at", "teatime")
    assert "'at teatime' is no time" in said and "5 minutes ago" in said and "3.5. 14:00" in said


# ---- sessions without a notebook ----


def listed():
    return re.findall(r"@(\d+)  (.*)", forkernel("log").stdout)


def test_nbclient_without_a_path(data_dir, tmp_path, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    notebook = nbformat.v4.new_notebook(cells=[code(GROWTH, "a"), code('puts("printed");', "b"), code("int x = ;", "c")])
    NotebookClient(notebook, kernel_name=KERNEL, timeout=TIMEOUT, allow_errors=True).execute()
    ((session, line),) = listed()
    assert line == "double growth(double t) {"
    assert re.search(r"3 runs, 1 error, 2 outputs +@", forkernel("log").stdout)
    name = f"@{session}"
    assert "3 runs" in forkernel("tree").stdout
    assert "puts(" in tree(name) and "ok [2]" in forkernel("log", name).stdout
    assert show(name, "[2]").rstrip().endswith("printed")
    assert timeless(show(f"session:{session}", "[2]")) == timeless(show(name, "[2]"))
    assert forkernel("restore", name, "r2", "--print").stdout == 'puts("printed");\n'
    assert "int x = ;" in forkernel("diff", name, "r2", "r3").stdout
    made = tmp_path / "back.ipynb"
    forkernel("notebook", name, "--output", made)
    assert [cell.source for cell in nbformat.read(made, as_version=4).cells] == [cell.source for cell in notebook.cells]
    monkeypatch.chdir(tmp_path)
    assert f"session-{session}-" in forkernel("notebook", name).stdout
    assert f"forkernel tree {name} all" in fails("show", name, "nothing")
    assert "no session 999" in fails("tree", "@999")


@pytest.mark.parametrize("program", ["execute", "papermill"])
def test_programs_that_run_notebooks(data_dir, tmp_path, program):
    path = write(tmp_path / "report.ipynb", code('#include <stdio.h>\nputs("by a program");', "a"), code("6 * 7", "b"))
    env = {name: value for name, value in os.environ.items() if name != "JPY_SESSION_NAME"}
    command = [sys.executable, "-m"]
    command += ["papermill", "report.ipynb", "out.ipynb"] if program == "papermill" else ["jupyter", "execute", "report.ipynb"]
    done = subprocess.run(command, cwd=path.parent, env=env, capture_output=True, text=True, timeout=3 * TIMEOUT)
    assert done.returncode == 0, done.stderr
    ((session, _),) = listed()
    assert "by a program" in show(f"@{session}", "[1]") and "\n42" in show(f"@{session}", "[2]")
    assert forkernel("log", f"@{session}").stdout.count("ok [") == 2


def test_the_list_is_by_time_newest_last(notebook, data_dir):
    with Kernel(notebook=notebook) as kernel:
        kernel.run("1 + 1", cell="a")
        with Kernel() as console:
            console.run("2 + 2")
            console.run("3 + 3")
        first = forkernel("log").stdout.splitlines()
        kernel.run("4 + 4", cell="a")
    second = forkernel("log").stdout.splitlines()
    assert "(the file is gone)" in second[1]  # there never was one
    assert ["@" in line for line in first] == [False, True]
    assert "2 runs, 2 outputs" in first[1] and first[1].endswith("2 + 2")
    assert "@" in second[0] and str(notebook) in second[1] and "2 runs" in second[1]


def test_a_session_stands_below_the_notebook_whose_cells_it_ran(notebook, data_dir):
    with Kernel(notebook=notebook) as kernel:
        kernel.run("1 + 1", cell="a")
    with Kernel() as console:
        console.run("1 + 1")
    other = notebook.with_name("other.ipynb")
    with Kernel(notebook=other) as kernel:
        kernel.run("2 + 2", cell="a")
    with sqlite3.connect(data_dir / "history.sqlite3") as store:
        store.execute("UPDATE documents SET origin_id = (SELECT id FROM documents WHERE path = ?) WHERE path IS NULL", [str(notebook)])
    lines = forkernel("log").stdout.splitlines()
    assert str(notebook) in lines[0] and "    @2  1 + 1" in lines[1] and str(other) in lines[2]
    assert "Its cells were also run without it: @2, " in forkernel("log", notebook).stdout
    assert "also run without it" not in forkernel("log", other).stdout


def test_nothing_is_recorded_yet(notebook, kernel):
    kernel.run("%fk settings text_limit 3K")
    done = forkernel("log")
    assert not done.stdout and "nothing has been recorded" in done.stderr
    assert "which notebook?" in fails("show") and "forkernel log" in fails("show")
