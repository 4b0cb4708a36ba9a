import type { Edit } from '../capture/notebook_capture.js';
import { Encoder, type WireEdit } from './encode.js';

/** Edits that are recorded together, under a number that their client gives once. */
export interface Batch {
  client: string;
  sequence: number;
  document: string; // the notebook, as BatchStore.orphans() is asked for it
  edits: Edit[];
}

/** Where batches wait that the kernel may not get in the life of this page. */
export interface BatchStore {
  put(batch: Batch): Promise<void>;
  remove(client: string, sequence: number): Promise<void>;
  /** Batches for this document of clients that are gone, in any order. */
  orphans(document: string): Promise<Batch[]>;
  /** This client goes: what it left is for the next one. */
  release(): void;
}

export interface EditsMessage {
  type: 'edits';
  client: string;
  sequence: number;
  after?: number; // a batch that has to be recorded before this one
  edits: WireEdit[];
}

export type EditsAnswer =
  | { type: 'acknowledge'; sequence: number; repeated: boolean; heads: Record<string, number> }
  | { type: 'resend'; sequence: number }
  | { type: 'reply'; status: 'error'; error: string; edit?: number };

/** Sends and resolves with the kernel's answer; rejects when the connection is lost. */
export type Send = (message: EditsMessage) => Promise<EditsAnswer>;

export interface QueueOptions {
  client: string;
  store: BatchStore;
  document: () => string;
  /** The kernel could not record: a sentence for the person, or undefined when it can again. */
  onTrouble?: (error: string | undefined) => void;
  /** This edit can never be recorded, and the reason. */
  onLeftOut?: (edit: Edit, reason: string) => void;
  /** `own`: of this page's edits, not of those that one before it left. */
  onHeads?: (heads: Record<string, number>, own: boolean) => void;
}

/** The kernel takes 1000 edits at once. */
const EDITS_MAX = 500;

/** Servers take messages of 10 MiB; JSON has at most 6 bytes for a code unit. */
const UNITS_MAX = 1 << 20;

/** A text may be larger than that, alone in its batch: up to what a server takes (bytes). */
const TEXT_MAX = 9 << 20;

/** An edit that the kernel has not recorded after so long is also kept in the browser (ms). */
const KEEP_AFTER_MS = 1000;

/** After the kernel said that it cannot record: the next try (ms). */
const RETRY_MS = 5000;

/**
 * Edits on their way to the kernel: in order, each once, whatever happens to the kernel in between. A batch keeps its
 * number and, once it was sent or kept, its edits. One is under way at a time; only flush() sends more, and the kernel
 * records none of those before the ones they come after. What was refused is sent again in its turn.
 */
export class EditQueue {
  constructor(options: QueueOptions) {
    this._options = options;
  }

  get isEmpty(): boolean {
    return this._waiting.length === 0;
  }

  /** Nothing waits any more of what pages before this one left. */
  get hasOwnOnly(): boolean {
    return this._waiting.every(batch => batch.client === this._options.client);
  }

  add(edits: Edit[]): void {
    edits.forEach(edit => this._append(edit));
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
    const connection = this._connection;
    const left = await this._left();
    if (connection === this._connection) {
      const { client } = this._options;
      const own = this._waiting.filter(batch => batch.client === client);
      own.filter(batch => batch.sequence <= sequence).forEach(batch => this._forget(batch));
      left.forEach(batch => this._kept.add(batch));
      this._waiting = [...left, ...own.filter(batch => batch.sequence > sequence)];
      this._encoder = new Encoder();
      this._send = send;
      this._next();
    }
  }

  /** The notebook has another name: what waits for it waits there, and not for another one that takes the old name. */
  renamed(): void {
    const document = this._options.document();
    this._waiting.forEach(batch => {
      batch.document = document;
      this._keepAgain(batch);
    });
  }

  disconnect(): void {
    this._connection++;
    this._send = undefined;
    this._underWay.clear();
    clearTimeout(this._retryTimer);
    this._retryTimer = undefined;
    this._keep(0);
  }

  /** There is no history for this notebook: nothing waits for it, here or in the browser. */
  async clear(): Promise<void> {
    this._waiting.forEach(batch => this._forget(batch));
    this._waiting = [];
    this.disconnect();
    for (const { client, sequence } of await this._left()) {
      await this._options.store.remove(client, sequence);
    }
  }

  /**
   * Send all that waits before this returns: something that depends on it follows, perhaps the run of a cell. Where it
   * cannot be sent now, the kernel will have the run first.
   */
  flush(ran?: string): void {
    const foreign = this._waiting[0] && this._waiting[0].client !== this._options.client; // ours must not overtake it
    if (!this._send || this._retryTimer !== undefined || foreign) {
      this._runsFirst(ran);
      return;
    }
    this._encoder = new Encoder(); // whole texts: there is no time to be asked for them
    for (const batch of this._waiting) {
      if (!this._underWay.has(batch)) {
        this._deliver(batch);
      }
    }
  }

  dispose(): void {
    this.disconnect();
    this._options.store.release();
  }

  private _append(edit: Edit): void {
    if (isTooLarge(edit)) {
      this._options.onLeftOut?.(edit, 'its text is too large to be sent to the kernel');
      return;
    }
    let batch = this._waiting.at(-1);
    if (!batch || this._kept.has(batch) || this._underWay.has(batch) || !hasRoom(batch, edit)) {
      const { client, document } = this._options;
      batch = { client, sequence: ++this._sequence, document: document(), edits: [] };
      this._waiting.push(batch);
    }
    batch.edits.push(edit);
  }

  /** Told as from a file, a text leads to the version that its run made, and makes no other. */
  private _runsFirst(cell: string | undefined): void {
    const own = this._waiting.filter(batch => batch.client === this._options.client);
    for (const batch of own.reverse()) {
      const edit = [...batch.edits].reverse().find(one => one.kind === 'text' && one.cell === cell);
      if (edit) {
        Object.assign(edit, { cause: 'file' });
        this._keepAgain(batch);
        return;
      }
    }
  }

  private _next(): void {
    const first = this._waiting[0];
    if (this._send && first && this._underWay.size === 0 && this._retryTimer === undefined) {
      this._deliver(first);
    }
  }

  private _deliver(batch: Batch): void {
    const { client, sequence, edits } = batch;
    const connection = this._connection;
    const before = this._waiting[this._waiting.indexOf(batch) - 1];
    const after = before && { after: before.sequence };
    this._underWay.add(batch);
    this._send!({ type: 'edits', client, sequence, ...after, edits: this._encoder.encode(edits) }).then(
      answer => connection === this._connection && this._answered(batch, answer),
      () => undefined // the connection was lost, and connect() begins anew
    );
  }

  private _answered(batch: Batch, answer: EditsAnswer): void {
    this._underWay.delete(batch);
    if (answer.type === 'acknowledge') {
      this._options.onTrouble?.(undefined);
      this._remove(batch);
      this._options.onHeads?.(answer.heads, batch.client === this._options.client);
    } else {
      this._encoder = new Encoder(); // what was sent is not what the kernel has
      if (answer.type === 'reply') {
        this._refused(batch, answer);
      }
    }
    this._next();
  }

  private _refused(batch: Batch, { error, edit }: { error: string; edit?: number }): void {
    if (edit !== undefined) {
      batch.edits.splice(edit, 1).forEach(one => this._options.onLeftOut?.(one, error));
      this._keepAgain(batch);
      if (batch.edits.length === 0) {
        this._remove(batch);
      }
      return;
    }
    this._options.onTrouble?.(error);
    this._keep(0);
    this._retryTimer ??= setTimeout(() => {
      this._retryTimer = undefined;
      this._next();
    }, RETRY_MS);
  }

  private _remove(batch: Batch): void {
    this._waiting = this._waiting.filter(waiting => waiting !== batch);
    this._forget(batch);
  }

  private _forget(batch: Batch): void {
    if (this._kept.delete(batch)) {
      void this._options.store.remove(batch.client, batch.sequence);
    }
  }

  /** Keep in the browser what has waited for so long, and all before it. */
  private _keep(age: number): void {
    clearTimeout(this._keepTimer);
    this._keepTimer = undefined;
    const before = Date.now() - age;
    const old = this._waiting.map(batch => batch.edits[0].time <= before).lastIndexOf(true);
    for (const batch of this._waiting.slice(0, old + 1)) {
      if (!this._kept.has(batch)) {
        this._kept.add(batch);
        void this._options.store.put(batch);
      }
    }
  }

  private _keepAgain(batch: Batch): void {
    if (this._kept.has(batch)) {
      void this._options.store.put(batch);
    }
  }

  /** What others left; a browser that cannot say has kept nothing. */
  private async _left(): Promise<Batch[]> {
    const { store, document } = this._options;
    return inOrder(await store.orphans(document()).catch(() => []));
  }

  private _options: QueueOptions;
  private _encoder = new Encoder();
  private _waiting: Batch[] = []; // in the order of delivery
  private _underWay = new Set<Batch>();
  private _kept = new Set<Batch>(); // in the browser
  private _sequence = 0;
  private _connection = 0;
  private _send?: Send;
  private _keepTimer?: ReturnType<typeof setTimeout>;
  private _retryTimer?: ReturnType<typeof setTimeout>;
}

function isTooLarge(edit: Edit): boolean {
  return edit.kind === 'text' && edit.text.length > UNITS_MAX && new Blob([JSON.stringify(edit.text)]).size > TEXT_MAX;
}

function hasRoom(batch: Batch, edit: Edit): boolean {
  const units = [...batch.edits, edit].reduce((sum, one) => sum + unitsOf(one), 0);
  return batch.edits.length < EDITS_MAX && units <= UNITS_MAX;
}

function unitsOf(edit: Edit): number {
  return edit.kind === 'text' ? edit.text.length + (edit.extras?.length ?? 0) : 0;
}

/** One client after the other, as they began; each by its numbers, for times may be out of order. */
function inOrder(batches: Batch[]): Batch[] {
  const began = new Map<string, number>();
  for (const { client, edits } of batches) {
    began.set(client, Math.min(began.get(client) ?? Infinity, edits[0].time));
  }
  return [...batches].sort(
    (a, b) => began.get(a.client)! - began.get(b.client)! || a.client.localeCompare(b.client) || a.sequence - b.sequence
  );
}
