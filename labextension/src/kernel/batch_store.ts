import type { Batch, BatchStore } from './queue.js';

const DATABASE = 'forkernel';
const BATCHES = 'batches';

/** Longer than that nobody waits for a browser that does not answer (ms). */
const PATIENCE_MS = 3000;

interface Kept extends Batch {
  kept: number; // ms
}

/**
 * Batches in the browser's IndexedDB. Whether a client lives is told by a lock that it holds (Web Locks): what one left
 * behind that is gone, the next one on the same notebook delivers under its name. A browser that keeps nothing (private
 * windows, no space) is no reason to stop: the queue has everything in memory. So nothing here rejects.
 */
export class BrowserBatchStore implements BatchStore {
  constructor(client: string) {
    const held = new Promise<void>(resolve => (this.release = resolve)); // until then, or until the page goes
    void this._try(() => navigator.locks?.request(lockName(client), () => held));
  }

  release: () => void = () => undefined;

  async put(batch: Batch): Promise<void> {
    const kept: Kept = { ...batch, kept: Date.now() };
    await this._do('readwrite', store => store.put(kept));
  }

  async remove(client: string, sequence: number): Promise<void> {
    await this._do('readwrite', store => store.delete([client, sequence]));
  }

  async orphans(document: string): Promise<Batch[]> {
    const late = new Promise<undefined>(resolve => setTimeout(resolve, PATIENCE_MS));
    const all = await Promise.race([this._do<Kept[]>('readonly', store => store.getAll()), late]);
    const locks = await Promise.race([this._try(() => navigator.locks?.query()), late]);
    const held = locks?.held?.map(lock => lock.name);
    return (all ?? []).filter(batch => batch.document === document && !lives(batch, held));
  }

  private _do<T>(mode: IDBTransactionMode, what: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
    return this._try(async () => {
      const database = await (this._database ??= open());
      return settled(what(database.transaction(BATCHES, mode).objectStore(BATCHES)));
    });
  }

  /** Undefined where the browser cannot, or is not allowed to. */
  private async _try<T>(what: () => Promise<T> | undefined): Promise<T | undefined> {
    try {
      return await what();
    } catch (error) {
      if (!this._warned) {
        console.warn('forkernel: the browser cannot keep edits that wait for the kernel', error);
      }
      this._warned = true;
      return undefined;
    }
  }

  private _database?: Promise<IDBDatabase>;
  private _warned = false;
}

const lockName = (client: string) => `forkernel:${client}`;

/** Without locks (a server reached by plain http) age has to do. */
function lives(batch: Kept, held: (string | undefined)[] | undefined): boolean {
  return held ? held.includes(lockName(batch.client)) : Date.now() - batch.kept < 60_000;
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(BATCHES, { keyPath: ['client', 'sequence'] });
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
