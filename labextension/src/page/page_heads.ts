import { Signal, type ISignal } from '@lumino/signaling';

/**
 * Which version the text of each cell of this page is. The head in the history may be another one: another page has
 * moved it, or the file that this page was opened from is older than what was told last.
 */
export class PageHeads {
  /** 0: the history has no version with the cell's text; undefined: not known, the history's head is as good a guess. */
  of(cell: string): number | undefined {
    return this._versions.get(cell);
  }

  /** The id of the cell whose text is known to be another version. */
  get changed(): ISignal<this, string> {
    return this._changed;
  }

  set(cell: string, version: number): void {
    if (this._versions.get(cell) !== version) {
      this._versions.set(cell, version);
      this._changed.emit(cell);
    }
  }

  /** Another person changed the text: their page tells which version it is. */
  forget(cell: string): void {
    if (this._versions.delete(cell)) {
      this._changed.emit(cell);
    }
  }

  dispose(): void {
    Signal.clearData(this);
  }

  private _versions = new Map<string, number>();
  private _changed = new Signal<this, string>(this);
}
