import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { State, Told } from '../kernel/protocol.js';
import type { NotebookHistory } from '../notebook_history.js';
import { isCode } from '../restore.js';
import { offPath } from './off_path.js';

/** What is told in this time is looked into once (ms). */
const GATHER_MS = 200;

const OFF_CLASS = 'fk-mod-offPath';

/**
 * After the program went to another state: cells whose last run is no part of it have their numbers struck out. Before
 * that nothing is asked, and after a restart of the kernel nothing is marked.
 */
export class PathMarks {
  constructor(
    private _history: NotebookHistory,
    private _trans: TranslationBundle
  ) {
    const { connection, panel } = _history;
    connection.told.connect((_, told) => this._onTold(told as unknown as Told), this);
    connection.stateChanged.connect(this._onState, this);
    panel.disposed.connect(() => {
      clearTimeout(this._timer);
      Signal.disconnectReceiver(this);
    });
  }

  private _onState(): void {
    if (!this._history.isOpen) {
      this._went = false;
      this._first = 0;
      this._mark(new Set());
    }
  }

  private _onTold(told: Told): void {
    if (told.type === 'changed' && told.run && told.status) {
      this._first = this._first === 0 ? told.run : Math.min(this._first, told.run);
    }
    this._went ||= (told.type === 'state' && !told.running) || (told.type === 'changed' && told.state !== undefined);
    const ended = told.type === 'changed' && told.status !== undefined && told.status !== 'running';
    if (this._went && (told.type === 'state' || ended || (told.type === 'changed' && told.state !== undefined))) {
      this._timer ??= setTimeout(() => {
        this._timer = undefined;
        void this._look();
      }, GATHER_MS);
    }
  }

  private async _look(): Promise<void> {
    const { connection, recorder, panel } = this._history;
    try {
      const { states, current } = await connection.request<{ states: State[]; current: number }>('states');
      const off = offPath(states, current, this._first);
      const cells = [...(panel.content.model?.cells ?? [])].filter(isCode);
      const texts = cells.map(cell => ({ cell: cell.id, text: cell.sharedModel.getSource() }));
      const heads = off.size > 0 ? await recorder.comparison.ask(texts) : [];
      this._mark(new Set(heads.filter(({ run }) => run && off.has(run.run)).map(({ cell }) => cell)));
    } catch {
      // the kernel went away, and with it the state
    }
  }

  private _mark(cells: ReadonlySet<string>): void {
    for (const { node, model } of this._history.panel.content.widgets) {
      const isOff = cells.has(model.id);
      if (isOff || node.classList.contains(OFF_CLASS)) {
        node.classList.toggle(OFF_CLASS, isOff);
        const prompt = node.querySelector<HTMLElement>('.jp-InputPrompt');
        if (prompt) {
          prompt.title = isOff ? this._trans.__('Its run is no part of the state that the program is in now') : '';
        }
      }
    }
  }

  private _went = false;
  private _first = 0; // run that this kernel has told of
  private _timer?: ReturnType<typeof setTimeout>;
}
