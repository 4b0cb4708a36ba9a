"""What the model of a person does. Each action chooses by itself what it works on, and returns words, or None where it was not
possible; whoever remembers and asks is in person.py."""

import json
import os
import re
import shutil

from playwright.sync_api import TimeoutError as PlaywrightTimeout

from person_memory import Document, shown

FLIPS = ("previous-branch", "next-branch", "older-version", "newer-version", "earlier-output", "later-output")
NUMBER = re.compile(r'(?<=[" ][qw])\d+|^\d+')  # of a beginning, or of a word that was typed


def is_code(cell):
    return cell["type"] == "code" and bool(cell["source"]) and not cell["running"]


def is_calm(cell):
    return bool(cell["source"]) and not cell["running"]


class Actions:
    def do_type(self):
        chosen = self.choose(is_calm)
        if chosen is None:
            return None
        page, path, cell = chosen
        page.edit(path, cell["id"])
        words = [f" // {self.word()}" if "\n" in cell["source"] or "//" in cell["source"] or self.random.random() < 0.3 else " + 17"]
        if self.random.random() < 0.3:
            words.append(f" {self.word()}" if "//" in words[0] else " + 4")
        for part in words:
            page.write(part)
            if self.random.random() < 0.5:
                page.tell()
                self.remember(page)
                page.edit(path, cell["id"])
        return f"{words} {self.place(page, path, cell)}"

    def do_change(self):
        """Type over a number."""
        chosen = self.choose(lambda cell: is_calm(cell) and NUMBER.search(cell["source"]))
        if chosen is None:
            return None
        page, path, cell = chosen
        number = self.random.choice(list(NUMBER.finditer(cell["source"])))
        self.clicks += 1
        page.edit(path, cell["id"])
        page.select(path, cell["id"], number.start(), number.end())
        page.write(str(self.clicks))
        return f"{number.group()} to {self.clicks} {self.place(page, path, cell)}"

    def do_undo(self, keys="Control+z"):
        chosen = self.choose(is_calm)
        if chosen is None:
            return None
        page, path, cell = chosen
        page.edit(path, cell["id"])
        times = self.random.randint(1, 3)
        for _ in range(times):
            page.keys(keys)
        return f"{times} times {self.place(page, path, cell)}"

    def do_redo(self):
        return self.do_undo("Control+Shift+z")

    def do_run(self):
        chosen = self.choose(is_code)
        if chosen is None:
            return None
        page, path, cell = chosen
        self.run(page, path, cell)
        return self.place(page, path, cell)

    def run(self, page, path, cell):
        outputs = page.run(path, cell["id"])
        here = next((one for one in self.sees(page)[path] if one["id"] == cell["id"]), None)
        if here is not None and here["source"] == cell["source"] and not here["running"]:
            self.document(path).outputs.append((cell["id"], cell["source"], shown(outputs)))

    def do_run_all(self):
        chosen = self.choose_notebook()
        if chosen is None:
            return None
        page, path = chosen
        page.command(path, None, "notebook:run-all-cells")
        return self.place(page, path)

    def do_run_and_go_on(self):
        """And look at it no more for now."""
        chosen = self.choose(lambda cell: is_code(cell) and "usleep" in cell["source"]) or self.choose(is_code)
        if chosen is None:
            return None
        page, path, cell = chosen
        page.run(path, cell["id"], wait=False)
        return self.place(page, path, cell)

    def do_save(self):
        chosen = self.choose_notebook()
        if chosen is None:
            return None
        page, path = chosen
        return self.save(page, path)

    def save(self, page, path):
        where = self.place(page, path)
        self.named = None
        page.command(path, None, "docmanager:save")
        if self.named:
            self.moved(path, f"{self.folder}/{self.named}")
            return f"{where}, named {self.named}"
        return where

    def save_all(self):
        for page, path in self.open_notebooks():
            self.save(page, path)

    def do_open(self):
        page, document = self.random.choice(self.pages), self.random.choice(self.documents)
        if document.path in self.sees(page) or len(self.sees(page)) >= 3:
            return None
        if self.apart and any(path == document.path for _, path in self.open_notebooks()):
            return None
        self.open(page, document)
        return self.place(page, document.path)

    def open(self, page, document):
        page.open(document.path)
        document.met = True

    def do_close(self):
        chosen = self.choose_notebook()
        if chosen is None or len(self.open_notebooks()) < 2:
            return None
        page, path = chosen
        where = self.place(page, path)
        page.tell()
        page.close(path)
        return where

    def do_reload(self):
        page = self.random.choice(self.pages)
        for path in page.reload():
            if path.startswith(self.folder):
                page.open(path)
        return f"page {self.pages.index(page) + 1}"

    def do_new(self):
        if len(self.documents) >= 5:
            return None
        page = self.random.choice(self.pages)
        path = page.do(
            """async folder => {
                const model = await window.jupyterapp.commands.execute('docmanager:new-untitled', {path: folder, type: 'notebook'});
                const panel = await window.jupyterapp.commands.execute(
                    'docmanager:open', {path: model.path, factory: 'Notebook', kernel: {name: 'forkernel-c'}});
                await panel.context.ready;
                await panel.sessionContext.ready;
                await window.person.open(model.path);
                return model.path;
            }""",
            self.folder,
        )
        if self.document(path) is None:
            self.documents.append(Document(path))
        (cell,) = self.sees(page)[path]
        page.edit(path, cell["id"])
        page.write(f"{self.clicks} + 2")
        page.tell()
        self.run(page, path, self.sees(page)[path][0])
        return self.place(page, path)

    def do_rename(self):
        """In the notebook's own tab."""
        chosen = self.choose_notebook()
        if chosen is None:
            return None
        page, path = chosen
        name = self.free_name()
        where = self.place(page, path)
        page.do("(path, name) => window.person.of(path).context.rename(name)", path, name)
        self.moved(path, f"{self.folder}/{name}")
        return f"{where} to {name}"

    def do_rename_in_files(self):
        """In the file browser, and whether it is open or not."""
        page, document = self.random.choice(self.pages), self.random.choice(self.documents)
        path, new = document.path, f"{self.folder}/{self.free_name()}"
        page.do("(path, to) => window.jupyterapp.serviceManager.contents.rename(path, to).then(() => undefined)", path, new)
        self.moved(path, new)
        return f"{path.split('/')[-1]} to {new.split('/')[-1]}"

    def moved(self, path, new):
        """Another page that has it open hears nothing of it; it is closed there, as a person would do."""
        self.document(path).path = new
        for page in self.pages:
            if path in self.sees(page):
                page.close(path)

    def do_copy(self):
        if len(self.documents) >= 5:
            return None
        page, document = self.random.choice(self.pages), self.random.choice(self.documents)
        path = page.do(
            "(path, folder) => window.jupyterapp.serviceManager.contents.copy(path, folder).then(model => model.path)",
            document.path, self.folder,
        )
        self.documents.append(Document(path, origin=document, cells=set(document.cells)))
        page.open(path)
        return f"{document.path.split('/')[-1]} {self.place(page, path)}"

    def do_move_in_terminal(self):
        document, name = self.random.choice(self.documents), self.free_name()
        path, new = document.path, f"{self.folder}/{name}"
        os.rename(self.file(path), self.file(new))
        self.moved(path, new)
        document.met = False
        return f"{path.split('/')[-1]} to {name}"

    def do_copy_in_terminal(self):
        if len(self.documents) >= 5:
            return None
        document, name = self.random.choice(self.documents), self.free_name()
        path = f"{self.folder}/{name}"
        shutil.copy(self.file(document.path), self.file(path))
        self.documents.append(Document(path, origin=document, cells=set(document.cells)))
        return f"{document.path.split('/')[-1]} to {name}"

    def do_swap_names(self):
        one, other = self.random.sample(self.documents, 2)
        beside = self.file(f"{self.folder}/beside")
        for page in self.pages:
            for path in {one.path, other.path} & set(self.sees(page)):
                page.close(path)
        os.rename(self.file(one.path), beside)
        os.rename(self.file(other.path), self.file(one.path))
        os.rename(beside, self.file(other.path))
        one.path, other.path = other.path, one.path
        one.met = other.met = False
        return f"{one.path.split('/')[-1]} and {other.path.split('/')[-1]}"

    def do_upload(self):
        """A copy by its content: downloaded and uploaded again, under another name."""
        if len(self.documents) >= 5:
            return None
        page, document = self.random.choice(self.pages), self.random.choice(self.documents)
        path = f"{self.folder}/{self.free_name()}"
        page.do(
            """async (from, path) => {
                const {contents} = window.jupyterapp.serviceManager;
                const {type, format, content} = await contents.get(from, {content: true});
                await contents.save(path, {type, format, content});
            }""",
            document.path, path,
        )
        self.documents.append(Document(path, origin=document, cells=set(document.cells)))
        return f"{document.path.split('/')[-1]} as {path.split('/')[-1]}"

    def do_revert(self):
        """To what is on the disk."""
        chosen = self.choose_notebook()
        if chosen is None:
            return None
        page, path = chosen
        page.tell()
        self.remember(page)
        page.do("path => window.person.of(path).context.revert()", path)
        return self.place(page, path)

    def do_revert_to_checkpoint(self):
        chosen = self.choose_notebook()
        if chosen is None:
            return None
        page, path = chosen
        page.tell()
        self.remember(page)
        reverted = page.do(
            """async path => {
                const {context} = window.person.of(path);
                if (!(await context.listCheckpoints()).length) {
                    return false;
                }
                await context.restoreCheckpoint();
                await context.revert();
                return true;
            }""",
            path,
        )
        return self.place(page, path) if reverted else None

    def do_write_file(self):
        """As git checkout does while it is open: another text in a new file under the name."""
        document = self.random.choice(self.documents)
        file = self.file(document.path)
        made = json.loads(file.read_text())
        cells = [cell for cell in made["cells"] if cell["cell_type"] == "code"]
        if not cells:
            return None
        cell = self.random.choice(cells)
        cell["source"] = "".join(cell["source"]) + f" // {self.word()}"
        cell["outputs"] = []
        beside = file.with_suffix(".new")
        beside.write_text(json.dumps(made, indent=1) + "\n")
        os.replace(beside, file)
        return document.path.split("/")[-1]

    def do_merge(self):
        chosen = self.choose(is_calm)
        if chosen is None:
            return None
        page, path, cell = chosen
        where = self.place(page, path, cell)
        page.command(path, cell["id"], "notebook:merge-cell-below")
        return where

    def do_split(self):
        chosen = self.choose(lambda cell: is_calm(cell) and len(cell["source"]) > 2)
        if chosen is None:
            return None
        page, path, cell = chosen
        where = self.place(page, path, cell)
        at = self.random.randrange(1, len(cell["source"]))
        page.edit(path, cell["id"])
        page.select(path, cell["id"], at, at)
        page.do("() => window.jupyterapp.commands.execute('notebook:split-cell-at-cursor')")
        return f"at {at} {where}"

    def command_at_cell(self, name, wanted=lambda cell: True):
        chosen = self.choose(wanted)
        if chosen is None:
            return None
        page, path, cell = chosen
        where = self.place(page, path, cell)
        page.command(path, cell["id"], name)
        return where

    def do_clear(self):
        return self.command_at_cell("notebook:clear-cell-output", is_code)

    def do_clear_all(self):
        return self.command_at_cell("notebook:clear-all-cell-outputs")

    def do_delete(self):
        return self.command_at_cell("notebook:delete-cell", lambda cell: cell["source"] and not cell["running"])

    def do_undo_in_notebook(self):
        return self.command_at_cell("notebook:undo-cell-action")

    def do_paste(self):
        chosen = self.choose(is_calm)
        if chosen is None or len(self.sees(chosen[0])[chosen[1]]) > 8:
            return None
        page, path, cell = chosen
        where = self.place(page, path, cell)
        how = self.random.choice(("copy", "cut"))
        page.command(path, cell["id"], f"notebook:{how}-cell")
        page.command(path, None, "notebook:paste-cell-below")
        return f"after {how} {where}"

    def do_move(self):
        return self.command_at_cell(f"notebook:move-cell-{self.random.choice(('up', 'down'))}")

    def do_change_type(self):
        chosen = self.choose(is_calm)
        if chosen is None:
            return None
        page, path, cell = chosen
        where = self.place(page, path, cell)
        kind = "markdown" if cell["type"] == "code" else "code"
        page.command(path, cell["id"], f"notebook:change-cell-to-{kind}")
        return f"to {kind} {where}"

    def do_replace_all(self):
        """As the search does it: cell by cell, by a program."""
        chosen = self.choose_notebook()
        if chosen is None:
            return None
        page, path = chosen
        if any(cell["running"] for cell in self.sees(page)[path]):
            return None
        letter = self.random.choice("qw")
        page.page.evaluate(
            """([path, letter]) => {
                for (const {model} of window.person.of(path).content.widgets) {
                    const text = model.sharedModel.getSource();
                    const after = text.replace(/(?<=[\" ])[qw](?=\\d)/g, letter);
                    if (after !== text) {
                        model.sharedModel.setSource(after);
                    }
                }
            }""",
            [path, letter],
        )
        return f"by {letter} {self.place(page, path)}"

    def do_restart(self):
        chosen = self.choose_notebook()
        if chosen is None:
            return None
        page, path = chosen
        page.do("path => window.person.of(path).sessionContext.session.kernel.restart()", path)
        self.hear_again(path)
        return self.place(page, path)

    def hear_again(self, path):
        for page in self.pages:
            if path in self.sees(page):
                page.open(path)

    # ---- going back, and whether what is shown then belongs to it ----

    def do_flip(self):
        """Of the switchers and shortcuts at the cell: one step."""
        chosen = self.choose(lambda cell: is_code(cell) and is_calm(cell))
        if chosen is None:
            return None
        page, path, cell = chosen
        name = self.random.choice(FLIPS)
        where = self.place(page, path, cell)
        if not page.do(
            """async (path, id, name) => {
                await window.person.use(path, id);
                const {commands} = window.jupyterapp;
                if (!commands.isEnabled(name) || !commands.isVisible(name)) {
                    return false;
                }
                await commands.execute(name);
                return true;
            }""",
            path, cell["id"], f"forkernel:{name}",
        ):
            return None
        if self.cell(page, path, cell["id"]) != cell:
            self.ask_belongs(page, path, cell["id"])
        return f"{name} {where}"

    def do_restore(self):
        """A row of the panel, by a double click."""
        chosen = self.choose(lambda cell: is_code(cell) and is_calm(cell))
        if chosen is None:
            return None
        page, path, cell = chosen
        where = self.place(page, path, cell)
        rows = self.rows(page, path, cell["id"])
        if not rows:
            return None
        version = self.random.choice(rows)[0]
        _, text = self.versions(path)[version]
        row = page.page.locator(f".fk-Row[data-version='{version}']")
        row.dblclick()
        try:
            page.page.wait_for_function(
                "([path, id, text]) => window.person.widgetOf(path, id).model.sharedModel.getSource() === text",
                arg=[path, cell["id"], text],
            )
            page.page.locator(".fk-Message").get_by_text(re.compile("in the cell")).first.wait_for()
        except PlaywrightTimeout:
            panel = page.page.locator(".fk-Panel").inner_text()
            now = self.cell(page, path, cell["id"])
            raise AssertionError(f"v{version} {where} was not put into the cell ({now}); the panel says {panel!r}") from None
        self.ask_belongs(page, path, cell["id"])
        return f"v{version} {where}"
