import type { YNotebook } from '@jupyter/ydoc';
import type * as nbformat from '@jupyterlab/nbformat';
import type { TranslationBundle } from '@jupyterlab/translation';
import { spliceBetween } from '../capture/text.js';
import { addAttachments } from '../extras.js';
import { RefusedError } from '../kernel/connection.js';
import type { RunOutputs } from '../kernel/protocol.js';
import { mustBeWritable } from '../may_restore.js';
import type { NotebookHistory } from '../notebook_history.js';
import { isRunning, modelOf, type Page } from '../restore.js';
import { planPage, readKnown, readRuns, readThen } from './page.js';
import { isNothing, type CellThen, type WholePlan } from './plan.js';

type Cell = nbformat.ICell & { id: string };

/** What the cells showed before and after the notebook was restored: the outputs for its undo and redo. */
interface Swap {
  before: Map<string, Page>;
  after: Map<string, Page>;
}

/** Under this a step of the notebook's undo has its swap. */
const SWAP = Symbol('forkernel');

/**
 * Makes the notebook what it was at `time`, as one step of the notebook's own undo. Rejects with a RefusedError or
 * LostError before anything is changed.
 *
 * @returns how to take it back, which is false where something else would be undone now; undefined: it is so already
 */
export async function restoreWhole(
  history: NotebookHistory,
  time: number,
  trans: TranslationBundle
): Promise<(() => boolean) | undefined> {
  const { panel } = history;
  mustBeWritable(panel, trans);
  mustRest(history, trans);
  const [known, then] = await Promise.all([readKnown(history), readThen(history, time)]);
  const plan = planPage(history, known, then);
  if (isNothing(plan)) {
    return undefined;
  }
  const runs = [...new Set(plan.cells.filter(cell => cell.otherOutputs && cell.run !== 0).map(cell => cell.run))];
  const [outputs, whole] = await Promise.all([readRuns(history, runs), readCells(history, plan, then, time)]);
  await tellMoment(history, time);
  // Nothing is waited for from here on: the page is still the one that the plan is of, or nothing is done.
  mustRest(history, trans);
  if (JSON.stringify(planPage(history, known, then)) !== JSON.stringify(plan)) {
    throw new RefusedError(trans.__('The notebook was changed meanwhile, so nothing was done. Try again.'));
  }
  const before = pagesOf(history);
  change(history, plan, whole);
  putOutputs(history, plan, before, new Map(outputs.map(answer => [answer.run.run, answer])));
  const swap = { before, after: pagesOf(history) };
  rememberOutputs(history, swap);
  return () => takeBack(history, swap);
}

function mustRest({ panel }: NotebookHistory, trans: TranslationBundle): void {
  if (panel.content.widgets.some(widget => isRunning(widget.model))) {
    throw new RefusedError(
      trans.__('A cell is running. Wait for its end or interrupt it, then the notebook can be restored.')
    );
  }
}

/**
 * Cells with all that the history has of them, by id, where some of that is needed: of those that are not on the page any
 * more, and the attachments that a text of then refers to.
 */
async function readCells(
  { connection }: NotebookHistory,
  plan: WholePlan,
  then: readonly CellThen[],
  time: number
): Promise<Map<string, Cell>> {
  if (!plan.cells.some(({ fate, type }) => fate === 'comes' || (fate === 'changes' && type !== 'code'))) {
    return new Map();
  }
  const answer = await connection.request<{ notebook: nbformat.INotebookContent }>('notebook', {
    time,
    format: 'nbformat'
  });
  return new Map((answer.notebook.cells as Cell[]).map((cell, at) => [then[at].cell, cell]));
}

/** The notebook of just before is a moment, too: it can be gone back to later. */
async function tellMoment({ connection }: NotebookHistory, time: number): Promise<void> {
  try {
    await connection.request('moment', { kind: 'restore', time: Date.now() * 1000 - 1, about: time });
  } catch (error) {
    if (!(error instanceof RefusedError)) {
      throw error; // a kernel that does not know the question keeps the texts all the same
    }
  }
}

/** One transaction of the shared model: texts where cells stay, others out and in. */
function change(history: NotebookHistory, plan: WholePlan, whole: ReadonlyMap<string, Cell>): void {
  const { panel } = history;
  const notebook = panel.content.model!.sharedModel as YNotebook;
  const shared = new Map(notebook.cells.map(cell => [cell.id, cell]));
  const after = new Map(plan.cells.map(cell => [cell.id, cell]));
  const made = new Map(
    plan.inserts.map(({ id }) => {
      const moved = shared.get(id)?.toJSON() as Cell | undefined;
      const cell = moved ? withAttachments(moved, whole.get(id)) : asNew(whole.get(id)!);
      return [id, { ...cell, source: after.get(id)!.after }];
    })
  );
  const manager = notebook.undoManager;
  manager.stopCapturing();
  history.during('restore', () =>
    notebook.transact(() => {
      plan.deletes.forEach(at => notebook.deleteCell(at));
      plan.inserts.forEach(({ at, id }) => notebook.insertCell(at, made.get(id) as never));
      plan.texts.forEach(({ id, text }) => {
        const cell = shared.get(id)!;
        const { at, delete: removed, insert } = spliceBetween(cell.getSource(), text);
        addAttachments(modelOf(panel, id)!, whole.get(id) ?? {});
        cell.updateSource(at, at + removed, insert);
      });
    })
  );
  manager.stopCapturing();
}

/** What the text of then refers to is there again; what the cell has now stays as it is. */
function withAttachments(cell: Cell, then: Cell | undefined): Cell {
  const attachments = { ...(then?.attachments as object), ...(cell.attachments as object) };
  return cell.cell_type !== 'code' && Object.keys(attachments).length > 0 ? { ...cell, attachments } : cell;
}

/** Its outputs are put there like those of other cells, with their date; nothing is in it yet to be distrusted. */
function asNew(cell: Cell): Cell {
  const { forkernel: _, ...metadata } = cell.metadata as Record<string, unknown>;
  return cell.cell_type === 'code'
    ? { ...cell, metadata: { ...metadata, trusted: true }, outputs: [], execution_count: null }
    : { ...cell, metadata: metadata as nbformat.ICellMetadata };
}

function putOutputs(
  { panel, restorer }: NotebookHistory,
  plan: WholePlan,
  before: ReadonlyMap<string, Page>,
  runs: ReadonlyMap<number, RunOutputs>
): void {
  for (const { id, after, run, otherOutputs, moves } of plan.cells) {
    const model = modelOf(panel, id);
    const answer = runs.get(run);
    const shown = before.get(id);
    if (model && moves && shown && !otherOutputs) {
      restorer.putBack(model, shown); // a cell that moves is made anew: whose its outputs are is to be said on
    } else if (model && otherOutputs) {
      restorer.show(model, {
        text: after,
        runs: answer ? [answer.run] : [],
        outputs: answer?.outputs ?? [],
        left_out: answer?.left_out ?? []
      });
    }
  }
}

// ---- undo ----

interface Popped {
  type: 'undo' | 'redo';
  stackItem: { meta: Map<unknown, unknown> };
}

const watched = new WeakSet<object>();

function pagesOf({ panel, restorer }: NotebookHistory): Map<string, Page> {
  return new Map(panel.content.widgets.map(({ model }) => [model.id, restorer.pageOf(model)]));
}

/** Undo takes back texts and cells by itself; outputs are no part of it in JupyterLab. */
function rememberOutputs(history: NotebookHistory, swap: Swap): void {
  const manager = (history.panel.content.model!.sharedModel as YNotebook).undoManager;
  manager.undoStack.at(-1)?.meta.set(SWAP, swap);
  if (watched.has(manager)) {
    return;
  }
  watched.add(manager);
  manager.on('stack-item-popped', ({ type, stackItem }: Popped) => {
    const put = stackItem.meta.get(SWAP) as Swap | undefined;
    if (put) {
      (type === 'undo' ? manager.redoStack : manager.undoStack).at(-1)?.meta.set(SWAP, put);
      queueMicrotask(() => putPages(history, type === 'undo' ? put.before : put.after)); // when it is over
    }
  });
}

/** False: the step that would be undone is another one. */
function takeBack({ panel }: NotebookHistory, swap: Swap): boolean {
  if (panel.isDisposed) {
    return false;
  }
  const { undoManager } = panel.content.model!.sharedModel as YNotebook;
  return undoManager.undoStack.at(-1)?.meta.get(SWAP) === swap && undoManager.undo() !== null;
}

function putPages({ panel, restorer }: NotebookHistory, pages: ReadonlyMap<string, Page>): void {
  for (const { model } of panel.isDisposed ? [] : panel.content.widgets) {
    const page = pages.get(model.id);
    if (page && JSON.stringify(restorer.pageOf(model)) !== JSON.stringify(page)) {
      restorer.putBack(model, page);
    }
  }
}
