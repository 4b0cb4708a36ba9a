import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { ReactElement } from 'react';
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

export interface IHistoryTab {
  id: string;
  label: string;
  rank: number; // tabs are in this order
  /** Called only while the tab is shown and the history of the notebook is open. */
  render(history: NotebookHistory, panel: NotebookPanel): ReactElement;
}

/** The panel in the side bar. */
export interface IHistoryPanel {
  addTab(tab: IHistoryTab): void;
  /** Show the panel, with this tab or the one that it had, and move the focus into it. */
  reveal(tab?: string): void;
  /** Show a version in the tree of its cell. */
  revealVersion(cell: string, version: number): void;
}

export const IHistoryPanel = new Token<IHistoryPanel>(
  '@forkernel/labextension:IHistoryPanel',
  'The panel in the side bar with the history of the notebook.'
);
