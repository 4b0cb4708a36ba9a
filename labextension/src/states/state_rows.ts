import type { State } from '../kernel/protocol.js';
import { layLanes, type LaneRow } from '../tree/lanes.js';

/** A state of the program, newest first; the last row is the fresh program, from which all began. */
export interface StateRow {
  run: number; // 0: the fresh program
  state: State | undefined;
  current: boolean;
  lanes: LaneRow;
}

export function stateRows(states: readonly State[], current: number): StateRow[] {
  const newest = [...states].sort((a, b) => b.run - a.run);
  const known = new Set(states.map(state => state.run));
  // A parent that is not in the list is no fresh program: nothing leads there.
  const parentOf = (state: State) => (state.parent === 0 || known.has(state.parent) ? state.parent + 1 : 0);
  const nodes = [
    ...newest.map(state => ({ number: state.run + 1, parent: parentOf(state) })),
    { number: 1, parent: 0 }
  ];
  const lanes = layLanes(nodes);
  return [...newest, undefined].map((state, i) => {
    const run = state?.run ?? 0;
    return { run, state, current: run === current, lanes: lanes[i] };
  });
}
