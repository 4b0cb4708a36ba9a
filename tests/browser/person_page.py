"""The hands of the model of a person: one page of JupyterLab, with what can be done in it."""

import json

# `act` begins something and does not wait: a dialog may come first.
HELPER = """() => {
    const app = window.jupyterapp;
    const pause = () => new Promise(resolve => setTimeout(resolve, 10));
    const until = async what => { while (!what()) await pause(); };
    const panels = () => [...app.shell.widgets('main')].filter(one => one.content?.widgets && one.context?.model?.cells);
    const of = path => panels().find(panel => panel.context.path === path);
    const widgetOf = (path, id) => of(path).content.widgets.find(one => one.model.id === id);
    const person = window.person = {
        panels, of, widgetOf, pause, until,
        act: work => {
            person.done = false;
            person.error = null;
            person.answer = null;
            Promise.resolve().then(work)
                .then(answer => { person.answer = answer ?? null; }, error => { person.error = String(error?.message ?? error); })
                .then(() => { person.done = true; });
        },
        open: async path => {
            const panel = await app.commands.execute('docmanager:open', {path, factory: 'Notebook'});
            await panel.context.ready;
            await panel.sessionContext.ready;
            await panel.sessionContext.session.kernel.info;
            await person.use(path);
            await until(() => app.commands.isEnabled('forkernel:older-version'));
        },
        use: async (path, id) => {
            const panel = of(path);
            app.shell.activateById(panel.id);
            await panel.revealed;
            await until(() => {
                if (app.shell.currentWidget !== panel) {
                    app.shell.activateById(panel.id); // a dialog that ends gives the focus back
                }
                return app.shell.currentWidget === panel && panel.content.widgets.length > 0;
            });
            const at = id ? panel.content.widgets.findIndex(one => one.model.id === id) : panel.content.activeCellIndex;
            panel.content.deselectAll();
            panel.content.activeCellIndex = Math.max(0, at);
            await panel.content.scrollToItem(Math.max(0, at), 'center');
            await panel.content.activeCell.ready;
            return panel;
        },
        edit: async (path, id) => {
            const panel = await person.use(path, id);
            panel.content.mode = 'edit';
            await until(() => panel.content.activeCell.editor);
            panel.content.activeCell.editor.focus();
            return panel.content.activeCell;
        },
        command: async (path, id, name) => {
            await person.use(path, id);
            return app.commands.execute(name);
        },
        tell: () => {
            document.activeElement?.blur();
            panels().forEach(panel => panel.content.node.dispatchEvent(new FocusEvent('focusout', {bubbles: true})));
        },
        sees: () => Object.fromEntries(panels().filter(panel => panel.context.isReady).map(panel => [
            panel.context.path,
            panel.content.widgets.map(({model}) => ({
                id: model.id, type: model.type, source: model.sharedModel.getSource(),
                running: model.type === 'code' && model.executionState === 'running',
                outputs: model.type === 'code' ? model.outputs.toJSON() : []
            }))
        ])),
        close: path => {
            of(path).dispose();
            return until(() => !of(path));
        },
    };
}"""


class PersonPage:
    """`answer(title, buttons)` says which button of a dialog to press, and what to write into its field."""

    def __init__(self, page, url, answer):
        self.page, self.url, self.answer = page, url, answer
        self.errors = []
        page.set_default_timeout(30_000)
        page.on("dialog", lambda dialog: dialog.accept())  # of the browser: leave this page?
        page.on("pageerror", lambda error: self.errors.append(f"{error.name}: {error.message}\n{error.stack}"))
        page.on("crash", lambda _: self.errors.append("the page crashed"))
        page.goto(url)
        self._start()

    def _start(self):
        self.page.wait_for_function("window.jupyterapp !== undefined")
        self.page.evaluate("window.jupyterapp.restored.then(() => true)")
        self.page.evaluate(HELPER)

    def do(self, work, *arguments):
        """Runs the JavaScript function `work` in the page to its end, answering dialogs. Returns what it returned."""
        given = ", ".join(json.dumps(argument) for argument in arguments)
        self.page.evaluate(f"() => {{ window.person.act(() => ({work})({given})); }}")
        for _ in range(20):
            self.page.wait_for_function("window.person.done || document.querySelector('.jp-Dialog .jp-Dialog-button')")
            if self.page.evaluate("window.person.done"):
                break
            self._answer_dialog()
        answer, error = self.page.evaluate("[window.person.answer, window.person.error]")
        if error:
            raise RuntimeError(error)
        return answer

    def _answer_dialog(self):
        dialog = self.page.locator(".jp-Dialog").last
        title = dialog.locator(".jp-Dialog-header").first.inner_text() if dialog.locator(".jp-Dialog-header").count() else ""
        buttons = [text.strip() for text in dialog.locator(".jp-Dialog-button").all_inner_texts()]
        button, words = self.answer(title.strip(), buttons)
        if words:
            dialog.locator("input[type='text'], input:not([type])").first.fill(words)
        answered = dialog.element_handle()
        dialog.locator(".jp-Dialog-button").nth(buttons.index(button)).click()
        answered.wait_for_element_state("hidden")  # another one may come at once

    def sees(self):
        """The open notebooks: {path: cells}."""
        return self.page.evaluate("window.person.sees()")

    def open(self, path):
        self.do("path => window.person.open(path)", path)

    def close(self, path):
        self.do("path => window.person.close(path)", path)

    def command(self, path, cell, name):
        return self.do("(path, id, name) => window.person.command(path, id, name)", path, cell, name)

    def tell(self):
        """As when the person looks elsewhere: what was typed is told."""
        self.page.evaluate("window.person.tell()")

    def edit(self, path, cell):
        """The cursor is at the end of the cell's text."""
        self.page.bring_to_front()
        self.do("(path, id) => window.person.edit(path, id).then(() => undefined)", path, cell)
        self.page.keyboard.press("Control+End")

    def write(self, words):
        self.page.keyboard.insert_text(words)

    def keys(self, keys):
        self.page.keyboard.press(keys)

    def select(self, path, cell, begin, end):
        self.page.evaluate(
            """([path, id, begin, end]) => {
                const {editor} = window.person.widgetOf(path, id);
                editor.setSelection({start: editor.getPositionAt(begin), end: editor.getPositionAt(end)});
            }""",
            [path, cell, begin, end],
        )

    def run(self, path, cell, wait=True):
        """Returns the outputs that it ended with."""
        work = "(path, id) => window.person.command(path, id, 'notebook:run-cell').then(() => " \
               "window.person.widgetOf(path, id)?.model.outputs?.toJSON() ?? [])"
        if wait:
            return self.do(work, path, cell)
        self.do("(path, id) => window.person.use(path, id).then(() => { void window.jupyterapp.commands.execute('notebook:run-cell'); })", path, cell)
        return None

    def reload(self):
        opened = list(self.sees())
        self.page.reload()
        self._start()
        return opened
