import type { YNotebook } from '@jupyter/ydoc';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Cause } from './capture/cell_log.js';
import { editorCause } from './capture/editor_cause.js';
import { NotebookCapture } from './capture/notebook_capture.js';
import { BrowserBatchStore } from './kernel/batch_store.js';
import { HistoryConnection, isOurName } from './kernel/connection.js';
import { EditQueue, type Send } from './kernel/queue.js';
import { Restorer } from './restore.js';
import { CellTrees } from './tree/cell_trees.js';

/** The history of one open notebook: what is edited goes to the kernel's, and what that has is asked for here. */
export class NotebookHistory {
  constructor(panel: NotebookPanel) {
    const client = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    this.panel = panel;
    this.connection = new HistoryConnection(panel.sessionContext, client);
    this.restorer = new Restorer(this);
    this.trees = new CellTrees(this.connection, this.headsMoved);
    this._queue = new EditQueue({
      client,
      store: new BrowserBatchStore(client),
      document: () => panel.context.path,
      onTrouble: error => this._setTrouble(error),
      onHeads: heads => this._headsMoved.emit(heads)
    });
    this.connection.stateChanged.connect(this._onState, this);
    window.addEventListener('pagehide', this._flush);
    panel.context.saveState.connect(this._onSave, this);
    panel.content.node.addEventListener('focusout', this._flush);
    panel.disposed.connect(this.dispose, this);
    void panel.context.ready.then(() => this._onState());
  }

  readonly panel: NotebookPanel;
  readonly connection: HistoryConnection;
  readonly restorer: Restorer;
  readonly trees: CellTrees;

  /** The kernel records into the history now. */
  get isOpen(): boolean {
    return this.connection.state === 'open';
  }

  /** Why edits are not being recorded, a sentence; undefined: they are. */
  get trouble(): string | undefined {
    return this.connection.state === 'off' ? this.connection.reason : this._trouble;
  }

  get troubleChanged(): ISignal<this, void> {
    return this._troubleChanged;
  }

  /** New heads of cells, by cell id, as the kernel has recorded them for this page. */
  get headsMoved(): ISignal<this, Record<string, number>> {
    return this._headsMoved;
  }

  /** Tell the kernel all that was typed until now; what is sent after this, the run of a cell, finds it recorded. */
  flush(ran?: string): void {
    this._capture?.flush();
    this._queue.flush(ran);
  }

  /** Change texts of cells for another reason than typing. */
  during<T>(cause: Cause, change: () => T): T {
    return this._capture ? this._capture.during(cause, change) : change();
  }

  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    window.removeEventListener('pagehide', this._flush);
    this.panel.content.node.removeEventListener('focusout', this._flush);
    this.flush();
    this._capture?.dispose();
    this._queue.dispose();
    this.trees.dispose();
    this.connection.dispose();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private _onState(): void {
    const { state, sequence } = this.connection;
    const { session } = this.panel.sessionContext;
    const model = this.panel.content.model;
    if (this._disposed || !model) {
      return;
    }
    // Edits are watched once there is a forkernel or one is on its way, and on while it is dead or starts anew.
    const comes = !session?.kernel && isOurName(model.defaultKernelName);
    if (state === 'open' || state === 'waiting' || comes) {
      this._capture ??= new NotebookCapture(model.sharedModel as YNotebook, {
        record: edits => this._queue.add(edits),
        editorCause
      });
    } else if (state === 'none' && session?.kernel) {
      this._capture?.dispose(); // the person chose another kernel
      this._capture = undefined;
    }
    if (state === 'open') {
      const send: Send = message => this.connection.send({ ...message });
      void this._queue.connect(send, sequence);
    } else {
      this._queue.disconnect();
    }
    this._troubleChanged.emit();
  }

  private _onSave(_: unknown, state: string): void {
    if (state === 'started') {
      this.flush();
    }
  }

  private _setTrouble(error: string | undefined): void {
    if (error !== this._trouble) {
      this._trouble = error;
      this._troubleChanged.emit();
    }
  }

  private _flush = (): void => this.flush();
  private _queue: EditQueue;
  private _capture?: NotebookCapture;
  private _trouble?: string;
  private _disposed = false;
  private _troubleChanged = new Signal<this, void>(this);
  private _headsMoved = new Signal<this, Record<string, number>>(this);
}
