import type { Undeleted } from '../kernel/protocol.js';

/** Where a cell belongs among those that are there now. */
export function placeOf({ after, index }: Pick<Undeleted, 'after' | 'index'>, cells: readonly string[]): number {
  const before = after ? cells.indexOf(after) : -1;
  if (before >= 0) {
    return before + 1;
  }
  return Math.min(after === '' ? 0 : (index ?? cells.length), cells.length);
}
