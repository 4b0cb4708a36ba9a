import { Signal, type ISignal } from '@lumino/signaling';
import type { PageHeads } from '../page/page_heads.js';
import { RefusedError, type HistoryConnection } from '../kernel/connection.js';
import type { Block, Change, Edge, Version } from '../kernel/protocol.js';
import { changeOf, VersionChanges } from './version_changes.js';

/** Versions in the first answer, which is shown at once and says what each changed, and in the later ones. */
const FIRST_PAGE = 60;
const PAGE = 1000;

/** Changes that the kernel is told of come in bursts (ms). */
const COALESCE_MS = 200;

/** How many numbers one question may have. */
const VERSIONS_AT_ONCE = 64;

interface Page {
  versions: Version[];
  more: boolean;
  origins?: Edge[];
  pieces?: Edge[];
}

export type Ask = Pick<HistoryConnection, 'request'>;

/** What is known to have changed since it was last asked for. */
export interface Stale {
  newest: boolean; // versions were added, or the head moved
  head?: number;
  versions: Set<number>;
  everything: boolean;
}

/** What a tree has to tell before it is asked for. */
export type Worth = 'nothing' | 'one run at most' | 'more';

/**
 * The versions of one cell: the newest are asked for first, older ones while the browser is idle. Kept up to date
 * only while somebody looks.
 */
export class CellTree {
  constructor(
    readonly cell: string,
    private _connection: Ask,
    private _worth: () => Promise<Worth>,
    private _pageHeads: Pick<PageHeads, 'of'> = { of: () => undefined }
  ) {
    this.changes = new VersionChanges(_connection, () => this._changed.emit());
  }

  /** What versions changed, as far as it is known. */
  readonly changes: VersionChanges;

  /** By number, oldest first. */
  get versions(): readonly Version[] {
    return this._versions;
  }

  /** Versions of other cells that this cell's came from, as they were last asked for. */
  get origins(): readonly Edge[] {
    return this._origins;
  }

  /** Versions of other cells that came from this cell's. */
  get pieces(): readonly Edge[] {
    return this._pieces;
  }

  /** The version in the cell; 0: unknown as yet, or its text is none. */
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

  /** What a version changed against one that is not its parent. */
  span(from: number, to: number): Change | undefined {
    return this._spans.get(`${from} ${to}`);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isWatched(): boolean {
    return this._watchers.size > 0;
  }

  /**
   * Somebody looks; returns what to call when that is over.
   *
   * @param depth so many of the newest versions are enough, and none where there is but one that ran once
   */
  watch(depth = Infinity): () => void {
    const watcher = { depth };
    this._watchers.add(watcher);
    void this._refresh();
    return () => this._watchers.delete(watcher);
  }

  /** What is there now, at least the newest `depth`; rejects with a RefusedError or LostError. */
  async load(depth: number): Promise<readonly Version[]> {
    try {
      await this._readNewest();
    } catch (error) {
      if (error instanceof RefusedError && this._versions.length === 0) {
        return []; // the history has not met the cell
      }
      throw error;
    }
    while (this._lacks(depth)) {
      await this._readOlder();
    }
    return this._versions;
  }

  invalidate(what: Partial<Omit<Stale, 'versions'>> & { versions?: Iterable<number> }): void {
    this._stale.newest ||= what.newest ?? false;
    this._stale.everything ||= what.everything ?? false;
    this._stale.head = what.head ?? this._stale.head;
    for (const version of what.versions ?? []) {
      this._stale.versions.add(version);
    }
    if (this.isWatched && this._timer === undefined) {
      this._timer = setTimeout(() => {
        this._timer = undefined;
        void this._refresh();
      }, COALESCE_MS);
    }
  }

  /** The page knows better which version is in the cell. */
  headMoved(): void {
    const head = this._pageHeads.of(this.cell);
    if (this._loaded && head !== undefined && head !== this._head) {
      this._setHead(head);
      this._changed.emit();
      if (head > 0 && !this._versions.some(version => version.version === head)) {
        this.invalidate({ newest: true, head });
      }
    }
  }

  /** There is no history any more, or it is another document's. */
  forget(): void {
    this._versions = [];
    this._spans.clear();
    this.changes.forget();
    this._head = this._oldest = 0;
    this._loaded = false;
    this._changed.emit();
  }

  dispose(): void {
    clearTimeout(this._timer);
    this._watchers.clear();
    Signal.clearData(this);
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
      while (this.isWatched) {
        if (!this._loaded || this._stale.newest || this._stale.everything) {
          const worth = this._versions.length > 0 ? 'more' : await this._worth();
          if (worth === 'nothing') {
            this._loaded = true;
            this._stale = fresh();
            this._changed.emit();
          } else if (worth === 'more' || this._depth === Infinity) {
            await this._readNewest();
          } else {
            break;
          }
        } else if (this._stale.versions.size > 0) {
          await this._readStale();
        } else if (this._lacks(this._depth)) {
          await idle();
          await this._readOlder();
        } else {
          break;
        }
      }
      this._error = undefined;
    } catch (error) {
      this._error = error instanceof Error ? error.message : String(error);
      this._changed.emit();
    } finally {
      this._busy = false;
    }
  }

  private async _readNewest(): Promise<void> {
    await this._taking(async stale => {
      const page = await this._connection.request<Page>('tree', {
        cell: this.cell,
        limit: FIRST_PAGE,
        ...(this._depth === Infinity ? { changes: true } : {})
      });
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
      this._origins = page.origins ?? [];
      this._pieces = page.pieces ?? [];
      stale.versions.forEach(version => version < first && this._stale.versions.add(version));
    });
  }

  private async _readStale(): Promise<void> {
    await this._taking(async stale => {
      const versions = [...stale.versions];
      const now = versions.slice(0, VERSIONS_AT_ONCE);
      this._merge((await this._connection.request<Page>('versions', { versions: now })).versions);
      versions.slice(VERSIONS_AT_ONCE).forEach(version => this._stale.versions.add(version));
    });
  }

  /** What is stale is so no more once it was read. */
  private async _taking(read: (stale: Stale) => Promise<void>): Promise<void> {
    const stale = this._stale;
    this._stale = fresh();
    try {
      await read(stale);
    } catch (error) {
      this._stale = { ...stale, ...this._stale, newest: true, everything: stale.everything || this._stale.everything };
      stale.versions.forEach(version => this._stale.versions.add(version));
      throw error;
    }
    this._changed.emit();
  }

  /** How deep those who look want to look. */
  private get _depth(): number {
    return Math.max(0, ...[...this._watchers].map(watcher => watcher.depth));
  }

  private _lacks(depth: number): boolean {
    const read = this._versions.length - this._versions.findIndex(one => one.version >= this._oldest);
    return this._oldest > 0 && read < depth;
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
        this.changes.set(version.version, version.change);
        delete version.change;
      }
      delete version.text;
    }
    this._versions = mergePage(this._versions, page);
  }

  /** `head` is the history's; the page's own text may be another version. */
  private _setHead(head: number): void {
    this._head = this._pageHeads.of(this.cell) ?? head;
    for (const version of this._versions) {
      version.head = version.version === this._head;
    }
  }

  private _origins: Edge[] = [];
  private _pieces: Edge[] = [];
  private _versions: Version[] = [];
  private _spans = new Map<string, Change>();
  private _spansWanted: { from: number; to: number }[] = [];
  private _askingSpans = false;
  private _head = 0;
  private _oldest = 0; // number below which there is more; 0: there is nothing
  private _loaded = false;
  private _busy = false;
  private _watchers = new Set<{ depth: number }>();
  private _stale = fresh();
  private _timer?: ReturnType<typeof setTimeout>;
  private _error?: string;
  private _changed = new Signal<this, void>(this);
}

function fresh(): Stale {
  return { newest: false, versions: new Set(), everything: false };
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
