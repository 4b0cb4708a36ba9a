import type { CodeCellModel, ICellModel } from '@jupyterlab/cells';
import type * as nbformat from '@jupyterlab/nbformat';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { Signal, type ISignal } from '@lumino/signaling';
import { spliceBetween } from './capture/text.js';
import { addAttachments } from './extras.js';
import type { Restored, Run, RunOutputs } from './kernel/protocol.js';
import type { NotebookHistory } from './notebook_history.js';

/** Outputs on the page that an earlier run made. */
export interface OldOutputs {
  run: Run | undefined; // undefined: there are none, the text was never run
  leftOut: number; // bytes of them that were not kept
}

/** What a cell showed at a time. */
export interface Page {
  text: string;
  outputs: nbformat.IOutput[];
  trusted: boolean;
  old?: OldOutputs;
  run?: number; // that made the outputs, where the page saw it make all of them
}

/** What was put back into a cell and can be taken back, and put back again. */
interface Swaps {
  done: { before: Page; after: Page }[];
  undone: { before: Page; after: Page }[];
}

/** As many swaps of one cell keep their outputs for Ctrl-Z. */
const SWAPS_MAX = 20;

/** Trust changes nothing about these, but for SVG, which is shown only then: as a picture that runs nothing. */
const HARMLESS = /^(text\/plain|image\/(png|jpeg|gif|webp|bmp|svg\+xml)|application\/json)$/;

/**
 * Puts texts of the history back into cells, with the outputs of their last run. The text is changed as typing
 * changes it, so that Ctrl-Z takes it back, and then the outputs that were there before come back, too. Nothing about
 * it is written into the notebook.
 *
 * Trust is the cell's in JupyterLab, not the output's. Old outputs are trusted only where the cell was when it showed its
 * own, and where they are such that trust lets nothing of them run; and no output is in the cell while its trust changes.
 */
export class Restorer {
  constructor(history: NotebookHistory) {
    this._history = history;
    history.panel.disposed.connect(() => Signal.clearData(this));
  }

  /** A cell shows outputs of an earlier run, or does no more. */
  get oldOutputsChanged(): ISignal<this, ICellModel> {
    return this._oldOutputsChanged;
  }

  /** Undefined: what the cell shows is of its own last run. */
  oldOutputs(cell: ICellModel): OldOutputs | undefined {
    return this._old.get(cell);
  }

  /** Make `version` what its cell shows; rejects with a RefusedError or LostError. */
  async restore(version: number): Promise<Restored> {
    this._history.flush();
    const restored = await this._history.connection.request<Restored>('restore', { version });
    const cell = modelOf(this._history.panel, restored.cell);
    if (cell) {
      addAttachments(cell, restored); // before the text that shows them is drawn
      this.show(cell, restored);
      this._history.heads.set(restored.cell, restored.version);
    }
    return restored;
  }

  /** Put the outputs of a run of the cell's text in place of those that it shows. */
  async showRun(cell: ICellModel, run: Run): Promise<void> {
    const answer = await this._history.connection.request<RunOutputs>('outputs', { run: run.run });
    this.showOutputs(cell, answer);
  }

  /** The same with the outputs at hand; returns how to take it back, which does nothing where the cell has changed. */
  showOutputs(cell: ICellModel, answer: RunOutputs): () => void {
    const before = this._pageOf(cell);
    this.show(cell, { ...answer, text: before.text, runs: [answer.run] });
    const put = this._old.get(cell);
    return () => {
      if (isCode(cell) && put && this._old.get(cell) === put) {
        this._put(cell, before);
      }
    };
  }

  /** Put text and outputs into a cell of the page; a cell that runs keeps the outputs that it is making. */
  show(cell: ICellModel, restored: Pick<Restored, 'text' | 'runs' | 'outputs' | 'left_out'>): void {
    const before = this._pageOf(cell);
    this._putting = true;
    try {
      this._history.during('restore', () => replaceText(cell, restored.text));
    } finally {
      this._putting = false;
    }
    if (!isCode(cell) || isRunning(cell)) {
      return;
    }
    const swaps = this._watch(cell);
    const own = this._own.get(cell) ?? before;
    this._own.set(cell, own);
    const after = this._pageWith(restored, own);
    this._put(cell, after);
    if (after.text !== before.text) {
      swaps.done.push({ before, after }); // there is something for Ctrl-Z to take back
      swaps.done.splice(0, swaps.done.length - SWAPS_MAX);
      swaps.undone = [];
    }
  }

  /** What a cell shows now, for putBack(). */
  pageOf(cell: ICellModel): Page {
    return this._pageOf(cell);
  }

  /** The outputs that a cell showed, where it has the text of then again. */
  putBack(cell: ICellModel, page: Page): void {
    if (isCode(cell) && !isRunning(cell) && cell.sharedModel.getSource() === page.text) {
      this._watch(cell);
      this._put(cell, page);
    }
  }

  /** What a cell with this text and these outputs shows; where the page saw it make all of them, those. */
  private _pageWith(
    { text, runs, outputs, left_out }: Pick<Restored, 'text' | 'runs' | 'outputs' | 'left_out'>,
    own: Page
  ): Page {
    const run = runs.at(-1);
    if (run && run.run === own.run && own.outputs.length > 0) {
      return { ...own, text };
    }
    const leftOut = left_out.reduce((sum, bytes) => sum + bytes, 0);
    return { text, outputs, trusted: own.trusted && outputs.every(isHarmless), old: { run, leftOut } };
  }

  private _watch(cell: CodeCellModel): Swaps {
    let swaps = this._swaps.get(cell);
    if (!swaps) {
      swaps = { done: [], undone: [] };
      this._swaps.set(cell, swaps);
      cell.sharedModel.changed.connect((_, change) => {
        if (change.sourceChange && !this._putting) {
          this._onText(cell);
        }
      });
      cell.outputs.changed.connect(() => {
        if (!this._putting) {
          this._onOutputs(cell); // the cell runs, or somebody cleared it
        }
      });
    }
    return swaps;
  }

  /** The editor's undo and redo step over what was put there. */
  private _onText(cell: CodeCellModel): void {
    const swaps = this._swaps.get(cell)!;
    const manager = undoManagerOf(cell);
    if (!manager?.undoing && !manager?.redoing) {
      swaps.undone = [];
      return;
    }
    const [from, to, side] = manager.undoing
      ? ([swaps.done, swaps.undone, 'before'] as const)
      : ([swaps.undone, swaps.done, 'after'] as const);
    const swap = from.at(-1);
    if (swap && cell.sharedModel.getSource() === swap[side].text) {
      from.pop();
      to.push(swap);
      queueMicrotask(() => this._put(cell, swap[side])); // when the undo is over
    }
  }

  private _onOutputs(cell: CodeCellModel): void {
    const swaps = this._swaps.get(cell)!;
    swaps.done = [];
    swaps.undone = [];
    this._own.delete(cell);
    if (this._old.delete(cell)) {
      this._oldOutputsChanged.emit(cell);
    }
  }

  private _pageOf(cell: ICellModel): Page {
    const outputs = isCode(cell) ? cell.outputs.toJSON() : [];
    return {
      text: cell.sharedModel.getSource(),
      outputs,
      trusted: cell.trusted,
      old: this._old.get(cell),
      run: this._history.seen.of(cell)
    };
  }

  private _put(cell: CodeCellModel, page: Page): void {
    this._putting = true;
    try {
      cell.outputs.clear(); // a change of trust would draw them anew
      if (cell.trusted !== page.trusted) {
        cell.trusted = page.trusted;
        if (!page.trusted) {
          cell.deleteMetadata('trusted'); // else saving would sign them
        }
      }
      cell.outputs.fromJSON(page.outputs);
    } finally {
      this._putting = false;
    }
    if (page.old) {
      this._old.set(cell, page.old);
    } else {
      this._old.delete(cell);
    }
    if (page.run !== undefined) {
      this._history.seen.mark(cell, page.run);
    }
    this._oldOutputsChanged.emit(cell);
  }

  private _history: NotebookHistory;
  private _old = new WeakMap<ICellModel, OldOutputs>();
  private _own = new WeakMap<ICellModel, Page>(); // what the cell showed before old outputs were put there
  private _swaps = new WeakMap<ICellModel, Swaps>();
  private _putting = false;
  private _oldOutputsChanged = new Signal<this, ICellModel>(this);
}

export function modelOf(panel: NotebookPanel, id: string): ICellModel | undefined {
  return panel.content.widgets.find(widget => widget.model.id === id)?.model;
}

export function isCode(cell: ICellModel): cell is CodeCellModel {
  return cell.type === 'code';
}

/** What runs has the text that it was started with, and its outputs are still coming. */
export function isRunning(cell: ICellModel): boolean {
  return isCode(cell) && cell.executionState === 'running';
}

function isHarmless(output: nbformat.IOutput): boolean {
  return Object.keys((output.data as nbformat.IMimeBundle | undefined) ?? {}).every(mime => HARMLESS.test(mime));
}

interface UndoManager {
  readonly undoing: boolean;
  readonly redoing: boolean;
  stopCapturing(): void;
}

function undoManagerOf(cell: ICellModel): UndoManager | null {
  return (cell.sharedModel as unknown as { undoManager: UndoManager | null }).undoManager;
}

/** As one change that Ctrl-Z takes back, of no more than what differs, so that the cursor stays. */
function replaceText(cell: ICellModel, text: string): void {
  const shared = cell.sharedModel;
  const splice = spliceBetween(shared.getSource(), text);
  if (splice.delete > 0 || splice.insert !== '') {
    const manager = undoManagerOf(cell);
    manager?.stopCapturing(); // one undo takes back this, and nothing that was typed before or after
    shared.updateSource(splice.at, splice.at + splice.delete, splice.insert);
    manager?.stopCapturing();
  }
}
