import type { Undeleted } from '../kernel/protocol.js';

/** Where a cell belongs among those that are there now. */
export function placeOf({ after, index }: Pick<Undeleted, 'after' | 'index'>, cells: readonly string[]): number {
  const before = after ? cells.indexOf(after) : -1;
  if (before >= 0) {
    return before + 1;
  }
  return Math.min(after === '' ? 0 : (index ?? cells.length), cells.length);
}

/**
 * The cells of a notebook as it was. Those that are here `now` and that the history has never met were not touched
 * since it began: they were there, as they are, behind the cell that they follow now.
 *
 * @param known all cells that the history has met
 */
export function withUntouched<C extends { id?: string }>(old: C[], now: readonly C[], known: ReadonlySet<string>): C[] {
  const cells = [...old];
  now.forEach((cell, i) => {
    if (cell.id !== undefined && !known.has(cell.id)) {
      const before = now.slice(0, i).map(one => cells.findIndex(other => other.id === one.id));
      cells.splice((before.reverse().find(at => at >= 0) ?? -1) + 1, 0, cell);
    }
  });
  return cells;
}
