import type { State } from '../kernel/protocol.js';

/**
 * The runs of the program that runs now which are no part of its state: somebody went back to before them.
 *
 * @param current the run whose state the program is in
 * @param first the first run that this kernel is known to have made; 0: none
 */
export function offPath(states: readonly State[], current: number, first: number): Set<number> {
  const parents = new Map(states.map(state => [state.run, state.parent]));
  const path = new Set<number>();
  let root = first;
  for (let run = current; run > 0 && !path.has(run); run = parents.get(run) ?? 0) {
    path.add(run);
    root = root === 0 ? run : Math.min(root, run);
  }
  // What came before belongs to kernels that are gone: going back has not taken it away.
  return new Set([...parents.keys()].filter(run => root > 0 && run >= root && !path.has(run)));
}
