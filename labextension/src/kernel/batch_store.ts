import type { Batch, BatchStore } from './queue.js';

const DATABASE = 'forkernel';
const BATCHES = 'batches';

/**
 * Batches in the browser's IndexedDB. Whether a client lives is told by a lock that it holds (Web Locks): what one left
 * behind that is gone, the next one on the same notebook delivers under its name.
 */
export class BrowserBatchStore implements BatchStore {
  constructor(client: string) {
    // Until release(), or until the page goes. Without locks (a server reached by plain http) age has to do.
    const held = new Promise<void>(resolve => (this.release = resolve));
    void navigator.locks?.request(lockName(client), () => held).catch(() => undefined);
  }

  release: () => void = () => undefined;

  async put(batch: Batch): Promise<void> {
    await this._do('readwrite', store => store.put({ ...batch, kept: Date.now() }));
  }

  async remove(client: string, sequence: number): Promise<void> {
    await this._do('readwrite', store => store.delete([client, sequence]));
  }

  async orphans(document: string): Promise<Batch[]> {
    const all = (await this._do('readonly', store => store.getAll())) as (Batch & { kept: number })[] | undefined;
    const held = (await navigator.locks?.query())?.held?.map(lock => lock.name);
    return (all ?? [])
      .filter(batch => batch.document === document && !lives(batch, held))
      .sort((a, b) => a.edits[0].time - b.edits[0].time);
  }

  /** A browser that keeps nothing (private windows, no space) is no reason to stop: the queue has it in memory. */
  private async _do(mode: IDBTransactionMode, what: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
    try {
      const database = await (this._database ??= open());
      return await settled(what(database.transaction(BATCHES, mode).objectStore(BATCHES)));
    } catch (error) {
      console.warn('forkernel: the browser cannot keep edits that wait for the kernel', error);
      return undefined;
    }
  }

  private _database?: Promise<IDBDatabase>;
}

const lockName = (client: string) => `forkernel:${client}`;

function lives(batch: Batch & { kept: number }, held: (string | undefined)[] | undefined): boolean {
  return held ? held.includes(lockName(batch.client)) : Date.now() - batch.kept < 60_000;
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(BATCHES, { keyPath: ['client', 'sequence'] });
  return settled(request) as Promise<IDBDatabase>;
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
