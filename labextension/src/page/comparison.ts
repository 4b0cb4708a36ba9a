import { Signal, type ISignal } from '@lumino/signaling';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Reloaded } from '../capture/notebook_capture.js';
import { hashText } from '../capture/text.js';
import type { HistoryConnection } from '../kernel/connection.js';
import type { CellHead, CellInfo } from '../kernel/protocol.js';
import { beforeReload, beyondFile, type Newer, type Why } from './beyond.js';
import type { PageHeads } from './page_heads.js';

/** The kernel is asked for so many cells at once. */
const CELLS_AT_ONCE = 500;

/** The clocks of the browser, by which edits are dated, and of the server may differ by so much (us). */
const CLOCKS_US = 60_000_000;

type Asked = string | { cell: string; text: string };

/** What the history has and the page has not. */
export interface Beyond {
  why: Why;
  newer: readonly Newer[];
}

/**
 * Compares the page with the history: when it is opened, and when it was read from its file again. Which versions its
 * texts are goes to PageHeads, and what the history has beyond it is offered here until the person has decided.
 */
export class Comparison {
  constructor(
    private _context: NotebookPanel['context'],
    private _connection: Pick<HistoryConnection, 'request'>,
    private _heads: PageHeads
  ) {}

  /** Undefined: nothing, as far as it is known. */
  get beyond(): Beyond | undefined {
    return this._beyond;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** When the file was written that the page's outputs are from (us). */
  get saved(): number {
    return this._saved;
  }

  /** The notebook has just been read from its file. */
  opened(): void {
    this._read();
    this._opening = new Map(this._cells().map(({ id, sharedModel }) => [id, hashText(sharedModel.getSource())]));
  }

  /**
   * The kernel answers, at first or again. Only a page that was opened just now asks what there is beyond its file.
   *
   * @param more what a page before this one could not tell has been recorded
   */
  async open(more = false): Promise<void> {
    if (this._asked && !more) {
      return this._renew();
    }
    this._asked = true;
    await this._quietly(async () => {
      const cells = this._cells();
      const [all, infos] = await Promise.all([this.ask(cells.map(cell => cell.id)), this._askInfos()]);
      const heads = all.filter(({ cell, head }) => this._heads.of(cell) !== head); // not told by this page
      const texts = new Map(cells.map(cell => [cell.id, cell.sharedModel.getSource()]));
      const page = cells.map(({ id }) => ({ id, hashes: this._hashesOf(id, texts.get(id)!) }));
      await this._tellHeads(all, texts);
      this._offer('opened', beyondFile(page, heads, infos, this._saved - CLOCKS_US));
    });
  }

  /** The file was read again, and the kernel told. */
  async reloaded(what: Reloaded): Promise<void> {
    await this._quietly(async () => {
      const [heads, infos] = await Promise.all([this.ask(what.changed), this._askInfos()]);
      this._read();
      this._offer('reloaded', beforeReload(what, heads, infos, Date.now() * 1000));
    });
  }

  /** These are back, or not wanted. */
  settle(newer: readonly Newer[]): void {
    const left = this._beyond?.newer.filter(one => !newer.includes(one)) ?? [];
    this._beyond = this._beyond && left.length > 0 ? { ...this._beyond, newer: left } : undefined;
    this._changed.emit();
  }

  /** What the history knows of cells; with their texts, of the versions with these. */
  async ask(cells: readonly Asked[]): Promise<CellHead[]> {
    const found: CellHead[] = [];
    for (let left = [...cells]; left.length > 0; ) {
      const asked = left.slice(0, CELLS_AT_ONCE);
      const { heads, later } = await this._connection.request<{ heads: CellHead[]; later: Asked[] }>('heads', {
        cells: asked
      });
      found.push(...heads);
      left = [...later, ...left.slice(asked.length)];
    }
    return found;
  }

  dispose(): void {
    Signal.clearData(this);
  }

  private async _askInfos(): Promise<CellInfo[]> {
    return (await this._connection.request<{ cells: CellInfo[] }>('cells')).cells;
  }

  /** A question that is lost with its kernel is asked of the next one. */
  private async _quietly(ask: () => Promise<void>): Promise<void> {
    try {
      await ask();
    } catch {
      this._asked = false;
    }
  }

  /** Edits may have been recorded whose acknowledgement was lost with the connection. */
  private async _renew(): Promise<void> {
    const texts = new Map(this._cells().map(cell => [cell.id, cell.sharedModel.getSource()]));
    const hashes = new Map([...texts].map(([cell, text]) => [cell, hashText(text)]));
    const heads = await this.ask([...texts.keys()]).catch(() => []); // the next connection is asked again
    heads
      .filter(({ cell, hash }) => hash === hashes.get(cell))
      .forEach(({ cell, head }) => this._heads.set(cell, head));
  }

  private async _tellHeads(heads: readonly CellHead[], texts: ReadonlyMap<string, string>): Promise<void> {
    const others: { cell: string; text: string }[] = [];
    for (const { cell, head, hash } of heads) {
      const text = texts.get(cell)!;
      if (hash !== hashText(text)) {
        others.push({ cell, text });
      } else if (this._heads.of(cell) === undefined) {
        this._heads.set(cell, head);
      }
    }
    for (const { cell, version } of await this.ask(others)) {
      if (this._heads.of(cell) === undefined) {
        this._heads.set(cell, version); // what was typed meanwhile is told by itself
      }
    }
  }

  private _offer(why: Why, newer: readonly Newer[]): void {
    if (newer.length > 0) {
      this._beyond = { why, newer };
      this._changed.emit();
    }
  }

  private _hashesOf(id: string, text: string): number[] {
    const opening = this._opening.get(id);
    return [hashText(text), ...(opening === undefined ? [] : [opening])];
  }

  private _read(): void {
    this._saved = Date.parse(this._context.contentsModel?.last_modified ?? '') * 1000 || 0;
  }

  private _cells() {
    return [...this._context.model.cells];
  }

  private _beyond?: Beyond;
  private _opening = new Map<string, number>(); // hashes of the texts that the page was opened with
  private _saved = 0;
  private _asked = false;
  private _changed = new Signal<this, void>(this);
}
