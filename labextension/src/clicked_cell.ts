import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { Cell } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';

/**
 * The cell that a command is about: from a context menu the one under the mouse, which need not be the active one, since
 * the second mouse button in a cell's text does not make it so.
 */
export function cellOf(app: JupyterFrontEnd, notebook: Notebook, args: { clicked?: unknown }): Cell | null {
  const node = args.clicked ? app.contextMenuHitTest(one => one.classList.contains('jp-Cell')) : undefined;
  return notebook.widgets.find(cell => cell.node === node) ?? notebook.activeCell;
}

/** The same, made the active one, so that it is seen which one it is. */
export function activeCellOf(app: JupyterFrontEnd, notebook: Notebook, args: { clicked?: unknown }): Cell | null {
  const cell = cellOf(app, notebook, args);
  if (cell && cell !== notebook.activeCell) {
    notebook.deselectAll();
    notebook.activeCellIndex = notebook.widgets.indexOf(cell);
  }
  return cell;
}
