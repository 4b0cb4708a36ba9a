import type { YNotebook } from '@jupyter/ydoc';
import { Notification } from '@jupyterlab/apputils';
import type { ICellModel } from '@jupyterlab/cells';
import { PageConfig } from '@jupyterlab/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Cause } from './capture/cell_log.js';
import { editorCause } from './capture/editor_cause.js';
import { NotebookCapture, type Edit } from './capture/notebook_capture.js';
import { programCause } from './capture/program_cause.js';
import { BrowserBatchStore } from './kernel/batch_store.js';
import { HistoryConnection, isOurName } from './kernel/connection.js';
import type { Told } from './kernel/protocol.js';
import { EditQueue, type Send } from './kernel/queue.js';
import { Comparison } from './page/comparison.js';
import { PageHeads } from './page/page_heads.js';
import { SeenRuns, wasHeldBack } from './page/seen_runs.js';
import { isCode } from './restore.js';

/** Tells the kernel what is edited in one notebook, once however many views show it. */
export class NotebookRecorder {
  constructor(context: NotebookPanel['context']) {
    const client = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    this._context = context;
    this.connection = new HistoryConnection(context.sessionContext, client, () => context.localPath);
    this._queue = new EditQueue({
      client,
      store: new BrowserBatchStore(client),
      document: () => `${PageConfig.getOption('serverRoot')}:${context.path}`, // servers share an address in turn
      onTrouble: error => this._setTrouble(error),
      onLeftOut: (edit, reason) => this._onLeftOut(edit, reason),
      onHeads: (heads, own) => this._onHeads(heads, own)
    });
    this.comparison = new Comparison(context, this.connection, this.heads);
    this.connection.stateChanged.connect(this._onState, this);
    this.connection.told.connect((_, told) => this._onTold(told as unknown as Told), this);
    context.saveState.connect(this._onSave, this);
    context.pathChanged.connect(this._onPath, this);
    context.sessionContext.disposed.connect(this._leave, this); // the kernel can still be told
    window.addEventListener('pagehide', this._onPageHide);
    void context.ready.then(() => this._onState());
  }

  readonly connection: HistoryConnection;
  readonly heads = new PageHeads();
  readonly seen = new SeenRuns();
  readonly comparison: Comparison;

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

  /** A cell of this page was sent to the kernel. */
  sent(cell: ICellModel): void {
    this.seen.sent(cell);
  }

  /** The kernel has answered, and all outputs are there. */
  done(cell: ICellModel): void {
    this.seen.done(cell, !isCode(cell) || !wasHeldBack(cell));
    this._ranHere.emit(cell);
  }

  /** A cell that this page sent has run. */
  get ranHere(): ISignal<this, ICellModel> {
    return this._ranHere;
  }

  dispose(): void {
    this._disposed = true;
    window.removeEventListener('pagehide', this._onPageHide);
    this._leave();
    this._stop();
    this._queue.dispose();
    this.comparison.dispose();
    this.heads.dispose();
    Signal.clearData(this);
  }

  private _onState(): void {
    if (this._disposed || !this._context.isReady) {
      return;
    }
    const { state, sequence, isDisabled } = this.connection;
    const { model, sessionContext } = this._context;
    const kernel = sessionContext.session?.kernel;
    // Edits are watched once there is a forkernel or one is on its way, and on while it is dead or starts anew.
    const comes = !kernel && isOurName(model.defaultKernelName);
    if (isDisabled) {
      this._stop();
      void this._queue.clear();
    } else if (state === 'open' || state === 'waiting' || comes) {
      this._capture ??= this._startCapture(model.sharedModel as YNotebook);
    } else if (state === 'none' && kernel) {
      this._stop(); // the person chose another kernel
    }
    if (state === 'open') {
      this._tellCells();
      const send: Send = message => this.connection.send({ ...message });
      void this.comparison.open(); // asks before anything is told that waits
      void this._queue.connect(send, sequence);
    } else {
      this.seen.disconnected();
      this._queue.disconnect();
    }
    this._troubleChanged.emit();
  }

  /** The kernel is told the last of it, and that this page shows the notebook no more. */
  private _leave(): void {
    this.flush();
    this.connection.dispose();
  }

  private _startCapture(notebook: YNotebook): NotebookCapture {
    this.comparison.opened();
    return new NotebookCapture(notebook, {
      record: edits => this._queue.add(edits),
      editorCause,
      programCause,
      elsewhere: cell => this.heads.forget(cell),
      reloaded: what =>
        queueMicrotask(() => {
          this.flush(); // the kernel hears of it before it is asked what was there
          void this.comparison.reloaded(what);
        })
    });
  }

  private _onHeads(heads: Record<string, number>, own: boolean): void {
    if (own) {
      Object.entries(heads).forEach(([cell, version]) => this.heads.set(cell, version));
    } else if (this._queue.hasOwnOnly) {
      void this.comparison.open(true); // with what a page before this one could not tell
    }
    this._headsMoved.emit(heads);
  }

  private _onTold(told: Told): void {
    if (told.type === 'changed' && told.run && told.cell && told.version && told.status) {
      const cell = [...this._context.model.cells].find(one => one.id === told.cell);
      if (cell && this.seen.told(cell, told.run, told.status)) {
        this.heads.set(told.cell, told.version);
      }
    }
  }

  private _stop(): void {
    this._capture?.dispose();
    this._capture = undefined;
  }

  private _onSave(_: unknown, state: string): void {
    if (state === 'started') {
      this.flush();
    }
  }

  /** Ids that the file does not have are this page's own: the kernel knows by the texts which cells they are. */
  private _tellCells(): void {
    const { nbformat, nbformat_minor: minor, cells } = this._context.model.sharedModel;
    if (nbformat === 4 && minor < 5) {
      void this.connection.tellCells(cells.map(cell => ({ cell: cell.getId(), text: cell.getSource() })));
    }
  }

  /** What was typed under the old name comes before what is recorded under the new one. */
  private _onPath(): void {
    this.flush();
    this._queue.renamed();
    void this.connection.tellPath();
  }

  private _onLeftOut(edit: Edit, reason: string): void {
    console.warn(`forkernel: an edit is not in the history: ${reason}`, edit);
    if (!this._toldLeftOut) {
      Notification.warning(`A change in ${this._context.path} is not in the history: ${reason}`, { autoClose: false });
    }
    this._toldLeftOut = true;
  }

  private _setTrouble(error: string | undefined): void {
    if (error !== this._trouble) {
      this._trouble = error;
      this._troubleChanged.emit();
    }
  }

  private _onPageHide = ({ persisted }: PageTransitionEvent): void => (persisted ? this.flush() : this._leave());
  private _context: NotebookPanel['context'];
  private _queue: EditQueue;
  private _capture?: NotebookCapture;
  private _trouble?: string;
  private _toldLeftOut = false;
  private _disposed = false;
  private _troubleChanged = new Signal<this, void>(this);
  private _headsMoved = new Signal<this, Record<string, number>>(this);
  private _ranHere = new Signal<this, ICellModel>(this);
}
