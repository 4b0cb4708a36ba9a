import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { Cell, CodeCell, ICellModel } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { Block, Version } from '../kernel/protocol.js';
import type { NotebookHistory } from '../notebook_history.js';
import { ago, nowUs } from '../panel/words.js';
import { branchesOf, type Branches, type Left } from './branches.js';
import { CellTrees } from './cell_trees.js';
import { OldOutputsLine } from './old_outputs_line.js';
import { Switcher } from './switcher.js';
import { timelineOf } from './timeline.js';

/** The notebook has a history: styles and shortcuts hang on it. */
const HISTORY_CLASS = 'fk-mod-history';

export interface CellSettings {
  switcher: boolean;
  oldOutputs: boolean;
}

/** Where the last flip of a cell was, and what its branches were when they were left. */
interface Flips {
  anchor?: number;
  at?: number; // the head that the last flip led to
  left: Map<number, Left>;
}

/** What the history shows at the cells of one notebook: the branch switcher, and whose the outputs are. */
export class NotebookSwitchers {
  constructor(history: NotebookHistory, trans: TranslationBundle, announce: (words: string) => void) {
    this._history = history;
    this._trans = trans;
    this._announce = announce;
    this._trees = new CellTrees(history);
    this._observer = new IntersectionObserver(entries => entries.forEach(entry => this._onSeen(entry)));
    this._trees.changed.connect((_, id) => this._drawId(id));
    history.restorer.oldOutputsChanged.connect((_, model) => this._drawLine(model));
    history.connection.stateChanged.connect(this._onState, this);
    void history.panel.context.ready.then(() => this._start());
    history.panel.disposed.connect(this._dispose, this);
  }

  set settings(settings: CellSettings) {
    this._settings = settings;
    this._history.panel.content.widgets.forEach(cell => {
      this._draw(cell);
      this._drawLine(cell.model);
    });
  }

  /** A step to another branch of the cell's text; 1: the one begun next. */
  async stepBranch(cell: Cell, step: number): Promise<void> {
    await this._inTurn(async () => {
      const versions = await this._current(cell);
      const branches = this._branches(cell, versions);
      const target = branches?.siblings[branches.index + step];
      if (!branches) {
        this._announce(this._trans.__('This cell has no other branch.'));
      } else if (!target) {
        this._announce(
          step < 0 ? this._trans.__('This is the first branch.') : this._trans.__('This is the last branch.')
        );
      } else {
        await this._flip(cell, versions, branches, target.version);
      }
    });
  }

  /** A step in time, whatever the branch; -1: the version before. */
  async stepTime(cell: Cell, step: number): Promise<void> {
    await this._inTurn(async () => {
      const { versions, index } = timelineOf(await this._current(cell));
      const target = versions[index + step];
      if (index < 0 || !target) {
        this._announce(
          step < 0 ? this._trans.__('There is no older version.') : this._trans.__('This is the newest version.')
        );
      } else if (await this._show(cell, target.version)) {
        const place = this._trans.__('version %1 of %2', index + step + 1, versions.length);
        this._announce(`${place}, ${ago(target.created, nowUs(), this._trans)}`);
      }
    });
  }

  /** The tree after all that was typed until now. */
  private _current(cell: Cell): Promise<readonly Version[]> {
    this._history.flush();
    return this._trees.load(cell.model.id);
  }

  private _start(): void {
    if (!this._history.panel.isDisposed) {
      this._history.panel.content.model?.cells.changed.connect(this._onCells, this);
      this._onState();
    }
  }

  private _onState(): void {
    this._history.panel.content.node.classList.toggle(HISTORY_CLASS, this._history.connection.state !== 'none');
    this._onCells();
  }

  private _onCells(): void {
    if (this._history.connection.state === 'none') {
      return;
    }
    // The widgets of new cells are made after the model tells of them.
    requestAnimationFrame(() => {
      for (const cell of this._history.panel.content.widgets) {
        if (!this._observed.has(cell.node)) {
          this._observed.set(cell.node, cell);
          this._observer.observe(cell.node);
        }
      }
    });
  }

  private _onSeen(entry: IntersectionObserverEntry): void {
    const cell = this._observed.get(entry.target);
    if (!cell || cell.isDisposed) {
      this._observer.unobserve(entry.target);
    } else if (entry.isIntersecting) {
      this._trees.watch(cell.model.id);
      this._draw(cell);
      this._drawLine(cell.model);
    } else {
      this._trees.unwatch(cell.model.id);
    }
  }

  private _drawId(id: string): void {
    const cell = this._history.panel.content.widgets.find(widget => widget.model.id === id);
    if (cell) {
      this._draw(cell);
    }
  }

  private _draw(cell: Cell): void {
    const versions = this._trees.of(cell.model.id);
    const branches = this._settings.switcher && versions && this._branches(cell, versions);
    const place = cell.inputArea?.parent?.node;
    let switcher = this._switchers.get(cell);
    if (!branches || !place) {
      switcher?.node.remove();
      return;
    }
    if (!switcher) {
      switcher = new Switcher({
        trans: this._trans,
        step: step => void this.stepBranch(cell, step),
        compare: version => this._compare(cell, version)
      });
      this._switchers.set(cell, switcher);
    }
    switcher.show(branches, versions);
    if (switcher.node.parentElement !== place) {
      place.append(switcher.node);
    }
  }

  private _drawLine(model: ICellModel): void {
    const cell = this._history.panel.content.widgets.find(widget => widget.model === model);
    if (cell?.model.type !== 'code') {
      return;
    }
    const old = this._settings.oldOutputs ? this._history.restorer.oldOutputs(model) : undefined;
    const place = (cell as CodeCell).outputArea?.parent?.node;
    let line = this._lines.get(cell);
    if (!old?.run || !place || (model as CodeCell['model']).outputs.length === 0) {
      line?.remove();
      return;
    }
    if (!line) {
      line = new OldOutputsLine(this._trans);
      this._lines.set(cell, line);
    }
    line.show(place, old.run, old.leftOut);
  }

  private _branches(cell: Cell, versions: readonly Version[]): Branches | undefined {
    const flips = this._flips.get(cell.model.id);
    const head = versions.find(version => version.head)?.version;
    // Who types on after a flip has begun something new, and its own branches come first.
    return branchesOf(versions, { left: flips?.left, anchor: flips && flips.at === head ? flips.anchor : undefined });
  }

  private async _flip(cell: Cell, before: readonly Version[], branches: Branches, version: number): Promise<void> {
    const id = cell.model.id;
    if (!(await this._show(cell, version))) {
      return;
    }
    const flips = this._flips.get(id) ?? { left: new Map<number, Left>() };
    const own = branches.siblings[branches.index];
    if (own) {
      flips.left.set(own.root, {
        version: own.version,
        known: before.reduce((most, one) => Math.max(most, one.version), 0)
      });
    }
    flips.anchor = branches.at;
    flips.at = version;
    this._flips.set(id, flips);
    const after = await this._trees.load(id);
    const now = this._branches(cell, after);
    const place = now && now.index >= 0 ? this._trans.__('branch %1 of %2', now.index + 1, now.siblings.length) : '';
    const shown = after.find(one => one.version === version);
    this._announce([place, shown ? ago(shown.created, nowUs(), this._trans) : ''].filter(Boolean).join(', '));
  }

  /** Put a version into its cell; false: the person would rather not. */
  private async _show(cell: Cell, version: number): Promise<boolean> {
    const { model } = cell;
    if (this._history.panel.context.model.readOnly || model.getMetadata('editable') === false || cell.readOnly) {
      this._refuse(this._trans.__('This cell cannot be edited, so no other version can be put into it.'));
      return false;
    }
    if (model.type === 'code' && (model as CodeCell['model']).executionState === 'running' && !(await this._ask())) {
      return false;
    }
    await this._history.restorer.restore(version);
    return true;
  }

  private async _ask(): Promise<boolean> {
    const answer = await showDialog({
      title: this._trans.__('This cell is running'),
      body: this._trans.__(
        'Its text can be exchanged; what runs is the text that it had, and the outputs stay those of this run.'
      ),
      buttons: [
        Dialog.cancelButton({ label: this._trans.__('Cancel') }),
        Dialog.okButton({ label: this._trans.__('Exchange the text') })
      ]
    });
    return answer.button.accept;
  }

  private async _compare(cell: Cell, version: number): Promise<string> {
    const head = this._trees.of(cell.model.id)?.find(one => one.head)?.version;
    if (head === undefined || head === version) {
      return '';
    }
    const key = `${head} ${version}`; // versions never change
    let words = this._compared.get(key);
    if (words === undefined) {
      try {
        const diff = await this._history.connection.request<{ summary: string; blocks: Block[] }>('diff', {
          left: head,
          right: version
        });
        const changed = diff.blocks.find(block => block.kind === 'changed');
        const [added] = changed?.added ?? [];
        const [removed] = changed?.removed ?? [];
        const line = added !== undefined ? `+ ${added.trim()}` : removed !== undefined ? `− ${removed.trim()}` : '';
        words = [diff.summary, line.slice(0, 100)].filter(Boolean).join(': ');
        this._compared.set(key, words);
      } catch {
        return '';
      }
    }
    return words;
  }

  /** One after the other: each starts from what the one before has shown. */
  private _inTurn(action: () => Promise<void>): Promise<void> {
    this._turn = this._turn.then(action).catch(error => {
      this._refuse(error instanceof Error ? error.message : String(error));
    });
    return this._turn;
  }

  private _refuse(words: string): void {
    Notification.warning(words, { autoClose: 6000 });
    this._announce(words);
  }

  private _dispose(): void {
    this._observer.disconnect();
    Signal.disconnectReceiver(this);
  }

  private _history: NotebookHistory;
  private _trans: TranslationBundle;
  private _announce: (words: string) => void;
  private _trees: CellTrees;
  private _observer: IntersectionObserver;
  private _observed = new WeakMap<Element, Cell>();
  private _switchers = new WeakMap<Cell, Switcher>();
  private _lines = new WeakMap<Cell, OldOutputsLine>();
  private _flips = new Map<string, Flips>();
  private _turn = Promise.resolve();
  private _compared = new Map<string, string>();
  private _settings: CellSettings = { switcher: true, oldOutputs: true };
}
