import type { CodeCellModel, ICellModel } from '@jupyterlab/cells';
import type * as nbformat from '@jupyterlab/nbformat';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { Signal, type ISignal } from '@lumino/signaling';
import { spliceBetween } from './capture/text.js';
import type { Restored, Run } from './kernel/protocol.js';
import type { NotebookHistory } from './notebook_history.js';

/** Outputs on the page that an earlier run made. */
export interface OldOutputs {
  run: Run | undefined; // undefined: there are none, the text was never run
  leftOut: number; // bytes of them that were not kept
}

interface Shown extends OldOutputs {
  text: string;
  outputs: string; // as JSON: to see whether they are still the ones that were put there
  textBefore: string;
  outputsBefore: nbformat.IOutput[];
  oldBefore?: Shown;
}

/**
 * Puts texts of the history back into cells, with the outputs of their last run. The text is changed as typing
 * changes it, so that Ctrl-Z takes it back, and then the outputs that were there before come back, too. Nothing about
 * it is written into the notebook.
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
    return this._shown.get(cell);
  }

  /** Make `version` what its cell shows; rejects with a RefusedError or LostError. */
  async restore(version: number): Promise<Restored> {
    this._history.flush();
    const restored = await this._history.connection.request<Restored>('restore', { version });
    const cell = modelOf(this._history.panel, restored.cell);
    if (cell) {
      this.show(cell, restored);
    }
    return restored;
  }

  /** Put text and outputs into a cell of the page. */
  show(cell: ICellModel, restored: Pick<Restored, 'text' | 'runs' | 'outputs' | 'left_out'>): void {
    const textBefore = cell.sharedModel.getSource();
    this._history.during('restore', () => replaceText(cell, restored.text));
    if (cell.type !== 'code') {
      return;
    }
    const { outputs } = cell as CodeCellModel;
    const outputsBefore = outputs.toJSON();
    const oldBefore = this._shown.get(cell);
    this._put(cell, restored.outputs);
    const shown: Shown = {
      run: restored.runs.at(-1),
      leftOut: restored.left_out.reduce((sum, bytes) => sum + bytes, 0),
      text: restored.text,
      outputs: JSON.stringify(outputs.toJSON()),
      textBefore,
      outputsBefore,
      oldBefore
    };
    this._shown.set(cell, shown);
    this._watch(cell);
    this._oldOutputsChanged.emit(cell);
  }

  private _watch(cell: ICellModel): void {
    if (this._watched.has(cell)) {
      return;
    }
    this._watched.add(cell);
    const { outputs } = cell as CodeCellModel;
    cell.sharedModel.changed.connect((_, change) => {
      const shown = this._shown.get(cell);
      if (change.sourceChange && shown && cell.sharedModel.getSource() === shown.textBefore) {
        this._takeBack(cell, shown);
      }
    });
    outputs.changed.connect(() => {
      const shown = this._shown.get(cell);
      if (shown && !this._putting && JSON.stringify(outputs.toJSON()) !== shown.outputs) {
        this._shown.delete(cell); // the cell runs, or somebody cleared it
        this._oldOutputsChanged.emit(cell);
      }
    });
  }

  private _takeBack(cell: ICellModel, shown: Shown): void {
    this._put(cell, shown.outputsBefore);
    if (shown.oldBefore) {
      this._shown.set(cell, shown.oldBefore);
    } else {
      this._shown.delete(cell);
    }
    this._oldOutputsChanged.emit(cell);
  }

  private _put(cell: ICellModel, outputs: nbformat.IOutput[]): void {
    this._putting = true;
    (cell as CodeCellModel).outputs.fromJSON(outputs);
    this._putting = false;
  }

  private _history: NotebookHistory;
  private _shown = new Map<ICellModel, Shown>();
  private _watched = new WeakSet<ICellModel>();
  private _putting = false;
  private _oldOutputsChanged = new Signal<this, ICellModel>(this);
}

export function modelOf(panel: NotebookPanel, id: string): ICellModel | undefined {
  return panel.content.widgets.find(widget => widget.model.id === id)?.model;
}

/** As one change that Ctrl-Z takes back, of no more than what differs, so that the cursor stays. */
function replaceText(cell: ICellModel, text: string): void {
  const shared = cell.sharedModel;
  const splice = spliceBetween(shared.getSource(), text);
  if (splice.delete > 0 || splice.insert !== '') {
    const manager = (shared as unknown as { undoManager: { stopCapturing(): void } | null }).undoManager;
    manager?.stopCapturing(); // one undo takes back this, and nothing that was typed before or after
    shared.updateSource(splice.at, splice.at + splice.delete, splice.insert);
    manager?.stopCapturing();
  }
}
