import type * as nbformat from '@jupyterlab/nbformat';
import type { CellInfo, CellType, GoneNotebook, RunOutputs, Version } from '../kernel/protocol.js';
import { isCommands } from '../capture/command_text.js';
import type { NotebookView } from '../panel/services.js';
import { modelOf } from '../restore.js';
import { readGone } from './gone.js';
import { planPage, readKnown, readThen } from './page.js';

/** Something that is not in the notebook any more and can be had back. */
export type Lost =
  | { kind: 'cell'; key: string; cell: string; type: CellType; version: number; time: number; summary: string }
  | { kind: 'text'; key: string; cell: string; type: CellType; version: number; before: string; after: string }
  | { kind: 'outputs'; key: string }
  | { kind: 'notebook'; key: string; notebook: GoneNotebook };

/** What is missing on the page comes first, then deleted cells and notebooks, newest first. */
export async function readLost({ history, panel }: NotebookView, outputs: boolean): Promise<Lost[]> {
  history.flush();
  const { connection } = history;
  const [now, { cells }, gone] = await Promise.all([
    readThen(history, 0),
    connection.request<{ cells: CellInfo[] }>('cells'),
    readGone(history)
  ]);
  const lost: Lost[] = [];
  for (const { cell, type, version, text } of now) {
    const before = modelOf(panel, cell)?.sharedModel.getSource();
    if (before !== undefined && before !== text && !isCommands(before)) {
      lost.push({ kind: 'text', key: `text ${cell}`, cell, type, version, before, after: text });
    }
  }
  const known = await readKnown(history);
  const missing = planPage(history, known, now).cells.some(cell => cell.otherOutputs && cell.run !== 0);
  if (outputs && missing) {
    lost.push({ kind: 'outputs', key: 'outputs' });
  }
  cells
    .filter(({ cell, deleted }) => deleted !== 0 && !modelOf(panel, cell))
    .sort((left, right) => right.deleted - left.deleted)
    .forEach(({ cell, type, head, deleted, summary }) =>
      lost.push({ kind: 'cell', key: `cell ${cell}`, cell, type, version: head, time: deleted, summary })
    );
  gone.forEach(notebook => lost.push({ kind: 'notebook', key: `notebook ${notebook.document}`, notebook }));
  return lost;
}

/** Those that come back into this notebook. */
export function allOf(lost: readonly Lost[]): Lost[] {
  return lost.filter(one => one.kind === 'cell' || one.kind === 'text');
}

/** The text that a deleted cell had, with the outputs of its last run. */
export async function lostCell(
  { history }: NotebookView,
  version: number
): Promise<{ text: string; outputs: nbformat.IOutput[] }> {
  const { versions } = await history.connection.request<{ versions: Version[] }>('versions', { versions: [version] });
  const run = versions[0]?.runs.at(-1);
  const answer =
    run && (await history.connection.request<RunOutputs>('outputs', { run: run.run, limit_bytes: 1 << 20 }));
  return { text: versions[0]?.text ?? '', outputs: answer?.outputs ?? [] };
}
