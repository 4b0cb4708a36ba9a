import type { Cell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { NotebookHistory } from '../notebook_history.js';
import { CellMarks, type CellSettings } from './cell_marks.js';
import { CellSteps } from './cell_steps.js';
import { MissedRuns } from './missed_runs.js';

/** The notebook has a history: styles and shortcuts hang on it. */
const HISTORY_CLASS = 'fk-mod-history';

/** What the history shows at the cells of one notebook, and the steps that can be taken there. */
export class NotebookMarks {
  constructor(history: NotebookHistory, trans: TranslationBundle, announce: (words: string) => void) {
    this._history = history;
    this._trans = trans;
    this.steps = new CellSteps(history, trans, announce);
    this.missed = new MissedRuns(history);
    this.missed.changed.connect((_, model) => this._ofModel(model)?.draw(), this);
    this._observer = new IntersectionObserver(entries => entries.forEach(entry => this._onSeen(entry)));
    history.restorer.oldOutputsChanged.connect((_, model) => this._ofModel(model)?.draw(), this);
    history.connection.stateChanged.connect(this._onState, this);
    void history.panel.context.ready.then(() => this._start());
    history.panel.disposed.connect(this._dispose, this);
  }

  readonly steps: CellSteps;
  readonly missed: MissedRuns;

  set settings(settings: CellSettings) {
    this._settings = settings;
    this._marks.forEach(marks => {
      marks.settings = settings;
      marks.draw();
    });
  }

  private _start(): void {
    if (!this._history.panel.isDisposed) {
      this._history.panel.content.model?.cells.changed.connect(this._onCells, this);
      this._onState();
    }
  }

  private _onState(): void {
    this._history.panel.content.node.classList.toggle(HISTORY_CLASS, this._history.connection.state !== 'none');
    this._marks.forEach(marks => marks.draw());
    this._onCells();
  }

  private _onCells(): void {
    if (this._history.connection.state === 'none') {
      return;
    }
    // The widgets of new cells are made after the model tells of them.
    requestAnimationFrame(() => {
      for (const cell of this._history.panel.content.widgets) {
        if (!this._marks.has(cell.node)) {
          this._add(cell);
        }
      }
    });
  }

  private _add(cell: Cell): void {
    const marks = new CellMarks(cell, this._history, this.steps, this.missed, this._trans, this._settings);
    this._marks.set(cell.node, marks);
    this._observer.observe(cell.node);
    cell.disposed.connect(() => {
      this._marks.delete(cell.node);
      this._observer.unobserve(cell.node);
      marks.disappear();
    });
  }

  private _onSeen({ target, isIntersecting }: IntersectionObserverEntry): void {
    const marks = this._marks.get(target);
    if (isIntersecting) {
      marks?.appear();
    } else {
      marks?.disappear();
    }
  }

  private _ofModel(model: unknown): CellMarks | undefined {
    const cell = this._history.panel.content.widgets.find(widget => widget.model === model);
    return cell && this._marks.get(cell.node);
  }

  private _dispose(): void {
    this._observer.disconnect();
    this._marks.forEach(marks => marks.disappear());
    Signal.disconnectReceiver(this);
  }

  private _history: NotebookHistory;
  private _trans: TranslationBundle;
  private _observer: IntersectionObserver;
  private _marks = new Map<Element, CellMarks>(); // by the cell's node
  private _settings: CellSettings = { switcher: true, oldOutputs: true };
}
