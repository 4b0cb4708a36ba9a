import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { dayAndTime } from '../cell/day_and_time.js';
import { HeaderLine, makeButton } from '../header_line.js';
import type { Block } from '../kernel/protocol.js';
import type { NotebookHistory } from '../notebook_history.js';
import type { Newer } from './beyond.js';
import { bringNewer } from './bring_newer.js';
import { newerWords } from './newer_words.js';

interface Options {
  trans: TranslationBundle;
  /** Show a version in the panel; undefined: there is none. */
  reveal?: (cell: string, version: number) => void;
}

/** Above a notebook that was opened or read again from a file that is older than what the history has. */
export class NewerLine extends HeaderLine {
  constructor(
    private _history: NotebookHistory,
    private _options: Options
  ) {
    super(_history.panel, _options.trans);
    const { trans } = _options;
    this.addClass('fk-NewerLine');
    this._show = makeButton(trans.__('Show'), () => this._toggle());
    this._show.setAttribute('aria-expanded', 'false');
    this._all = makeButton(trans.__('Bring back all'), () => void this._bring(this._newer));
    this.buttons.append(this._show, this._all);
    this._list = document.createElement('ul');
    this._list.hidden = true;
    this.body.append(this._list);
    const { comparison, heads } = _history.recorder;
    comparison.changed.connect(this._draw, this);
    _history.connection.stateChanged.connect(this._draw, this);
    heads.changed.connect(this._onHead, this);
    this._draw();
  }

  dismiss(): void {
    super.dismiss();
    this._history.recorder.comparison.settle(this._newer);
  }

  private get _newer(): readonly Newer[] {
    return this._history.recorder.comparison.beyond?.newer ?? [];
  }

  /** The person has found the way to the text by another way. */
  private _onHead(_: unknown, cell: string): void {
    const version = this._history.heads.of(cell);
    const there = this._newer.filter(one => one.kind === 'edited' && one.cell === cell && one.version === version);
    if (there.length > 0) {
      this._history.recorder.comparison.settle(there);
    }
  }

  private _draw(): void {
    const { trans } = this._options;
    const { beyond } = this._history.recorder.comparison;
    if (!beyond || this._history.connection.state === 'none') {
      this.hide();
      return;
    }
    const time = dayAndTime(Math.max(...beyond.newer.map(one => one.time)), trans);
    this.words.textContent = newerWords(beyond, time, trans);
    this._all.textContent = beyond.newer.length > 1 ? trans.__('Bring back all') : trans.__('Bring back');
    this._list.replaceChildren(...beyond.newer.map(one => this._row(one)));
    this.open();
  }

  private _row(newer: Newer): HTMLElement {
    const { trans, reveal } = this._options;
    const row = document.createElement('li');
    const what = document.createElement('span');
    what.className = 'fk-NewerLine-what';
    what.textContent = {
      edited: trans.__('edited'),
      added: trans.__('added'),
      deleted: trans.__('deleted')
    }[newer.kind];
    const text = document.createElement('code');
    text.textContent = newer.summary || trans.__('empty');
    row.append(what, text);
    if (newer.kind === 'edited') {
      void this._tellChange(newer, text);
      if (reveal) {
        row.append(makeButton(trans.__('Show'), () => reveal(newer.cell, newer.version)));
      }
    }
    row.append(
      makeButton(newer.kind === 'deleted' ? trans.__('Delete again') : trans.__('Bring back'), () =>
        this._bring([newer])
      )
    );
    return row;
  }

  /** What would change in the cell says more than its first line. */
  private async _tellChange({ cell, version }: Newer, node: HTMLElement): Promise<void> {
    const { connection, panel } = this._history;
    const model = panel.content.widgets.find(widget => widget.model.id === cell)?.model;
    try {
      const { blocks, summary } = await connection.request<{ blocks: Block[]; summary: string }>('diff', {
        left: version,
        text: model?.sharedModel.getSource() ?? ''
      });
      const changed = blocks.find(block => block.kind === 'changed');
      // From the version to the cell: what is removed is what comes back.
      const line = changed?.kind === 'changed' ? changed.removed.find(one => one.trim()) : undefined;
      const gone = changed?.kind === 'changed' ? changed.added.find(one => one.trim()) : undefined;
      if (line !== undefined) {
        node.textContent = `+ ${line.trim()}`;
      } else if (gone !== undefined) {
        node.textContent = `− ${gone.trim()}`;
      }
      node.title = summary;
    } catch {
      // its first line is there
    }
  }

  private _toggle(): void {
    this._list.hidden = !this._list.hidden;
    this._show.setAttribute('aria-expanded', String(!this._list.hidden));
    this._show.textContent = this._list.hidden ? this._options.trans.__('Show') : this._options.trans.__('Hide');
    this.open();
  }

  private async _bring(newer: readonly Newer[]): Promise<void> {
    try {
      const done = await bringNewer(this._history, this._options.trans, newer);
      this._history.recorder.comparison.settle(done);
    } catch (error) {
      Notification.warning(error instanceof Error ? error.message : String(error), { autoClose: 6000 });
    }
  }

  private _show: HTMLButtonElement;
  private _all: HTMLButtonElement;
  private _list: HTMLElement;
}
