import type { Edit } from '../capture/notebook_capture.js';
import { Encoder, type WireEdit } from './encode.js';

/** Edits that are recorded together, under a number that their client gives once. */
export interface Batch {
  client: string;
  sequence: number;
  document: string; // path of the notebook, as the server has it
  edits: Edit[];
}

/** Where batches wait that the kernel may not get in the life of this page. */
export interface BatchStore {
  put(batch: Batch): Promise<void>;
  remove(client: string, sequence: number): Promise<void>;
  /** Batches of clients that are gone, oldest first, for this document. */
  orphans(document: string): Promise<Batch[]>;
  /** This client goes: what it left is for the next one. */
  release(): void;
}

export interface EditsMessage {
  type: 'edits';
  client: string;
  sequence: number;
  edits: WireEdit[];
}

export type EditsAnswer =
  | { type: 'acknowledge'; sequence: number; repeated: boolean; heads: Record<string, number> }
  | { type: 'resend'; sequence: number }
  | { type: 'reply'; status: 'error'; error: string };

/** Sends and resolves with the kernel's answer; rejects when the connection is lost. */
export type Send = (message: EditsMessage) => Promise<EditsAnswer>;

export interface QueueOptions {
  client: string;
  store: BatchStore;
  document: () => string;
  /** The kernel could not record: a sentence for the person, or undefined when it can again. */
  onTrouble?: (error: string | undefined) => void;
  onHeads?: (heads: Record<string, number>) => void;
}

/** An edit that the kernel has not recorded after so long is also kept in the browser (ms). */
const KEEP_AFTER_MS = 1000;

/** After the kernel said that it cannot record: the next try (ms). */
const RETRY_MS = 5000;

/**
 * Edits on their way to the kernel: in order, each once, whatever happens to the kernel in between. One batch is under
 * way at a time, so that one that has to be sent again is not overtaken; only flush() sends more.
 */
export class EditQueue {
  constructor(options: QueueOptions) {
    this._options = options;
  }

  get isEmpty(): boolean {
    return this._waiting.length === 0;
  }

  add(edits: Edit[]): void {
    const last = this._waiting.at(-1);
    if (last && !this._kept.has(last.sequence) && !this._underWay.has(last.sequence)) {
      last.edits.push(...edits);
    } else {
      const { client, document } = this._options;
      this._waiting.push({ client, sequence: ++this._sequence, document: document(), edits: [...edits] });
    }
    if (!this._send) {
      this._keep(0);
    } else {
      this._keepTimer ??= setTimeout(() => this._keep(KEEP_AFTER_MS), KEEP_AFTER_MS);
    }
    this._next();
  }

  /** The kernel is there; `sequence` is the highest of this client's batches that it has. */
  async connect(send: Send, sequence: number): Promise<void> {
    this.disconnect();
    const connection = ++this._connection;
    this._drop(sequence);
    this._encoder = new Encoder();
    await this._deliverOrphans(send, connection);
    if (connection === this._connection) {
      this._send = send;
      this._next();
    }
  }

  disconnect(): void {
    this._connection++;
    this._send = undefined;
    this._underWay.clear();
    clearTimeout(this._retryTimer);
    this._keep(0);
  }

  /** Send all that waits at once: something that depends on it follows, perhaps the run of a cell. */
  flush(ran?: string): void {
    if (!this._send) {
      this._runsFirst(ran);
      return;
    }
    for (const batch of this._waiting) {
      if (!this._underWay.has(batch.sequence)) {
        this._deliver(batch, true);
      }
    }
  }

  /** The kernel will have the run before the edits. Told as from a file, a text leads to its version, and makes no other. */
  private _runsFirst(cell: string | undefined): void {
    const edits = this._waiting.flatMap(batch => batch.edits);
    const last = edits.filter(edit => edit.kind === 'text' && edit.cell === cell).at(-1);
    if (last) {
      Object.assign(last, { cause: 'file' });
    }
  }

  dispose(): void {
    this.disconnect();
    this._options.store.release();
  }

  private _next(): void {
    const first = this._waiting[0];
    if (this._send && first && this._underWay.size === 0) {
      this._deliver(first, false);
    }
  }

  private _deliver(batch: Batch, whole: boolean): void {
    const { client, sequence } = batch;
    const connection = this._connection;
    this._underWay.add(sequence);
    this._send!({ type: 'edits', client, sequence, edits: this._encoder.encode(batch.edits, whole) }).then(
      answer => connection === this._connection && this._answered(batch, answer),
      () => undefined // the connection was lost, and connect() begins anew
    );
  }

  private _answered(batch: Batch, answer: EditsAnswer): void {
    this._underWay.delete(batch.sequence);
    if (answer.type === 'acknowledge') {
      this._options.onTrouble?.(undefined);
      this._options.onHeads?.(answer.heads);
      this._waiting = this._waiting.filter(waiting => waiting !== batch);
      this._forget(batch.sequence);
    } else if (answer.type === 'resend') {
      if (this._waiting.some(later => this._underWay.has(later.sequence))) {
        // A later number is on its way already, and the kernel would take this one for a repeated batch.
        this._forget(batch.sequence);
        this._waiting = this._waiting.filter(waiting => waiting !== batch);
        this._waiting.push({ ...batch, sequence: ++this._sequence });
      } else {
        this._deliver(batch, true);
      }
    } else {
      this._options.onTrouble?.(answer.error);
      this._keep(0);
      clearTimeout(this._retryTimer);
      this._underWay.add(batch.sequence); // nothing else goes before it
      this._retryTimer = setTimeout(() => {
        this._underWay.delete(batch.sequence);
        this._next();
      }, RETRY_MS);
      return;
    }
    this._next();
  }

  /** What the kernel has, from before the connection was lost. */
  private _drop(sequence: number): void {
    for (const batch of this._waiting) {
      if (batch.sequence <= sequence) {
        this._forget(batch.sequence);
      }
    }
    this._waiting = this._waiting.filter(batch => batch.sequence > sequence);
  }

  private _forget(sequence: number): void {
    if (this._kept.delete(sequence)) {
      void this._options.store.remove(this._options.client, sequence);
    }
  }

  /** Keep in the browser what has waited for so long. */
  private _keep(age: number): void {
    clearTimeout(this._keepTimer);
    this._keepTimer = undefined;
    const before = Date.now() - age;
    for (const batch of this._waiting) {
      if (!this._kept.has(batch.sequence) && batch.edits[0].time <= before) {
        this._kept.add(batch.sequence);
        void this._options.store.put(batch);
      }
    }
  }

  private async _deliverOrphans(send: Send, connection: number): Promise<void> {
    const { store, document } = this._options;
    for (const { client, sequence, edits } of await store.orphans(document())) {
      if (connection !== this._connection) {
        return;
      }
      const message: EditsMessage = { type: 'edits', client, sequence, edits: new Encoder().encode(edits, true) };
      const answer = await send(message).catch(() => undefined);
      if (answer?.type !== 'acknowledge') {
        return; // next time
      }
      await store.remove(client, sequence);
    }
  }

  private _options: QueueOptions;
  private _encoder = new Encoder();
  private _waiting: Batch[] = []; // by sequence
  private _underWay = new Set<number>();
  private _kept = new Set<number>();
  private _sequence = 0;
  private _connection = 0;
  private _send?: Send;
  private _keepTimer?: ReturnType<typeof setTimeout>;
  private _retryTimer?: ReturnType<typeof setTimeout>;
}
