import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { NotebookHistory } from './notebook_history.js';

/** The histories of the open notebooks. */
export interface IHistories {
  /** Undefined for a panel that is gone. */
  of(panel: NotebookPanel): NotebookHistory | undefined;
  /** Call for every notebook, those that are open already included. */
  forEach(callback: (history: NotebookHistory) => void): void;
}

export const IHistories = new Token<IHistories>(
  '@forkernel/labextension:IHistories',
  'The histories of the open notebooks on a forkernel kernel.'
);
