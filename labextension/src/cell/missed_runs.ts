import type { CodeCellModel, ICellModel } from '@jupyterlab/cells';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Run, RunOutputs, Told } from '../kernel/protocol.js';
import type { NotebookHistory } from '../notebook_history.js';
import { isCode, isRunning } from '../restore.js';
import { showsAll } from './shows_all.js';

/** What happens in this time is looked into once (ms). */
const GATHER_MS = 200;

/** Nobody types any more (ms). */
const TYPING_MS = 1000;

/** Of each output, to see whether it is the one on the page. */
const COMPARED_BYTES = 1 << 16;

/** The last run of the text that a cell shows, whose outputs the cell does not show. */
export interface Missed {
  run: Run;
  isQuiet: boolean; // the person has probably cleared them: only who looks at the cell is told
}

/**
 * Finds cells that do not show what their text's last run left: the page was opened while it ran, the file was saved
 * before its end, or somebody cleared the outputs.
 */
export class MissedRuns {
  constructor(private _history: NotebookHistory) {
    const { connection, heads, recorder, restorer, panel } = _history;
    connection.told.connect((_, told) => this._onTold(told as unknown as Told), this);
    connection.stateChanged.connect(() => this._watched.forEach(cell => this.look(cell)), this);
    heads.changed.connect((_, id) => this._lookAfterTyping(id), this);
    recorder.ranHere.connect((_, cell) => this.look(cell), this);
    restorer.oldOutputsChanged.connect((_, cell) => this.look(cell), this);
    panel.disposed.connect(() => {
      clearTimeout(this._timer);
      clearTimeout(this._typingTimer);
      Signal.disconnectReceiver(this);
      Signal.clearData(this);
    });
  }

  of(cell: ICellModel): Missed | undefined {
    return this._missed.get(cell);
  }

  /** It is another one for this cell, or there is none any more. */
  get changed(): ISignal<this, ICellModel> {
    return this._changed;
  }

  /** Keep an eye on a cell until the function that is returned is called. */
  watch(cell: ICellModel): () => void {
    if (!isCode(cell)) {
      return () => undefined;
    }
    const look = () => this.look(cell);
    const { outputs } = cell; // which a cell that is gone has no more
    this._watched.add(cell);
    outputs.changed.connect(look);
    this.look(cell);
    return () => {
      this._watched.delete(cell);
      outputs.changed.disconnect(look);
    };
  }

  /** The person does not want to hear of it again. */
  dismiss(cell: ICellModel): void {
    const missed = this._missed.get(cell);
    if (missed) {
      this._dismissed.set(cell, missed.run.run);
      this._set(cell, undefined);
    }
  }

  /** Look at these cells now, whatever was dismissed. */
  async find(cells: readonly ICellModel[]): Promise<{ cell: CodeCellModel; run: Run }[]> {
    const found: { cell: CodeCellModel; run: Run }[] = [];
    for (const [cell, run] of await this._lastRuns(cells)) {
      if (run && (await this._isMissing(cell, run))) {
        found.push({ cell, run });
      }
    }
    return found;
  }

  /** Soon. */
  look(cell: ICellModel): void {
    if (this._watched.has(cell)) {
      this._pending.add(cell);
      this._timer ??= setTimeout(() => {
        this._timer = undefined;
        void this._look();
      }, GATHER_MS);
    }
  }

  private async _look(): Promise<void> {
    const cells = [...this._pending];
    this._pending.clear();
    if (!this._history.isOpen) {
      cells.forEach(cell => this._set(cell, undefined));
      return;
    }
    try {
      for (const [cell, run] of await this._lastRuns(cells)) {
        const missing = run && this._dismissed.get(cell) !== run.run && (await this._isMissing(cell, run));
        this._set(cell, missing ? { run, isQuiet: this._isQuiet(cell, run) } : undefined);
      }
    } catch {
      // the kernel went away; when it is back, the cells are looked at again
    }
  }

  /** Of the text that each of the cells has; null: it has none, or the cell is waiting for its own. */
  private async _lastRuns(cells: readonly ICellModel[]): Promise<Map<CodeCellModel, Run | null>> {
    const code = cells.filter(cell => !cell.isDisposed).filter(isCode);
    // Of what is still printing, nothing is asked: it would be asked again with each line.
    const texts = code
      .filter(cell => !this._isBusy(cell))
      .map(cell => ({ cell: cell.id, text: cell.sharedModel.getSource() }));
    const heads = texts.length > 0 ? await this._history.recorder.comparison.ask(texts) : [];
    const runs = new Map(heads.map(({ cell, run }) => [cell, run]));
    const there = code.filter(cell => !cell.isDisposed);
    return new Map(there.map(cell => [cell, this._isBusy(cell) ? null : (runs.get(cell.id) ?? null)]));
  }

  private async _isMissing(cell: CodeCellModel, run: Run): Promise<boolean> {
    const { seen, restorer, connection } = this._history;
    if (cell.isDisposed) {
      return false; // while others were asked for
    }
    const shown = () => cell.outputs.length > 0;
    if (run.status === 'running') {
      return restorer.oldOutputs(cell) === undefined;
    }
    // What says of itself whose it is misleads nobody, nor what a run has just left here, of whatever text.
    const isKnown =
      restorer.oldOutputs(cell) !== undefined || seen.of(cell) !== undefined || seen.hasShown(cell, run.run);
    if (run.outputs === 0 || (isKnown && shown())) {
      return false;
    }
    if (!shown()) {
      return true;
    }
    const answer = await connection.request<RunOutputs>('outputs', { run: run.run, limit_bytes: COMPARED_BYTES });
    return !cell.isDisposed && !this._isBusy(cell) && !showsAll(cell.outputs.toJSON(), answer.outputs, answer.left_out);
  }

  private _isBusy(cell: CodeCellModel): boolean {
    return isRunning(cell) || this._history.seen.isWaiting(cell);
  }

  /** The file was saved after the run, or the page has shown its outputs: somebody wanted them away. */
  private _isQuiet(cell: ICellModel, run: Run): boolean {
    const { seen, recorder } = this._history;
    return run.status !== 'running' && (seen.hasShown(cell, run.run) || run.ended < recorder.comparison.saved);
  }

  private _set(cell: ICellModel, missed: Missed | undefined): void {
    const before = this._missed.get(cell);
    if (missed || before) {
      if (missed) {
        this._missed.set(cell, missed);
      } else {
        this._missed.delete(cell);
      }
      this._changed.emit(cell);
    }
  }

  private _onTold(told: Told): void {
    if (told.type !== 'changed') {
      return;
    }
    const runs = told.run && told.cell && told.status ? [{ run: told.run, cell: told.cell, status: told.status }] : [];
    for (const { run, cell, status } of [...runs, ...(told.runs ?? [])]) {
      this._lookAt(cell);
      if (status !== 'running') {
        this._renew(cell, run);
      }
    }
  }

  /** What the history put there was from the middle of a run that has ended now. */
  private _renew(id: string, run: number): void {
    const { restorer, panel } = this._history;
    const cell = [...(panel.content.model?.cells ?? [])].find(one => one.id === id);
    const old = cell && restorer.oldOutputs(cell)?.run;
    if (cell && old?.run === run && old.status === 'running') {
      restorer.showRun(cell, old).catch(() => undefined); // its line says that it is from the middle
    }
  }

  /** Nothing is asked of a text that is being typed. */
  private _lookAfterTyping(id: string): void {
    this._typed.add(id);
    clearTimeout(this._typingTimer);
    this._typingTimer = setTimeout(() => {
      this._typed.forEach(one => this._lookAt(one));
      this._typed.clear();
    }, TYPING_MS);
  }

  private _lookAt(id: string): void {
    this._watched.forEach(cell => {
      if (cell.id === id) {
        this.look(cell);
      }
    });
  }

  private _watched = new Set<ICellModel>();
  private _missed = new WeakMap<ICellModel, Missed>();
  private _dismissed = new WeakMap<ICellModel, number>(); // the run that was not wanted
  private _pending = new Set<ICellModel>();
  private _typed = new Set<string>(); // cells
  private _timer?: ReturnType<typeof setTimeout>;
  private _typingTimer?: ReturnType<typeof setTimeout>;
  private _changed = new Signal<this, ICellModel>(this);
}
