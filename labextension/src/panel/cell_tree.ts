import { Signal, type ISignal } from '@lumino/signaling';
import type { HistoryConnection } from '../kernel/connection.js';
import type { Block, CellInfo, Change, Told, Version } from '../kernel/protocol.js';

/** Versions in the first answer, which is shown at once and says what each changed, and in the later ones. */
const FIRST_PAGE = 60;
const PAGE = 1000;

/** Changes that the kernel is told of come in bursts (ms). */
const COALESCE_MS = 100;

/** How many numbers one question may have. */
const CHANGES_AT_ONCE = 200;

interface Page {
  versions: Version[];
  more: boolean;
}

type Ask = Pick<HistoryConnection, 'request'>;

/** What is known to have changed since it was last asked for. */
interface Stale {
  newest: boolean; // versions were added, or the head moved
  head?: number;
  versions: Set<number>;
  everything: boolean;
}

/**
 * The versions of one cell: the newest are asked for first, older ones while the browser is idle. Kept up to date
 * only while somebody looks.
 */
export class CellTree {
  constructor(
    readonly cell: string,
    connection: Ask
  ) {
    this._connection = connection;
  }

  /** By number, oldest first. */
  get versions(): readonly Version[] {
    return this._versions;
  }

  /** 0: unknown as yet, or the cell has no version. */
  get head(): number {
    return this._head;
  }

  /** The first answer is there. */
  get isLoaded(): boolean {
    return this._loaded;
  }

  /** So are all others. */
  get isComplete(): boolean {
    return this._loaded && this._oldest === 0;
  }

  get error(): string | undefined {
    return this._error;
  }

  /** What versions changed, as far as it is known. */
  get changes(): ReadonlyMap<number, Change> {
    return this._changes;
  }

  /** What a version changed against one that is not its parent. */
  span(from: number, to: number): Change | undefined {
    return this._spans.get(`${from} ${to}`);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Somebody looks; returns what to call when that is over. */
  watch(): () => void {
    this._watchers++;
    void this._refresh();
    return () => {
      this._watchers--;
    };
  }

  invalidate(what: Partial<Omit<Stale, 'versions'>> & { versions?: number[] }): void {
    this._stale.newest ||= what.newest ?? false;
    this._stale.everything ||= what.everything ?? false;
    this._stale.head = what.head ?? this._stale.head;
    what.versions?.forEach(version => this._stale.versions.add(version));
    if (this._watchers > 0 && this._timer === undefined) {
      this._timer = setTimeout(() => {
        this._timer = undefined;
        void this._refresh();
      }, COALESCE_MS);
    }
  }

  dispose(): void {
    clearTimeout(this._timer);
    this._watchers = 0;
    Signal.clearData(this);
  }

  /** Ask what these versions changed, where that is not known. */
  async needChanges(versions: readonly number[]): Promise<void> {
    const missing = versions.filter(version => !this._changes.has(version) && !this._asked.has(version));
    if (missing.length === 0) {
      return;
    }
    const now = missing.slice(0, CHANGES_AT_ONCE);
    now.forEach(version => this._asked.add(version));
    try {
      const answer = await this._connection.request<{ changes: (Change & { version: number })[]; later: number[] }>(
        'changes',
        { versions: now }
      );
      answer.changes.forEach(change => this._changes.set(change.version, change));
      answer.later.forEach(version => this._asked.delete(version));
      this._changed.emit();
      if (answer.changes.length > 0) {
        await this.needChanges(answer.later);
      }
    } catch {
      now.forEach(version => this._asked.delete(version)); // a row says less; it is asked for again when it is shown
    }
  }

  /** Ask what changed between these versions, one after the other; a later call replaces what is still to be asked. */
  async needSpans(pairs: readonly { from: number; to: number }[]): Promise<void> {
    this._spansWanted = pairs.filter(({ from, to }) => !this._spans.has(`${from} ${to}`));
    if (this._askingSpans) {
      return;
    }
    this._askingSpans = true;
    try {
      for (let pair = this._spansWanted.shift(); pair; pair = this._spansWanted.shift()) {
        const { from, to } = pair;
        const { blocks } = await this._connection.request<{ blocks: Block[] }>('diff', { left: from, right: to });
        this._spans.set(`${from} ${to}`, changeOf(blocks));
        this._changed.emit();
      }
    } catch {
      // the rows say what the last step changed
    } finally {
      this._askingSpans = false;
    }
  }

  /** What is stale, then what was never asked for. One at a time; what turns stale meanwhile comes after it. */
  private async _refresh(): Promise<void> {
    if (this._busy) {
      return;
    }
    this._busy = true;
    try {
      for (;;) {
        const stale = this._stale;
        if (this._watchers === 0) {
          break;
        } else if (!this._loaded || stale.newest || stale.everything) {
          this._stale = fresh();
          await this._readNewest(stale);
        } else if (stale.versions.size > 0) {
          this._stale = fresh();
          const versions = [...stale.versions].slice(0, 64);
          this._merge((await this._connection.request<Page>('versions', { versions })).versions);
          this._changed.emit();
        } else if (this._oldest > 0) {
          await idle();
          await this._readOlder();
        } else {
          break;
        }
      }
      this._error = undefined;
    } catch (error) {
      this._error = error instanceof Error ? error.message : String(error);
      this._stale.newest = true;
      this._changed.emit();
    } finally {
      this._busy = false;
    }
  }

  private async _readNewest(stale: Stale): Promise<void> {
    const page = await this._askNewest();
    const first = page.versions[0]?.version ?? 0;
    const gap = page.more && first > (this._versions.at(-1)?.version ?? 0);
    if (gap || !page.more) {
      this._versions = [];
    }
    if (!this._loaded || gap || stale.everything || !page.more) {
      this._oldest = page.more ? first : 0;
    }
    this._merge(page.versions);
    const head = page.versions.find(version => version.head)?.version ?? stale.head;
    this._setHead(head ?? this._head);
    this._loaded = true;
    stale.versions.forEach(version => version < first && this._stale.versions.add(version));
    this._changed.emit();
  }

  private async _askNewest(): Promise<Page> {
    try {
      return await this._connection.request<Page>('tree', { cell: this.cell, limit: FIRST_PAGE, changes: true });
    } catch (error) {
      const { cells } = await this._connection.request<{ cells: CellInfo[] }>('cells');
      if (cells.some(one => one.cell === this.cell)) {
        throw error;
      }
      return { versions: [], more: false }; // the history has not met the cell yet
    }
  }

  private async _readOlder(): Promise<void> {
    const before = this._oldest;
    const page = await this._connection.request<Page>('tree', { cell: this.cell, before, limit: PAGE });
    if (before === this._oldest) {
      this._oldest = page.more ? (page.versions[0]?.version ?? 0) : 0;
      this._merge(page.versions);
      this._setHead(page.versions.find(version => version.head)?.version ?? this._head);
      this._changed.emit();
    }
  }

  private _merge(page: Version[]): void {
    for (const version of page) {
      if (version.change) {
        this._changes.set(version.version, version.change);
        delete version.change;
      }
      delete version.text;
    }
    this._versions = mergePage(this._versions, page);
  }

  private _setHead(head: number): void {
    this._head = head;
    for (const version of this._versions) {
      version.head = version.version === head;
    }
  }

  private _connection: Ask;
  private _versions: Version[] = [];
  private _changes = new Map<number, Change>();
  private _asked = new Set<number>();
  private _spans = new Map<string, Change>();
  private _spansWanted: { from: number; to: number }[] = [];
  private _askingSpans = false;
  private _head = 0;
  private _oldest = 0; // number below which there is more; 0: there is nothing
  private _loaded = false;
  private _busy = false;
  private _watchers = 0;
  private _stale = fresh();
  private _timer?: ReturnType<typeof setTimeout>;
  private _error?: string;
  private _changed = new Signal<this, void>(this);
}

function fresh(): Stale {
  return { newest: false, versions: new Set(), everything: false };
}

/** In few words, as the kernel says it of single versions. */
export function changeOf(blocks: readonly Block[]): Change {
  const change: Change = { added: 0, removed: 0, summary: '' };
  let removed = '';
  for (const block of blocks) {
    if (block.kind === 'changed') {
      change.added += block.added.length;
      change.removed += block.removed.length;
      const [added] = block.added.filter(line => line.trim() !== '');
      change.summary ||= added === undefined ? '' : `+ ${added.trim()}`;
      removed ||= block.removed.length === 0 ? '' : `- ${block.removed[0].trim()}`;
    }
  }
  change.summary ||= removed;
  return change;
}

/** Both are by number; where both have a version, the page's is newer. */
export function mergePage(versions: readonly Version[], page: readonly Version[]): Version[] {
  const merged: Version[] = [];
  let next = 0;
  for (const version of page) {
    while (next < versions.length && versions[next].version < version.version) {
      merged.push(versions[next++]);
    }
    if (versions[next]?.version === version.version) {
      next++;
    }
    merged.push(version);
  }
  while (next < versions.length) {
    merged.push(versions[next++]);
  }
  return merged;
}

/** When the browser has nothing else to do; Safari does not tell. */
function idle(): Promise<void> {
  return new Promise(resolve => {
    if (typeof requestIdleCallback === 'function') {
      requestIdleCallback(() => resolve(), { timeout: 500 });
    } else {
      setTimeout(resolve, 50);
    }
  });
}

/** Trees that are kept although nobody looks at them. */
const TREES_MAX = 20;

/** The trees of the cells of one notebook, told of what changes. */
export class CellTrees {
  constructor(
    connection: Ask & Pick<HistoryConnection, 'told' | 'stateChanged'>,
    heads: ISignal<unknown, Record<string, number>>
  ) {
    this._connection = connection;
    connection.told.connect((_, told) => this._onTold(told as Told), this);
    connection.stateChanged.connect(() => this._all({ newest: true, everything: true }), this);
    heads.connect((_, moved) => this._onHeads(moved), this);
  }

  /** Something in the notebook changed, in any cell. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  of(cell: string): CellTree {
    const tree = this._trees.get(cell) ?? new CellTree(cell, this._connection);
    this._trees.delete(cell);
    this._trees.set(cell, tree); // the last one is the one used last
    for (const old of [...this._trees.keys()].slice(0, -TREES_MAX)) {
      this._trees.get(old)!.dispose();
      this._trees.delete(old);
    }
    return tree;
  }

  dispose(): void {
    this._trees.forEach(tree => tree.dispose());
    Signal.clearData(this);
  }

  private _onTold(told: Told): void {
    if (told.type !== 'changed') {
      return;
    }
    this._onHeads(told.heads ?? {});
    if (told.head !== undefined && told.cell !== undefined) {
      this._onHeads({ [told.cell]: told.head });
    } else if (told.cell !== undefined && told.version !== undefined) {
      this._trees.get(told.cell)?.invalidate({ newest: true, versions: [told.version] });
    } else if (told.version !== undefined) {
      this._all({ versions: [told.version] }, told.version);
    } else if (told.run !== undefined) {
      const run = told.run;
      this._trees.forEach(tree => {
        const version = tree.versions.find(one => one.runs.some(its => its.run === run));
        tree.invalidate({ versions: version ? [version.version] : [] });
      });
    }
    told.runs?.forEach(run => this._trees.get(run.cell)?.invalidate({ newest: true, versions: [run.version] }));
    if (told.marks || told.file) {
      this._all({ newest: true, everything: true });
    }
    this._changed.emit();
  }

  private _onHeads(heads: Record<string, number>): void {
    Object.entries(heads).forEach(([cell, head]) => this._trees.get(cell)?.invalidate({ newest: true, head }));
    this._changed.emit();
  }

  /** `version`: only the trees that have it. */
  private _all(what: Parameters<CellTree['invalidate']>[0], version?: number): void {
    this._trees.forEach(tree => {
      if (version === undefined || tree.versions.some(one => one.version === version)) {
        tree.invalidate(what);
      }
    });
  }

  private _connection: Ask;
  private _trees = new Map<string, CellTree>();
  private _changed = new Signal<this, void>(this);
}
