import { Signal, type ISignal } from '@lumino/signaling';
import type { HistoryConnection } from '../kernel/connection.js';
import type { LogEvent, Session } from '../kernel/protocol.js';
import { keyOf } from './log_rows.js';

const PAGE = 200;

/** What happened in the notebook, newest first; older pages are asked for when somebody scrolls there. */
export class NotebookLog {
  constructor(connection: Pick<HistoryConnection, 'request'>) {
    this._connection = connection;
  }

  get events(): readonly LogEvent[] {
    return this._events;
  }

  /** Of the kernels that were at work, newest first. */
  get sessions(): readonly Session[] {
    return this._sessions;
  }

  get isLoaded(): boolean {
    return this._loaded;
  }

  get isComplete(): boolean {
    return this._loaded && this._next === null;
  }

  get error(): string | undefined {
    return this._error;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Read what is new, and keep what was read of the past. */
  refresh(): Promise<void> {
    return this._alone(async () => {
      const page = await this._ask();
      const joined = joinLog(page.events, this._events);
      if (!joined || !this._loaded) {
        this._next = page.next;
      }
      this._events = joined ?? page.events;
      this._sessions = page.sessions;
      this._loaded = true;
    });
  }

  readOlder(): Promise<void> {
    return this._alone(async () => {
      if (!this.isComplete) {
        const page = await this._ask(this._next);
        this._events = [...this._events, ...page.events];
        this._next = page.next;
      }
    });
  }

  private _ask(before?: unknown): Promise<{ events: LogEvent[]; sessions: Session[]; next: unknown }> {
    return this._connection.request('log', { limit: PAGE, ...(before === undefined ? {} : { before }) });
  }

  /** One question after the other. */
  private _alone(read: () => Promise<void>): Promise<void> {
    this._last = this._last.then(async () => {
      try {
        await read();
        this._error = undefined;
      } catch (error) {
        this._error = error instanceof Error ? error.message : String(error);
      }
      this._changed.emit();
    });
    return this._last;
  }

  private _connection: Pick<HistoryConnection, 'request'>;
  private _events: LogEvent[] = [];
  private _sessions: Session[] = [];
  private _next: unknown = null;
  private _loaded = false;
  private _error?: string;
  private _last: Promise<void> = Promise.resolve();
  private _changed = new Signal<this, void>(this);
}

/** A new first page and what was known, both newest first; undefined: there is something between them. */
export function joinLog(page: readonly LogEvent[], known: readonly LogEvent[]): LogEvent[] | undefined {
  const last = page.at(-1);
  if (!last) {
    return [];
  }
  const key = keyOf(last);
  const at = known.findIndex(event => keyOf(event) === key);
  return at < 0 ? undefined : [...page, ...known.slice(at + 1)];
}
