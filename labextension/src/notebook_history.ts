import type { NotebookPanel } from '@jupyterlab/notebook';
import type { ISignal } from '@lumino/signaling';
import type { Cause } from './capture/cell_log.js';
import type { HistoryConnection } from './kernel/connection.js';
import type { NotebookRecorder } from './notebook_recorder.js';
import type { PageHeads } from './page/page_heads.js';
import type { SeenRuns } from './page/seen_runs.js';
import { Restorer } from './restore.js';
import { CellTrees } from './tree/cell_trees.js';

/** The history of a notebook as one of its views has it: what is edited goes there, and what it has is asked for here. */
export class NotebookHistory {
  constructor(panel: NotebookPanel, recorder: NotebookRecorder) {
    this.panel = panel;
    this.recorder = recorder;
    this.restorer = new Restorer(this);
    this.trees = new CellTrees(this.connection, this.headsMoved, recorder.heads);
    panel.content.node.addEventListener('focusout', () => this.flush());
    panel.disposed.connect(() => this.trees.dispose());
  }

  readonly panel: NotebookPanel;
  readonly recorder: NotebookRecorder; // shared by all views of the notebook
  readonly restorer: Restorer;
  readonly trees: CellTrees;

  /** Which versions the texts of the page are. */
  get heads(): PageHeads {
    return this.recorder.heads;
  }

  /** Which runs the outputs of the page are of. */
  get seen(): SeenRuns {
    return this.recorder.seen;
  }

  get connection(): HistoryConnection {
    return this.recorder.connection;
  }

  /** The kernel records into the history now. */
  get isOpen(): boolean {
    return this.connection.state === 'open';
  }

  get trouble(): string | undefined {
    return this.recorder.trouble;
  }

  get troubleChanged(): ISignal<NotebookRecorder, void> {
    return this.recorder.troubleChanged;
  }

  get headsMoved(): ISignal<NotebookRecorder, Record<string, number>> {
    return this.recorder.headsMoved;
  }

  flush(ran?: string): void {
    this.recorder.flush(ran);
  }

  during<T>(cause: Cause, change: () => T): T {
    return this.recorder.during(cause, change);
  }
}
