import type { CodeCellModel, ICellModel } from '@jupyterlab/cells';
import type { RunStatus } from '../kernel/protocol.js';

/** A run that this page sent and waits for. */
interface Sent {
  run: number; // 0: the kernel has not begun it
  ended: boolean;
}

/**
 * The runs whose outputs came to this page, every one of them: it sent the cell and was connected until the end, and
 * nobody has changed the outputs since. Of all other outputs on the page nobody knows whose they are: they may be from
 * the file, from the middle of a run, or of a run before.
 */
export class SeenRuns {
  /** The run that made the outputs that the cell shows; undefined: it is not known. */
  of(cell: ICellModel): number | undefined {
    return this._seen.get(cell);
  }

  /** The page has once shown all outputs of this run. */
  hasShown(cell: ICellModel, run: number): boolean {
    return this._shown.get(cell)?.has(run) ?? false;
  }

  isWaiting(cell: ICellModel): boolean {
    return (this._sent.get(cell)?.length ?? 0) > 0;
  }

  /** The page has asked the kernel to run the cell. */
  sent(cell: ICellModel): void {
    const sent = this._sent.get(cell) ?? [];
    sent.push({ run: 0, ended: false });
    this._sent.set(cell, sent);
  }

  /** The kernel told of a run of this cell; true: it is one that this page sent. */
  told(cell: ICellModel, run: number, status: RunStatus): boolean {
    const sent = this._sent.get(cell)?.find(one => one.run === run || one.run === 0);
    if (!sent) {
      return false;
    }
    sent.run = run;
    sent.ended = status !== 'running';
    return true;
  }

  /** All has come that comes of the run that was sent first; `isWhole`: nothing was held back on the way. */
  done(cell: ICellModel, isWhole = true): void {
    const sent = this._sent.get(cell)?.shift();
    if (isWhole && sent?.ended && sent.run > 0) {
      this.mark(cell, sent.run);
    }
  }

  /** Messages may be missing: what waits is not seen whole. */
  disconnected(): void {
    this._sent = new WeakMap();
  }

  /** The cell shows what this run made, and all of it. */
  mark(cell: ICellModel, run: number): void {
    this._seen.set(cell, run);
    this._shown.set(cell, (this._shown.get(cell) ?? new Set()).add(run));
    if (!this._watched.has(cell)) {
      this._watched.add(cell);
      (cell as CodeCellModel).outputs.changed.connect(() => this._seen.delete(cell));
    }
  }

  private _sent = new WeakMap<ICellModel, Sent[]>();
  private _seen = new WeakMap<ICellModel, number>();
  private _shown = new WeakMap<ICellModel, Set<number>>();
  private _watched = new WeakSet<ICellModel>();
}

/** The server passes over messages that come too fast, and says so among them. */
const HELD_BACK = /IOPub (data|message) rate exceeded/;

export function wasHeldBack(cell: CodeCellModel): boolean {
  for (let i = 0; i < cell.outputs.length; i++) {
    const output = cell.outputs.get(i);
    if (output.type === 'stream' && HELD_BACK.test(String(output.toJSON().text))) {
      return true;
    }
  }
  return false;
}
