import { Signal, type ISignal } from '@lumino/signaling';
import type { CellInfo, Told, Version } from '../kernel/protocol.js';
import type { NotebookHistory } from '../notebook_history.js';

/** As far back as the cell's own switcher looks. */
const VERSIONS_MAX = 500;

/** What a page typed comes in small steps: so many of the newest are asked for then. */
const VERSIONS_NEW = 20;

/** What happens in this time is asked for once (ms). */
const GATHER_MS = 300;

/**
 * The version trees of the cells that are looked at. One question when the kernel is there says which cells have more
 * than one version; each tree is asked for when its cell is on the screen, and again when something happens to it.
 */
export class CellTrees {
  constructor(history: NotebookHistory) {
    this._history = history;
    history.connection.stateChanged.connect(this._onState, this);
    history.connection.told.connect((_, told) => this._onTold(told as unknown as Told), this);
    history.headsMoved.connect((_, heads) => this._onHeads(heads), this);
    history.panel.disposed.connect(this.dispose, this);
    this._onState();
  }

  /** The versions of a cell, oldest first; undefined: not known, or there is only one. */
  of(cell: string): readonly Version[] | undefined {
    return this._trees.get(cell);
  }

  /** The tree of this cell is another one. */
  get changed(): ISignal<this, string> {
    return this._changed;
  }

  /** Ask for this cell's tree whenever something happens to it. */
  watch(cell: string): void {
    if (!this._watched.has(cell)) {
      this._watched.add(cell);
      this._schedule();
    }
  }

  unwatch(cell: string): void {
    this._watched.delete(cell);
  }

  /** The tree as it is now. */
  async load(cell: string): Promise<readonly Version[]> {
    this._stale.delete(cell);
    const { versions } = await this._ask(cell, VERSIONS_MAX);
    this._set(cell, versions);
    return versions;
  }

  dispose(): void {
    clearTimeout(this._timer);
    this._disposed = true;
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private _onState(): void {
    if (this._history.isOpen) {
      void this._loadCells();
    } else if (this._history.connection.state === 'none') {
      const known = [...this._trees.keys()];
      this._trees.clear();
      this._stale.clear();
      known.forEach(cell => this._changed.emit(cell));
    }
  }

  private async _loadCells(): Promise<void> {
    try {
      const { cells } = await this._history.connection.request<{ cells: CellInfo[] }>('cells');
      cells.filter(cell => cell.versions > 1 && cell.deleted === 0).forEach(({ cell }) => this._mark(cell, true));
    } catch {
      // the kernel went away; its successor is asked
    }
  }

  private _onTold(told: Told): void {
    if (told.type !== 'changed') {
      return;
    }
    if (told.cell) {
      this._mark(told.cell, true);
    }
    (told.runs ?? []).forEach(run => this._mark(run.cell, true));
    if (told.heads) {
      this._onHeads(told.heads);
    }
    if (told.file || told.marks) {
      this._watched.forEach(cell => this._mark(cell, true));
    }
  }

  private _onHeads(heads: Record<string, number>): void {
    Object.keys(heads).forEach(cell => this._mark(cell, false));
  }

  private _mark(cell: string, whole: boolean): void {
    this._stale.set(cell, whole || (this._stale.get(cell) ?? !this._trees.has(cell)));
    this._schedule();
  }

  private _schedule(): void {
    if (this._timer === undefined && !this._disposed) {
      this._timer = setTimeout(() => {
        void this._loadStale().finally(() => {
          this._timer = undefined;
          if ([...this._stale.keys()].some(cell => this._watched.has(cell)) && this._history.isOpen) {
            this._schedule();
          }
        });
      }, GATHER_MS);
    }
  }

  private async _loadStale(): Promise<void> {
    for (const [cell, whole] of [...this._stale]) {
      if (this._watched.has(cell) && this._history.isOpen) {
        this._stale.delete(cell);
        try {
          await (whole ? this.load(cell) : this._loadNewest(cell));
        } catch {
          this._stale.set(cell, true); // the kernel went away
          return;
        }
      }
    }
  }

  /** The newest versions, put to those that are known. */
  private async _loadNewest(cell: string): Promise<void> {
    const known = this._trees.get(cell) ?? [];
    const { versions } = await this._ask(cell, VERSIONS_NEW);
    const first = versions[0]?.version ?? 0;
    if (known.some(version => version.version === first) && versions.some(version => version.head)) {
      const before = known.filter(version => version.version < first);
      this._set(cell, [...before.map(version => (version.head ? { ...version, head: false } : version)), ...versions]);
    } else {
      await this.load(cell);
    }
  }

  private _ask(cell: string, limit: number): Promise<{ versions: Version[] }> {
    return this._history.connection.request<{ versions: Version[] }>('tree', { cell, limit });
  }

  private _set(cell: string, versions: Version[]): void {
    this._trees.set(cell, versions);
    if (!this._disposed) {
      this._changed.emit(cell);
    }
  }

  private _history: NotebookHistory;
  private _trees = new Map<string, Version[]>();
  private _stale = new Map<string, boolean>(); // true: all of it
  private _watched = new Set<string>();
  private _timer?: ReturnType<typeof setTimeout>;
  private _disposed = false;
  private _changed = new Signal<this, string>(this);
}
