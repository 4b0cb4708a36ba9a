import type { CellHead, CellInfo, CellType } from '../kernel/protocol.js';

/** Something that the history has and this page has not. */
export interface Newer {
  kind: 'edited' | 'added' | 'deleted';
  cell: string;
  version: number; // the text to have again; of a deleted cell the last one
  time: number; // when it was made, us
  summary: string; // of that text
  type: CellType;
}

/** Why the page has less than the history. */
export type Why = 'opened' | 'reloaded';

export interface PageCell {
  id: string;
  hashes: readonly number[]; // of the texts that the cell has had on this page
}

/**
 * What was told to the history after the file was saved, that this page was opened from.
 *
 * @param heads of the cells of the page
 * @param cells all that the history has
 * @param saved when the file was written (us)
 */
export function beyondFile(
  page: readonly PageCell[],
  heads: readonly CellHead[],
  cells: readonly CellInfo[],
  saved: number
): Newer[] {
  const here = new Map(page.map(cell => [cell.id, cell]));
  const infos = new Map(cells.map(cell => [cell.cell, cell]));
  const newer: Newer[] = [];
  for (const { cell, head, hash, edited } of heads) {
    const info = infos.get(cell);
    const deleted = info?.deleted ?? 0;
    if (info && deleted > 0 && deleted > saved) {
      newer.push(newerOf('deleted', info, head, deleted));
    } else if (info && edited > saved && deleted === 0 && !here.get(cell)?.hashes.includes(hash)) {
      newer.push(newerOf('edited', info, head, edited));
    }
  }
  const added = cells.filter(one => !here.has(one.cell) && one.deleted === 0 && one.created > saved && one.head > 0);
  return [...newer, ...added.map(one => newerOf('added', one, one.head, one.created))];
}

/** What the page had before it was read from its file again. `heads` are those of the cells that changed. */
export function beforeReload(
  { come, gone }: { come: readonly string[]; gone: readonly string[] },
  heads: readonly CellHead[],
  cells: readonly CellInfo[],
  now: number
): Newer[] {
  const infos = new Map(cells.map(cell => [cell.cell, cell]));
  const of = (kind: Newer['kind'], cell: string, version?: number): Newer[] => {
    const info = infos.get(cell);
    return info && info.head > 0 ? [newerOf(kind, info, version ?? info.head, now)] : [];
  };
  return [
    ...heads.filter(head => head.before > 0).flatMap(({ cell, before }) => of('edited', cell, before)),
    ...gone.flatMap(cell => of('added', cell)),
    // A cell that came with the file and was there before was deleted since; one that is new was not.
    ...come.filter(cell => (infos.get(cell)?.versions ?? 0) > 1).flatMap(cell => of('deleted', cell))
  ];
}

function newerOf(kind: Newer['kind'], info: CellInfo, version: number, time: number): Newer {
  const { cell, summary, type } = info;
  return { kind, cell, version, time, summary, type };
}
