import type { YCellType, YNotebook } from '@jupyter/ydoc';
import type * as Y from 'yjs';
import { ExtrasLog } from './extras.js';
import { CellLog, UNDO_STOP_MS, type Cause, type Step } from './cell_log.js';
import type { Delta } from './text.js';

export type CellType = 'code' | 'markdown' | 'raw';

/** What happened to a notebook, in the order in which it happened; times in ms. */
export type Edit =
  | {
      kind: 'text';
      cell: string;
      type: CellType;
      cause: Cause;
      text: string;
      time: number;
      origin?: string;
      origins?: string[]; // all cells that a merged text came from
      extras?: string; // JSON of attachments and metadata, where they are new to the history
    }
  | { kind: 'delete'; cell: string; time: number }
  | { kind: 'layout'; cells: string[]; time: number };

export interface CaptureOptions {
  /** Gets every edit, never from within a keystroke. */
  record: (edits: Edit[]) => void;
  /** What made the last change of an editor, for changes that come from one. */
  editorCause?: () => Cause;
  /** The same of other changes. */
  programCause?: () => Cause;
  /** Another person's page changed the text of a cell. */
  elsewhere?: (cell: string) => void;
  /** The whole notebook was read from its file again, after these edits were recorded. */
  reloaded?: (what: Reloaded) => void;
}

/** What a file that was read again made different, by the ids of cells. */
export interface Reloaded {
  changed: string[];
  gone: string[];
  come: string[];
}

interface Watched {
  id: string; // the shared model of a cell that is gone has none
  shared: YCellType;
  type: CellType;
  log: CellLog;
  extras: ExtrasLog;
  told: boolean; // the history has the text that its next edit starts from
  stop: () => void;
}

/** Deleted cells whose texts are kept to see where a pasted cell is from. */
const GONE_MAX = 50;

/** Where the text of a new cell is from. */
interface Source {
  cause: Cause;
  origin?: string;
  origins?: string[];
}

/**
 * Watches the shared model of a notebook, never its editors: those are missing for cells outside the window. A
 * keystroke costs a push; all else is done when the editor's undo step is over.
 */
export class NotebookCapture {
  constructor(notebook: YNotebook, options: CaptureOptions) {
    this._notebook = notebook;
    this._options = options;
    this._ycells = notebook.ydoc.getArray('cells');
    notebook.cells.forEach(cell => this._watch(cell));
    this._order = this._toldOrder = notebook.cells.map(cell => cell.id);
    this._ycells.observe(this._onCells);
    notebook.ydoc.on('afterTransaction', this._afterTransaction);
  }

  dispose(): void {
    this._ycells.unobserve(this._onCells);
    this._notebook.ydoc.off('afterTransaction', this._afterTransaction);
    clearTimeout(this._timer);
    this._cells.forEach(watched => watched.stop());
    this._cells.clear();
  }

  /** Tell all that happened until now, also what is still being typed. */
  flush(): void {
    this._collect(true);
  }

  /** Run `change`; what it does to texts is told under this cause. */
  during<T>(cause: Cause, change: () => T): T {
    const outer = this._during;
    this._during = cause;
    try {
      return change();
    } finally {
      this._during = outer;
    }
  }

  private _watch(shared: YCellType): Watched {
    const known = this._cells.get(shared.id);
    known?.stop();
    const ysource = shared.ysource;
    const manager = shared.undoManager;
    const watched: Watched = {
      id: shared.id,
      shared,
      type: shared.cell_type as CellType,
      log: known?.log ?? new CellLog(shared.getSource(), shared.cell_type === 'code'),
      extras: new ExtrasLog(shared, known?.extras),
      told: known?.told ?? false,
      stop: () => {
        stopExtras();
        ysource.unobserve(onText);
        manager?.off('stack-item-added', onStop);
      }
    };
    const onText = (event: Y.YTextEvent, transaction: Y.Transaction) => {
      watched.log.push(event.delta as Delta, this._causeOf(shared, transaction), Date.now());
      this._touched.add(watched);
      this._schedule();
    };
    const onStop = (event: StackItemEvent) => {
      if (event.type === 'undo' && event.changedParentTypes.has(ysource)) {
        watched.log.stopBeforeLast();
      }
    };
    const stopExtras = watched.extras.watch(shared, () => this._schedule());
    ysource.observe(onText);
    manager?.on('stack-item-added', onStop);
    this._cells.set(shared.id, watched);
    return watched;
  }

  private _causeOf(cell: YCellType, transaction: Y.Transaction): Step['cause'] {
    const origin = transaction.origin;
    if (!transaction.local) {
      return 'elsewhere';
    }
    for (const manager of [cell.undoManager, this._notebook.undoManager]) {
      if (manager && origin === manager) {
        return manager.redoing ? 'redo' : 'undo';
      }
    }
    if (this._during) {
      return this._during;
    }
    const typed = origin && (origin as { ytext?: Y.Text }).ytext === cell.ysource;
    const { editorCause, programCause } = this._options;
    return typed ? (editorCause?.() ?? 'typing') : (programCause?.() ?? 'program');
  }

  private _onCells = (): void => {
    this._reordered = true;
  };

  private _afterTransaction = (transaction: Y.Transaction): void => {
    if (this._reordered) {
      this._reordered = false;
      this._onStructure(transaction);
    }
    this._touched.clear();
  };

  /** Cells came, went, moved or changed their type, in this transaction. */
  private _onStructure(transaction: Y.Transaction): void {
    const now = Date.now();
    const cells = this._notebook.cells;
    const ids = new Set(cells.map(cell => cell.id));
    const removed = [...this._cells.keys()].filter(id => !ids.has(id));
    const added = cells.filter(cell => !this._cells.has(cell.id));
    this._tellAllBefore(now);
    this._order = cells.map(cell => cell.id);
    const reloaded = this._reloadedBy(cells, removed, added);
    const lost = new Map(removed.map(id => [id, this._cells.get(id)!.log.taken]));
    cells
      .filter(cell => this._cells.has(cell.id) && this._cells.get(cell.id)!.shared !== cell)
      .forEach(cell => this._replace(cell, now));
    added.forEach(cell => this._add(cell, this._sourceOfNew(cell, lost, added.length, transaction), now));
    for (const [id, text] of lost) {
      this._cells.get(id)?.stop();
      this._cells.delete(id);
      this._gone.set(id, text);
      this._pending.push({ kind: 'delete', cell: id, time: now });
    }
    for (const id of [...this._gone.keys()].slice(0, -GONE_MAX)) {
      this._gone.delete(id);
    }
    this._schedule();
    if (reloaded) {
      this._options.reloaded?.(reloaded);
    }
  }

  /** A file that is read again makes every cell anew; undefined: it is something else, or all is as it was. */
  private _reloadedBy(cells: readonly YCellType[], removed: string[], added: YCellType[]): Reloaded | undefined {
    const known = cells.filter(cell => this._cells.has(cell.id));
    if (known.length === 0 || known.some(cell => this._cells.get(cell.id)!.shared === cell)) {
      return undefined;
    }
    const changed = known.filter(cell => this._cells.get(cell.id)!.log.taken !== cell.getSource());
    const what = { changed: changed.map(cell => cell.id), gone: removed, come: added.map(cell => cell.id) };
    return changed.length + removed.length + added.length > 0 ? what : undefined;
  }

  /** What was typed before this transaction comes before what it did. */
  private _tellAllBefore(now: number): void {
    this._cells.forEach(watched => {
      const { log } = watched;
      this._tell(watched, log.told, this._touched.has(watched) ? log.takeBeforeLast(now) : log.take(now, true));
      this._tellExtras(watched, now);
    });
  }

  /** A moved cell and one of another type is a new model under the id that it had. */
  private _replace(cell: YCellType, now: number): void {
    const before = this._cells.get(cell.id)!;
    const watched = this._watch(cell);
    const text = cell.getSource();
    const changed = watched.log.taken !== text;
    if (changed || before.type !== watched.type) {
      watched.log = new CellLog(text, watched.type === 'code');
      watched.told = true;
      this._pushText(cell.id, watched.type, { cause: changed ? 'file' : 'program' }, text, now);
    }
  }

  private _add(cell: YCellType, source: Source, now: number): void {
    const watched = this._watch(cell);
    const text = cell.getSource();
    if (text !== '' || source.cause === 'undo' || source.cause === 'redo') {
      watched.told = true;
      if (source.origin !== undefined) {
        watched.extras.setDue(); // the history gives it those of its origin
      }
      this._pushText(cell.id, watched.type, source, text, now);
    }
  }

  /** The pieces of a split, the sum of a merge, a copy, a deleted cell that undo brought back. */
  private _sourceOfNew(
    cell: YCellType,
    lost: Map<string, string>,
    addedCount: number,
    transaction: Y.Transaction
  ): Source {
    const text = cell.getSource();
    const manager = this._notebook.undoManager;
    if (!transaction.local) {
      return { cause: 'program' };
    }
    if (manager && transaction.origin === manager) {
      return { cause: manager.redoing ? 'redo' : 'undo' };
    }
    for (const watched of this._touched) {
      const before = watched.log.taken;
      if (text !== '' && before.includes(text) && watched.shared.getSource().length < before.length) {
        watched.log.setLastCause('split');
        return { cause: 'split', origin: watched.id };
      }
    }
    const parts = [...lost].filter(([, piece]) => piece !== '' && text.includes(piece)).map(([id]) => id);
    if (parts.length > 0 && addedCount === 1 && lost.size > 1) {
      return { cause: 'merge', origin: parts[0], origins: parts };
    }
    const copied = this._findText(text);
    return copied && !this._during ? { cause: 'paste', origin: copied } : { cause: this._during ?? 'program' };
  }

  /** A cell, of those here first, that has this text. */
  private _findText(text: string): string | undefined {
    if (text === '') {
      return undefined;
    }
    const here = [...this._cells].find(([, watched]) => watched.log.taken === text);
    const gone = [...this._gone].reverse().find(([, old]) => old === text);
    return (here ?? gone)?.[0];
  }

  private _schedule(): void {
    this._timer ??= setTimeout(() => {
      this._timer = undefined;
      this._collect(false);
    }, UNDO_STOP_MS);
  }

  private _collect(force: boolean): void {
    const now = Date.now();
    let typing = false;
    this._cells.forEach(watched => {
      if (!watched.log.isEmpty) {
        this._tell(watched, watched.log.told, watched.log.take(now, force));
        typing ||= !watched.log.isEmpty;
      }
      this._tellExtras(watched, now);
    });
    const edits = this._pending;
    const moved = this._order.join('\n') !== this._toldOrder.join('\n');
    if (edits.length > 0 || moved) {
      if (!this._told) {
        this._told = true;
        edits.unshift({ kind: 'layout', cells: this._toldOrder, time: edits[0]?.time ?? now });
      }
      if (moved) {
        edits.push({ kind: 'layout', cells: this._order, time: now });
        this._toldOrder = this._order;
      }
      this._pending = [];
      this._options.record(edits);
    }
    if (typing) {
      this._schedule();
    }
  }

  private _tell(watched: Watched, before: string, steps: Step[]): void {
    const { id } = watched;
    let base = before;
    for (const { text, cause, time } of steps) {
      if (cause === 'elsewhere') {
        watched.told = false; // their page tells of it
        this._options.elsewhere?.(id);
      } else {
        if (!watched.told) {
          this._pushText(id, watched.type, { cause: 'file' }, base, time);
          watched.told = true;
        }
        this._pushText(id, watched.type, { cause }, text, time);
      }
      base = text;
    }
  }

  /** A change of attachments or metadata alone, with the text that the history has: as from a file it adds nothing. */
  private _tellExtras(watched: Watched, now: number): void {
    if (watched.extras.isChanged) {
      watched.told = true;
      this._pushText(watched.id, watched.type, { cause: 'file' }, watched.log.told, now);
    }
  }

  private _pushText(cell: string, type: CellType, source: Source, text: string, time: number): void {
    const extras = this._cells.get(cell)?.extras.take();
    this._pending.push({ kind: 'text', cell, type, ...source, text, time, ...(extras !== undefined && { extras }) });
  }

  private _notebook: YNotebook;
  private _options: CaptureOptions;
  private _ycells: Y.Array<unknown>;
  private _cells = new Map<string, Watched>();
  private _gone = new Map<string, string>();
  private _order: string[];
  private _toldOrder: string[];
  private _told = false; // opening a notebook tells nothing; what it began with comes before the first edit
  private _touched = new Set<Watched>(); // by the transaction that is going on
  private _reordered = false;
  private _pending: Edit[] = [];
  private _during?: Cause;
  private _timer?: ReturnType<typeof setTimeout>;
}

interface StackItemEvent {
  type: 'undo' | 'redo';
  changedParentTypes: Map<unknown, unknown>;
}
