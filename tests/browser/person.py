"""A model of a person: works at random in two pages on notebooks of its own, remembers everything that was ever there, and
asks after each step whether it still is.

    (a) every text and every output that ever was can be had back
    (b) what is called "in the cell" is in the cell
    (c) what is shown with a version belongs to it

What it does hangs on its seed alone: the action of each step, and all that the action chooses, come from the seed and the number
of the step. So a seed is a replay, and so is a seed with some of its steps.
"""

import json
import os
import random
import re
import time
from urllib.parse import quote

import nbformat
from history import ask, texts
from person_actions import Actions
from person_memory import Document, Record, shown
from person_page import PersonPage

# How often each thing is done. BEHIND is about pages that are behind the history: what they show must be its record; OUTSIDE about
# files that change their names without the front end.
WORK = {
    "type": 12, "change": 6, "undo": 5, "redo": 2, "run": 10, "run_all": 1, "run_and_go_on": 1, "save": 4, "open": 2, "close": 1,
    "reload": 1, "new": 1, "rename": 2, "rename_in_files": 1, "copy": 1, "revert": 1, "revert_to_checkpoint": 1, "merge": 2,
    "split": 2, "clear": 2, "clear_all": 1, "replace_all": 1, "delete": 2, "undo_in_notebook": 1, "paste": 1, "move": 1,
    "restart": 1, "write_file": 1, "flip": 8, "restore": 4,
}
BEHIND = {
    "type": 4, "change": 8, "undo": 2, "run": 12, "run_and_go_on": 6, "save": 4, "open": 3, "close": 1, "reload": 3, "revert": 3,
    "revert_to_checkpoint": 2, "clear": 4, "clear_all": 1, "restart": 2, "write_file": 3, "flip": 20, "restore": 10,
}
OUTSIDE = WORK | {
    "move_in_terminal": 3, "copy_in_terminal": 2, "swap_names": 3, "upload": 2, "change_type": 3, "open": 8,
}
# Where the work began to be lost: what is on the page is saved first.
LEAVING = ("reload", "close", "revert", "revert_to_checkpoint", "write_file")

BEGINNINGS = {
    "sum": "{n} + 1",
    "print": '#include <stdio.h>\nprintf("w{n}\\n");',
    "time": "#include <stdio.h>\n#include <time.h>\n"
            '{{ struct timespec t; clock_gettime(CLOCK_REALTIME, &t); printf("w{n} %ld\\n", t.tv_nsec); }}',
    "picture": "#include <forkernel.h>\n#include <stdio.h>\n#include <time.h>\n"
               "{{ struct timespec t; clock_gettime(CLOCK_REALTIME, &t); char s[200];\n"
               "snprintf(s, 200, \"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'><circle r='%ld.{n}'/></svg>\", "
               "t.tv_nsec % 40);\nfk_svg(s); }}",
    "slow": "#include <stdio.h>\n#include <time.h>\n#include <unistd.h>\n"
            "for (int i = 0; i < 8; i++) {{ struct timespec t; clock_gettime(CLOCK_REALTIME, &t);\n"
            'printf("w{n} %ld\\n", t.tv_nsec); fflush(stdout); usleep(80000); }}',
    "error": "int bad{n} = nothing{n};",
}
# JupyterLab's own: what was to be done in the next frame when its notebook was closed.
NOISE = re.compile(r"RangeError[^\0]*ColorPalette|/lsp/status|reading '(promise|observe)'[^\0]*jlab_core")
PATIENCE = 10  # seconds until what was told has to be in the store


class Lost(AssertionError):
    """The promise was not kept."""


class Person(Actions):
    def __init__(self, lab, pages, seed, weights=WORK, careful=False, apart=False, without=(), samples=True):
        self.lab, self.pages, self.seed, self.samples = lab, pages, seed, samples
        self.careful, self.apart = careful, apart  # saves before leaving; no notebook in two pages
        self.weights = {name: weight for name, weight in weights.items() if name not in without}
        self.trace, self.documents = [], []
        self.record = None
        self.folder = f"p{os.urandom(4).hex()}"
        self.clicks = 0
        self.before = [{} for _ in pages]  # what each page showed after the last step
        self.called = set()
        (lab["root"] / self.folder).mkdir()

    # ---- a story ----

    def live(self, steps=None, seconds=None, only=None):
        """Until so many steps or seconds are over; `only`: these steps of it."""
        begun, step = time.monotonic(), -1
        try:
            self.begin()
            numbers = iter(only) if only is not None else iter(range(1 << 40))
            for step in numbers:
                if (steps is not None and step >= steps) or (seconds is not None and time.monotonic() - begun >= seconds):
                    break
                self.step(step)
            self.ask_everything()
        except Exception as error:
            raise Lost(self.story(step, error)) from error
        finally:
            self.end()
        return len(self.trace)

    def story(self, step, error):
        lines = [f"seed {self.seed}, step {step}: {error}", f"what the person did (only={self.numbers()}):"]
        return "\n".join(lines + [f"  {number:4} {words}" for number, words in self.trace])

    def numbers(self):
        return [number for number, _ in self.trace if number >= 0]

    def begin(self):
        self.random = random.Random(f"{self.seed} begin")
        for page in self.pages:
            page.answer = self.answer
            for path in page.sees():
                page.close(path)
        for number, name in enumerate(("a", "b")):
            self.write_notebook(f"{self.folder}/{name}.ipynb", self.random.sample(sorted(BEGINNINGS), 3))
            self.documents.append(Document(f"{self.folder}/{name}.ipynb"))
            self.pages[number].open(self.documents[-1].path)
        self.look()

    def end(self):
        for page in self.pages:
            page.page.evaluate("() => window.person.panels().forEach(panel => panel.dispose())")
        self.pages[0].page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")

    def write_notebook(self, path, kinds):
        made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
        for kind in kinds:
            self.clicks += 1
            text = BEGINNINGS[kind].format(n=self.clicks)
            made.cells.append(nbformat.v4.new_code_cell(text, id=f"{self.folder}-{self.clicks}"))
        nbformat.write(made, self.file(path))

    def step(self, number):
        self.random = random.Random(f"{self.seed} {number}")
        (name,) = self.random.choices(list(self.weights), list(self.weights.values()))
        self.trace.append((number, name))
        try:
            if self.careful and name in LEAVING:
                self.save_all()
            done = getattr(self, f"do_{name}")()
        except Lost:
            raise
        except Exception as error:
            raise AssertionError(f"cannot {name}: {error}") from error
        if done is None:
            self.trace.pop()
            return
        self.trace[-1] = (number, f"{name} {done}".rstrip())
        self.look()
        self.ask_step()

    # ---- choosing ----

    def sees(self, page):
        """The notebooks of this story that are open there: JupyterLab opens those of the one before late, after a reload."""
        return {path: cells for path, cells in page.sees().items() if path.startswith(self.folder)}

    def open_notebooks(self):
        return [(page, path) for page in self.pages for path in sorted(self.sees(page))]

    def choose(self, wanted=lambda cell: True):
        """A page, a notebook that is open there and one of its cells; or None."""
        found = [
            (page, path, cell)
            for page in self.pages
            for path, cells in sorted(self.sees(page).items())
            for cell in cells
            if wanted(cell)
        ]
        return self.random.choice(found) if found else None

    def choose_notebook(self):
        return self.random.choice(self.open_notebooks() or [None])

    def place(self, page, path, cell=None):
        index = "" if cell is None else f" cell {[one['id'] for one in self.sees(page)[path]].index(cell['id']) + 1}"
        return f"in page {self.pages.index(page) + 1}, {path.split('/')[-1]}{index}"

    def document(self, path):
        return next((one for one in self.documents if one.path == path), None)

    def file(self, path):
        return self.lab["root"] / path

    def free_name(self):
        self.clicks += 1
        return f"n{self.clicks}.ipynb"

    def word(self):
        self.clicks += 1
        return f"w{self.clicks}"

    def answer(self, title, buttons):
        """Which button of a dialog to press, and what to write."""
        if title.startswith("Rename") or any("Rename" in button for button in buttons):
            button = next(one for one in buttons if "Rename" in one or one == "OK")
            name = self.free_name()
            self.named = name
            return button, name
        button = "Select" if "Select" in buttons else self.random.choice(buttons)  # a kernel, and ours
        number, words = self.trace[-1]
        self.trace[-1] = (number, f"{words} ({title}: {button})")
        return button, None

    # ---- what is there ----

    def rows(self, page, path, cell):
        """What the panel has of a cell: (version, whether it says that it is in the cell)."""
        page.do("(path, id) => window.person.use(path, id).then(() => undefined)", path, cell)
        page.do("() => window.jupyterapp.commands.execute('forkernel:show-history', {tab: 'cell'})")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:  # what the page has told may not be in the store yet
            known = {number for number, (key, _) in self.versions(path).items() if key == cell}
            if not known:
                return []
            rows = page.page.evaluate(
                "() => [...document.querySelectorAll('.fk-Row')].map(row => "
                "[Number(row.dataset.version), row.classList.contains('fk-mod-head')])"
            )
            if rows and known.issuperset(version for version, _ in rows):
                return rows
            time.sleep(0.05)
        raise AssertionError(f"the panel shows {rows}, and not what it has of {cell}: {known}")

    def cell(self, page, path, cell):
        return next((one for one in self.sees(page).get(path, []) if one["id"] == cell), None)

    def versions(self, path):
        document = self.store().document(self.file(path).resolve())
        return self.record.versions(document) if document else {}

    def ask_belongs(self, page, path, cell_id):
        """(c), of a cell into which something was just put."""
        page.page.evaluate("() => new Promise(resolve => requestAnimationFrame(() => resolve()))")
        cell = self.cell(page, path, cell_id)
        line = page.page.evaluate(
            "([path, id]) => window.person.widgetOf(path, id).node.querySelector('.fk-OldOutputs')?.textContent ?? ''", [path, cell_id]
        )
        document = self.store().document(self.file(path).resolve())
        versions, cells = self.record.versions(document), self.record.cells(document)
        runs = [run for run in self.record.runs(document) if versions[run.version][0] == cell_id]
        if any(run.parts is None for run in runs):
            return  # it lasts
        head, parts = cells[cell_id][1], shown(cell["outputs"])
        of_text = [run for run in runs if versions[run.version][1] == cell["source"]]
        if line:
            count = int(re.search(r"run \[(\d+)\]", line).group(1))
            right = [run for run in of_text if run.count == count]
            kept = any(run.parts == parts for run in right)
            claim = f"the line says {line!r}"
        else:
            right = [run for run in of_text if run.version == head][-1:]
            kept = parts == (right[0].parts if right else [])
            claim = "no line is there, so they should be those of the last run"
        if not kept:
            raise Lost(
                f"(c) the outputs of {cell_id} are not of its text {cell['source']!r} (v{head}): {claim}\n"
                f"  shown: {parts}\n  right: {[(run.id, run.count, run.parts) for run in right]}\n"
                f"  they are those of runs {[(run.id, run.count, run.version) for run in runs if run.parts == parts]}"
            )

    # ---- remembering ----

    def remember(self, page):
        """What the page shows is something that was there."""
        for path, cells in self.sees(page).items():
            document = self.document(path)
            if document is None:
                raise AssertionError(f"the page has {path}, which the person does not know")
            for cell in cells:
                document.cells.add(cell["id"])
                if cell["source"]:
                    document.texts.add((cell["id"], cell["source"]))

    def look(self):
        for page in self.pages:
            page.tell()
            self.remember(page)
            errors = [error for error in page.errors if not NOISE.search(error)]
            page.errors.clear()
            if errors:
                raise AssertionError(f"a page error: {errors}")

    # ---- the questions ----

    def met(self):
        return [document for document in self.documents if document.met]

    def store(self):
        """The record as it is now."""
        if self.record is None:
            self.record = Record(self.lab["history"])
        return self.record

    def on_disk(self, document):
        try:
            cells = json.loads(self.file(document.path).read_text())["cells"]
        except FileNotFoundError:
            raise Lost(f"the file {document.path} is gone") from None
        return {(cell.get("id"), "".join(cell["source"])) for cell in cells}

    def recorded(self, document):
        """The texts that the history has under the name of the notebook, or of the one that it was copied from."""
        found = set()
        while document:
            number = self.store().document(self.file(document.path).resolve())
            if number:
                found |= set(self.record.versions(number).values())
            document = document.origin
        return found

    def missing(self):
        """(document, cell id, text) that cannot be had back."""
        found = []
        for document in self.met():
            gone = document.texts - self.recorded(document)
            if gone:
                gone -= self.on_disk(document)
            found += [(document, *one) for one in gone]
        return found

    def ask_step(self):
        if not self.missing() and not self.missing_outputs():
            self.ask_in_the_cell()
            return
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and (self.missing() or self.missing_outputs()):
            time.sleep(0.05)  # the store is written by another process
        missing = self.missing()
        if missing:
            document = missing[0][0]
            told = set(texts(self.lab, self.file(document.path)).values())
            really = [(key, text) for one, key, text in missing if one is document and text not in told]
            where = "nor do the commands" if really else "but the commands have them"
            raise Lost(
                f"(a) the record of {document.path} has not {[(key, text) for one, key, text in missing if one is document]}, {where}"
            )
        outputs = self.missing_outputs()
        if outputs:
            document, cell, text, parts = outputs[0]
            raise Lost(f"(a) no run of {document.path} has what {cell} showed after the run of {text!r}: {parts}")
        self.ask_in_the_cell()

    def missing_outputs(self):
        found = []
        for document in self.met():
            if not document.outputs:
                continue
            known = []
            one = document
            while one:
                number = self.store().document(self.file(one.path).resolve())
                if number:
                    versions = self.record.versions(number)
                    known += [(*versions[run.version], run.parts) for run in self.record.runs(number)]
                one = one.origin
            found += [(document, *output) for output in document.outputs if output not in known]
        return found

    def ask_in_the_cell(self):
        """(b): by the heads in the store; where they are not what a page shows, by what that page's panel says."""
        self.ask_not_mixed()
        deadline = time.monotonic() + 1
        while (others := self.not_heads()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for page, path, cell, head in others:
            known = (self.pages.index(page), cell["id"], cell["source"], head)
            if known in self.called:
                continue
            self.called.add(known)
            called = [version for version, is_in_cell in self.rows(page, path, cell["id"]) if is_in_cell]
            versions = self.versions(path)
            for version in called:
                if versions[version][1] != cell["source"]:
                    raise Lost(
                        f"(b) {self.place(page, path, cell)} the panel calls v{version} in the cell: {versions[version][1]!r}, "
                        f"which is {cell['source']!r}"
                    )

    def not_heads(self):
        """Cells whose text is not that of their head: (page, path, cell, head)."""
        found = []
        for page in self.pages:
            for path, cells in self.sees(page).items():
                number = self.store().document(self.file(path).resolve())
                if not number:
                    continue
                heads, versions = self.record.cells(number), self.record.versions(number)
                for cell in cells:
                    _, head, _ = heads.get(cell["id"], (0, 0, False))
                    if head and versions[head][1] != cell["source"]:
                        found.append((page, path, cell, head))
        return found

    def ask_not_mixed(self):
        """No notebook has the cells of another one, but of the one that it is a copy of."""
        deadline = time.monotonic() + PATIENCE
        while (mixed := self.mixed()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for document, strange in mixed:
            raise Lost(f"(a) the history of {document.path} has cells of another notebook: {strange}")

    def mixed(self):
        found = []
        for document in self.met():
            number = self.store().document(self.file(document.path).resolve())
            if number:
                own, one = set(), document
                while one:
                    own |= one.cells
                    one = one.origin
                strange = set(self.record.cells(number)) - own
                if strange:
                    found.append((document, strange))
        return found

    def ask_everything(self):
        """At the end: from the store read anew, and a few of them by the terminal's commands."""
        for document in self.documents:
            if not document.met:
                self.open(self.pages[0], document)
        self.look()
        self.record = None
        self.ask_step()
        if not self.samples:
            return
        self.random = random.Random(f"{self.seed} end")
        for document in self.documents:
            kept = {text for _, text in self.recorded(document)} & {text for _, text in document.texts}
            if not kept or not self.versions(document.path):
                continue
            file = self.file(document.path)
            numbers = [number for number, (_, text) in self.versions(document.path).items() if text in kept]
            drawn = ask(self.lab, "tree", file, "all", "--typing")
            for number in self.random.sample(numbers, min(3, len(numbers))):
                assert re.search(rf"\b{number}  ", drawn), f"`forkernel tree` has no version {number}:\n{drawn}"
                text = ask(self.lab, "restore", file, str(number), "--print").removesuffix("\n")
                if text != self.versions(document.path)[number][1]:
                    raise Lost(f"(a) `forkernel restore {document.path} {number} --print` says {text!r}")


def two_pages(browser, lab, same_browser):
    """Two windows of one browser, or two browsers."""
    contexts = [browser.new_context(viewport={"width": 1280, "height": 1000})]
    if not same_browser:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 1000}))
    urls = [
        f"{lab['url']}/lab/workspaces/person-{quote(os.urandom(4).hex())}?token={lab['token']}" for _ in range(2)
    ]
    return contexts, [PersonPage(contexts[-number].new_page(), url, None) for number, url in enumerate(urls)]
