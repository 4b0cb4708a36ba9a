import type { Run, Version } from '../kernel/protocol.js';

/** The runs of the text that a cell shows, where an earlier one may have an output worth having. */
export interface Runs {
  runs: readonly Run[]; // oldest first
  index: number; // of the one whose outputs the cell shows
}

/**
 * Undefined: there is nothing in earlier runs that the last one has not, as far as it is known without reading them.
 *
 * @param shown the run whose outputs are on the page, where it is an earlier one
 */
export function runsOf(versions: readonly Version[], shown: number | undefined): Runs | undefined {
  const head = versions.find(version => version.head);
  const last = head?.runs.at(-1);
  const runs = head?.runs.filter(run => run.outputs > 0 || run === last) ?? [];
  if (!last || last.status === 'running' || !runs.some(run => run !== last && differs(run, last))) {
    return undefined;
  }
  const index = runs.findIndex(run => run.run === shown);
  return { runs, index: index < 0 ? runs.length - 1 : index };
}

/** Of texts the first line is known; two pictures may always be different. */
function differs(run: Run, last: Run): boolean {
  return (
    run.status !== last.status ||
    run.outputs !== last.outputs ||
    run.summary !== last.summary ||
    run.mime.some(mime => mime !== 'text/plain')
  );
}
