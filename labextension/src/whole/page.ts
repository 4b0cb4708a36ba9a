import type { ICodeCellModel } from '@jupyterlab/cells';
import type { CellInfo, Run, RunOutputs } from '../kernel/protocol.js';
import type { NotebookHistory } from '../notebook_history.js';
import { planWhole, type CellNow, type CellThen, type WholePlan } from './plan.js';

const RUNS_AT_ONCE = 64;

/** No output has this type: runs are asked for without what they printed. */
const NO_MIMES = ['none/none'];

/** What the history says of the notebook of now, which a plan needs beside the page. */
export interface Known {
  cells: ReadonlySet<string>; // that the history has met
  runs: ReadonlyMap<string, number>; // by cell: the newest of the text that it has now; 0: none
  silent: ReadonlySet<number>; // runs without any output
}

/** The notebook as it was: a list of its cells, without outputs. */
export async function readThen(history: NotebookHistory, time: number): Promise<CellThen[]> {
  return (await history.connection.request<{ cells: CellThen[] }>('notebook', { time })).cells;
}

export async function readKnown(history: NotebookHistory): Promise<Known> {
  history.flush();
  const [now, { cells }] = await Promise.all([
    readThen(history, 0),
    history.connection.request<{ cells: CellInfo[] }>('cells')
  ]);
  const runs = new Map(now.map(cell => [cell.cell, cell.run]));
  const bare = history.panel.content.widgets
    .filter(({ model }) => model.type === 'code' && (model as ICodeCellModel).outputs.length === 0)
    .map(({ model }) => runs.get(model.id) ?? 0);
  const silent = new Set(
    (
      await readRuns(
        history,
        bare.filter(run => run !== 0),
        NO_MIMES
      )
    )
      .filter(isSilent)
      .map(idOf)
  );
  return { cells: new Set(cells.map(cell => cell.cell)), runs, silent };
}

/** The runs of these ids with their outputs. */
export async function readRuns(
  { connection }: NotebookHistory,
  ids: readonly number[],
  mimes?: string[]
): Promise<RunOutputs[]> {
  const found: RunOutputs[] = [];
  for (let left = [...ids]; left.length > 0; ) {
    const runs = left.slice(0, RUNS_AT_ONCE);
    const answer = await connection.request<{ runs: RunOutputs[]; later: number[] }>('outputs', { runs, mimes });
    found.push(...answer.runs);
    left = [...answer.later, ...left.slice(RUNS_AT_ONCE)];
  }
  return found;
}

/** What would make the page into the notebook of then. */
export function planPage(history: NotebookHistory, known: Known, then: readonly CellThen[]): WholePlan {
  const now = history.panel.content.widgets.map(({ model }): CellNow => {
    return {
      id: model.id,
      type: model.type as CellNow['type'],
      text: model.sharedModel.getSource(),
      run: model.type === 'code' ? shownRun(history, model as ICodeCellModel, known) : 0,
      fixedText: model.getMetadata('editable') === false,
      fixedPlace: model.getMetadata('deletable') === false
    };
  });
  return planWhole(now, then, known.cells);
}

/** Whose outputs a cell shows. Those that an earlier text left below a new one count as none: so the record has it. */
function shownRun({ restorer }: NotebookHistory, model: ICodeCellModel, { runs, silent }: Known): number {
  const old = restorer.oldOutputs(model);
  if (old) {
    return old.run?.run ?? 0;
  }
  const run = runs.get(model.id) ?? 0;
  return model.outputs.length > 0 || silent.has(run) ? run : 0;
}

function isSilent({ run }: { run: Run }): boolean {
  return run.outputs === 0;
}

function idOf({ run }: { run: Run }): number {
  return run.run;
}
