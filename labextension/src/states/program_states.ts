import { Signal, type ISignal } from '@lumino/signaling';
import type { State, Told, Version } from '../kernel/protocol.js';
import type { NotebookHistory } from '../notebook_history.js';

/** What is told in this time is asked about once (ms). */
const GATHER_MS = 150;

/** Texts are asked for so many at once. */
const VERSIONS_AT_ONCE = 64;

/** The program is on its way to another state. */
export interface Progress {
  wanted: number;
  at: number; // so many cells have been run again
  of: number; // 0: it has not been said yet
}

/** How going to a state ended. */
export interface Outcome {
  wanted: number;
  run: number; // where the program is
  arrived: boolean;
  report: string; // outputs that were different this time
  error: string;
}

/** The states of the program of one notebook, and the way to another. */
export class ProgramStates {
  constructor(history: NotebookHistory) {
    this._history = history;
    history.connection.told.connect((_, told) => this._onTold(told as unknown as Told), this);
    history.connection.stateChanged.connect(this._onState, this);
    history.panel.disposed.connect(() => {
      clearTimeout(this._timer);
      Signal.disconnectReceiver(this);
      Signal.clearData(this);
    });
  }

  states: readonly State[] = [];
  current = 0;
  progress: Progress | undefined;
  outcome: Outcome | undefined;
  loaded = false;
  error: string | undefined; // why the states are not known

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The telling line of a text that a state came from; undefined: see askSummaries(). */
  summaryOf(version: number): string | undefined {
    return this._summaries.get(version);
  }

  /** Somebody looks at the states: they are kept up to date until the function that is returned is called. */
  watch(): () => void {
    this._watchers++;
    void this.load();
    return () => this._watchers--;
  }

  /** Ask for the states as they are now. */
  async load(): Promise<void> {
    try {
      const answer = await this._history.connection.request<{ states: State[]; current: number }>('states');
      this.states = answer.states;
      this.current = answer.current;
      this.loaded = true;
      this.error = undefined;
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
    this._changed.emit();
  }

  /** The next `changed` tells that they are there. */
  askSummaries(versions: readonly number[]): void {
    const missing = [...new Set(versions)].filter(version => version > 0 && !this._summaries.has(version));
    for (let i = 0; i < missing.length; i += VERSIONS_AT_ONCE) {
      const some = missing.slice(i, i + VERSIONS_AT_ONCE);
      some.forEach(version => this._summaries.set(version, ''));
      this._history.connection
        .request<{ versions: Version[] }>('versions', { versions: some })
        .then(answer => {
          answer.versions.forEach(version => this._summaries.set(version.version, version.summary));
          this._changed.emit();
        })
        .catch(() => some.forEach(version => this._summaries.delete(version)));
    }
  }

  /** Sends the program on its way; resolves with the kernel's words, rejects with a RefusedError or LostError. */
  async go(what: 'goto' | 'undo' | 'redo' | 'resume', members: { run?: number } = {}): Promise<string> {
    this.outcome = undefined;
    const answer = await this._history.connection.request<{ text: string; wanted: number }>(what, members);
    return answer.text.trim();
  }

  /** Stop on the way; how that ends is told. */
  async stop(): Promise<string> {
    await this._history.panel.sessionContext.session?.kernel?.interrupt();
    return '';
  }

  private _onState(): void {
    this.progress = undefined;
    if (this._history.isOpen) {
      this._schedule();
    } else {
      this._changed.emit();
    }
  }

  private _onTold(told: Told): void {
    if (told.type === 'state') {
      if (told.running) {
        this.progress = { wanted: told.wanted, at: told.at, of: told.of };
        this.outcome = undefined;
      } else {
        this.progress = undefined;
        this.outcome = { ...told, error: told.error ?? '' };
        this._schedule();
      }
      this._changed.emit();
    } else if (told.type === 'recovered' || told.state !== undefined || told.run !== undefined) {
      if (told.type === 'changed' && told.status !== undefined) {
        this.outcome = undefined; // a cell has run since
      }
      this._schedule();
    }
  }

  private _schedule(): void {
    if (this._watchers > 0) {
      this._timer ??= setTimeout(() => {
        this._timer = undefined;
        void this.load();
      }, GATHER_MS);
    }
  }

  private _history: NotebookHistory;
  private _summaries = new Map<number, string>();
  private _watchers = 0;
  private _timer?: ReturnType<typeof setTimeout>;
  private _changed = new Signal<this, void>(this);
}
