import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { Contents } from '@jupyterlab/services';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { NotebookHistory } from '../notebook_history.js';
import type { CellTrees } from '../tree/cell_trees.js';
import { HistoryContents } from './contents.js';
import { NO_FILTER, type FilterState } from './filter.js';

/** What everything that shows the history needs of the application. */
export interface HistoryServices {
  trans: TranslationBundle;
  languages: IEditorLanguageRegistry | null;
  contents: Contents.IManager;
  open(path: string): Promise<void>;
}

/** What the parts of the panel need besides. */
export interface PanelServices extends HistoryServices {
  /** Put the focus into the active cell of a notebook, to type. */
  focusCell(panel: NotebookPanel): void;
  revealVersion(cell: string, version: number): void;
  /** The dialog with the moments of the notebook. */
  showNotebookHistory(): void;
  /** Of another notebook, which is opened; rejects where there is no such file. */
  openVersion(path: string, cell: string, version: number): Promise<void>;
}

/** What the panel knows of one notebook. */
export interface NotebookView {
  history: NotebookHistory;
  panel: NotebookPanel;
  trees: CellTrees;
  contents: HistoryContents;
  document: unknown; // of the history; with another one the view is another one
  search: Pick<FilterState, 'text' | 'scope'>; // the last one
}

export function viewOf(history: NotebookHistory): NotebookView {
  const { connection, panel, trees } = history;
  const { document } = connection;
  return { history, panel, trees, contents: new HistoryContents(connection), document, search: NO_FILTER };
}
