import { Notification } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { NotebookHistory } from '../notebook_history.js';
import type { HistoryServices } from '../panel/services.js';
import { bringNotebookBack, isMissing, placeOnServer, readGone } from './gone.js';

/** When JupyterLab restores what was open, other notebooks need a moment until they can answer (ms). */
const ANSWER_MS = 10_000;

/** A tab that shows nothing by then is asked after: it is not closed before the person has answered a dialog (ms). */
const LOAD_MS = 2000;

/**
 * JupyterLab says that a notebook cannot be opened, and closes its tab. Where its file is gone the history may have the
 * notebook: that of any open notebook answers for all.
 */
export class GoneOffer {
  constructor(
    private _services: HistoryServices,
    private _isWanted: () => boolean
  ) {}

  /** One that may answer. */
  add(history: NotebookHistory): void {
    this._histories.add(history);
    history.panel.disposed.connect(() => this._histories.delete(history));
  }

  /** A tab from its making on: it may be closed before it is listed anywhere. */
  watchTab(panel: NotebookPanel): void {
    const { context } = panel;
    let looked = false;
    const look = () => {
      if (!context.isReady && !looked && this._isWanted()) {
        looked = true;
        void this._offer(context.path);
      }
    };
    const timer = setTimeout(look, LOAD_MS);
    void context.ready.then(() => clearTimeout(timer));
    panel.disposed.connect(() => {
      clearTimeout(timer);
      look();
    });
  }

  /** A command that opens a file looks first whether it is there, and then there is no tab that could be closed. */
  watchOpening(opening: Promise<unknown>, path: string): void {
    opening.catch(() => {
      if (path.endsWith('.ipynb') && this._isWanted()) {
        void this._offer(path);
      }
    });
  }

  private async _offer(path: string): Promise<void> {
    const { contents, trans } = this._services;
    if (this._offered.has(path) || !(await isMissing(contents, path))) {
      return;
    }
    this._offered.add(path);
    setTimeout(() => this._offered.delete(path), ANSWER_MS);
    const name = path.slice(path.lastIndexOf('/') + 1);
    const history = await this._answering();
    if (!history) {
      Notification.info(
        trans.__(
          '%1 is not there. If it ran on a forkernel, its history is kept: open any notebook on a forkernel and choose Edit, Bring Back….',
          name
        ),
        { autoClose: 15_000 }
      );
      return;
    }
    const gone = (await readGone(history, true)).find(one => placeOnServer(one, contents.localPath(path)));
    if (gone) {
      Notification.info(trans.__('%1 is not there any more, but the history has it.', name), {
        autoClose: false,
        actions: [
          {
            label: trans.__('Bring It Back'),
            caption: trans.__('Makes the file anew, as the notebook was last'),
            displayType: 'accent',
            callback: () => void this._bringBack(history, gone, path)
          }
        ]
      });
    }
  }

  private async _bringBack(
    history: NotebookHistory,
    gone: Parameters<typeof bringNotebookBack>[2],
    path: string
  ): Promise<void> {
    try {
      await bringNotebookBack(history, this._services, gone, path);
    } catch (error) {
      Notification.error(error instanceof Error ? error.message : String(error), { autoClose: false });
    }
  }

  /** The history of a notebook that can answer now, or soon; undefined: there is none. */
  private async _answering(): Promise<NotebookHistory | undefined> {
    const open = () => [...this._histories].find(history => history.isOpen);
    const coming = [...this._histories].filter(({ connection }) => connection.state !== 'off');
    if (!open() && coming.length > 0) {
      await new Promise<void>(resolve => {
        const done = () => {
          clearTimeout(timer);
          coming.forEach(({ connection }) => connection.stateChanged.disconnect(onState));
          resolve();
        };
        const onState = () => open() && done();
        const timer = setTimeout(done, ANSWER_MS);
        coming.forEach(({ connection }) => connection.stateChanged.connect(onState));
      });
    }
    return open();
  }

  private _histories = new Set<NotebookHistory>();
  private _offered = new Set<string>(); // just now
}
