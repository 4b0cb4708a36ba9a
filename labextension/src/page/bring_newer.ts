import type { SharedCell } from '@jupyter/ydoc';
import type { TranslationBundle } from '@jupyterlab/translation';
import { cellExtras, sayLeftOut } from '../extras.js';
import { RefusedError } from '../kernel/connection.js';
import { mayRestore, mustBeWritable } from '../may_restore.js';
import type { NotebookHistory } from '../notebook_history.js';
import { bringBack, insertCell } from '../panel/actions.js';
import { modelOf } from '../restore.js';
import type { Newer } from './beyond.js';

/**
 * What the history has beyond the page, back on the page: texts with their outputs, cells, and deletions. Ctrl-Z takes each
 * back in its cell. Returns those that are as they were; the person may have said no to a cell that runs.
 */
export async function bringNewer(
  history: NotebookHistory,
  trans: TranslationBundle,
  newer: readonly Newer[]
): Promise<Newer[]> {
  mustBeWritable(history.panel, trans);
  history.flush();
  const done: Newer[] = [];
  // Cells first: the first edit that is told says which cells this page has, and others are deleted then.
  const isCell = (one: Newer) => one.kind === 'added';
  for (const one of [...newer.filter(isCell), ...newer.filter(one => !isCell(one))]) {
    if (one.kind === 'edited' && !(await mayRestore(history.panel, one.cell, trans))) {
      continue;
    }
    await bring(history, trans, one);
    done.push(one);
  }
  return done;
}

async function bring(history: NotebookHistory, trans: TranslationBundle, newer: Newer): Promise<void> {
  const { panel, restorer } = history;
  if (newer.kind === 'edited') {
    await restorer.restore(newer.version);
  } else if (newer.kind === 'deleted') {
    const shared = panel.content.model!.sharedModel;
    const index = shared.cells.findIndex(cell => cell.getId() === newer.cell);
    if (index >= 0 && shared.cells[index].getMetadata('deletable') !== false) {
      shared.deleteCell(index);
    }
  } else if (!modelOf(panel, newer.cell)) {
    await bringBack({ history, panel }, { trans }, newer.cell).catch(error => {
      if (!(error instanceof RefusedError)) {
        throw error;
      }
      return insert(history, trans, newer); // as the history has it, the cell is there
    });
  }
}

/** A cell that the file has not, and that nobody deleted, behind the one that it followed. */
async function insert(history: NotebookHistory, trans: TranslationBundle, newer: Newer): Promise<void> {
  const { panel, restorer, connection } = history;
  const { cells } = await connection.request<{ cells: { cell: string }[] }>('notebook', { time: 0 });
  const restored = await restorer.restore(newer.version); // it is the head: nothing moves
  const here = panel.content.widgets.map(widget => widget.model.id);
  const before = cells.slice(
    0,
    cells.findIndex(one => one.cell === newer.cell)
  );
  const after = before.reverse().find(one => here.includes(one.cell));
  const index = after ? here.indexOf(after.cell) + 1 : before.length > 0 ? here.length : 0;
  const made = history.during('restore', () =>
    insertCell(panel, index, {
      id: newer.cell,
      cell_type: newer.type,
      source: restored.text,
      ...cellExtras(restored)
    } as SharedCell.Cell)
  );
  sayLeftOut(restored, trans);
  if (made && restored.outputs.length > 0) {
    restorer.show(made, restored);
  }
}
