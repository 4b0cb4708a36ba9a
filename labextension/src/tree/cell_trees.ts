import { Signal, type ISignal } from '@lumino/signaling';
import type { HistoryConnection } from '../kernel/connection.js';
import type { CellInfo, Told } from '../kernel/protocol.js';
import type { PageHeads } from '../page/page_heads.js';
import { CellTree, type Ask, type Worth } from './cell_tree.js';

/** Trees that are kept although nobody looks at them. */
const TREES_MAX = 20;

/**
 * The trees of the cells of one notebook, told of what changes. One question says which cells the history has met: of
 * others there is nothing to ask.
 */
export class CellTrees {
  constructor(
    private _connection: Ask & Pick<HistoryConnection, 'document' | 'state' | 'told' | 'stateChanged'>,
    heads: ISignal<unknown, Record<string, number>>,
    private _pageHeads: PageHeads
  ) {
    this._connection.told.connect((_, told) => this._onTold(told as Told), this);
    this._connection.stateChanged.connect(this._onState, this);
    heads.connect((_, moved) => this._onHeads(moved), this);
    this._pageHeads.changed.connect((_, cell) => this._trees.get(cell)?.headMoved(), this);
  }

  /** Something in the notebook changed, in any cell. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  of(cell: string): CellTree {
    const tree =
      this._trees.get(cell) ?? new CellTree(cell, this._connection, () => this._worthOf(cell), this._pageHeads);
    this._trees.delete(cell);
    this._trees.set(cell, tree); // the last one is the one used last
    const idle = [...this._trees.values()].filter(one => !one.isWatched && one !== tree);
    for (const old of idle.slice(0, -TREES_MAX)) {
      old.dispose();
      this._trees.delete(old.cell);
    }
    return tree;
  }

  dispose(): void {
    this._trees.forEach(tree => tree.dispose());
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private async _worthOf(cell: string): Promise<Worth> {
    this._worths ??= this._askWorths();
    return (await this._worths).get(cell) ?? 'nothing';
  }

  private _askWorths(): Promise<Map<string, Worth>> {
    const worths = this._connection
      .request<{ cells: CellInfo[] }>('cells')
      .then(({ cells }) => new Map(cells.map(cell => [cell.cell, worthOf(cell)])));
    worths.catch(() => (this._worths = undefined)); // the kernel went away; its successor is asked
    return worths;
  }

  private _onState(): void {
    this._worths = undefined;
    if (this._connection.state === 'none') {
      [...this._trees.values()].forEach(tree => tree.forget()); // who hears of it may look into others
    } else if (this._connection.state === 'open') {
      if (this._connection.document !== this._document) {
        this._document = this._connection.document;
        [...this._trees.values()].forEach(tree => tree.forget());
      }
      this._all({ newest: true, everything: true });
    }
  }

  private _onTold(told: Told): void {
    if (told.type !== 'changed') {
      return;
    }
    if (told.file) {
      this._worths = undefined;
    }
    this._onHeads(told.heads ?? {});
    if (told.head !== undefined && told.cell !== undefined) {
      this._onHeads({ [told.cell]: told.head });
    } else if (told.cell !== undefined && told.version !== undefined) {
      this._onCell(told.cell, { newest: true, versions: [told.version] });
    } else if (told.version !== undefined) {
      this._all({ versions: [told.version] }, told.version);
    } else if (told.run !== undefined) {
      const run = told.run;
      this._trees.forEach(tree => {
        const version = tree.versions.find(one => one.runs.some(its => its.run === run));
        tree.invalidate({ versions: version ? [version.version] : [] });
      });
    }
    told.runs?.forEach(run => this._onCell(run.cell, { newest: true, versions: [run.version] }));
    if (told.marks || told.file) {
      this._all({ newest: true, everything: true });
    }
    this._changed.emit();
  }

  private _onHeads(heads: Record<string, number>): void {
    Object.entries(heads).forEach(([cell, head]) => this._onCell(cell, { newest: true, head }));
    this._changed.emit();
  }

  private _onCell(cell: string, what: Parameters<CellTree['invalidate']>[0]): void {
    void this._worths?.then(worths => worths.set(cell, 'more')).catch(() => undefined);
    this._trees.get(cell)?.invalidate(what);
  }

  /** `version`: only the trees that have it. */
  private _all(what: Parameters<CellTree['invalidate']>[0], version?: number): void {
    this._trees.forEach(tree => {
      if (version === undefined || tree.versions.some(one => one.version === version)) {
        tree.invalidate(what);
      }
    });
  }

  private _document: unknown;
  private _trees = new Map<string, CellTree>();
  private _worths?: Promise<Map<string, Worth>>;
  private _changed = new Signal<this, void>(this);
}

function worthOf({ versions, runs }: CellInfo): Worth {
  return versions > 1 || runs > 1 ? 'more' : 'one run at most';
}
