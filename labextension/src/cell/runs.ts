import type { Run, Version } from '../kernel/protocol.js';

/** A run, and the text that was run. */
export interface VersionRun {
  run: Run;
  version: Version;
}

/** The runs of a cell, where an earlier one may have an output worth having. */
export interface Runs {
  runs: readonly VersionRun[]; // oldest first
  index: number; // of the one whose outputs the cell shows; behind the last one: it shows none
  isCertain: boolean; // that two outputs are different; pictures only may be
}

/**
 * The runs of all texts of a cell: who changes a text, runs it, and changes it again looks for the output of before, and
 * does not care whether that was another text. Of neighbours with the same output the later one stands for both.
 *
 * Undefined: there is nothing in earlier runs that the last one has not, as far as it is known without reading them.
 *
 * @param shown the run whose outputs are on the page, where that is known; 0: none, its text was never run
 */
export function runsOf(versions: readonly Version[], shown: number | undefined): Runs | undefined {
  const all = versions
    .flatMap(version => version.runs.map(run => ({ run, version })))
    .sort((a, b) => a.run.run - b.run.run);
  const newest = all.at(-1);
  if (!newest || newest.run.status === 'running') {
    return undefined;
  }
  const own = versions.find(version => version.head)?.runs.at(-1)?.run ?? newest.run.run;
  const current = shown ?? own;
  const runs = all
    .filter(({ run }) => run.outputs > 0 || run.run === current || run === newest.run)
    .filter(({ run }, i, kept) => run.run === current || i + 1 === kept.length || mayDiffer(run, kept[i + 1].run));
  const index = runs.findIndex(({ run }) => run.run === current);
  if (!runs.some(({ run }, i) => i > 0 && mayDiffer(runs[i - 1].run, run))) {
    return undefined;
  }
  const isCertain = runs.some(({ run }, i) => i > 0 && differs(runs[i - 1].run, run));
  const last = current === 0 ? runs.length : runs.length - 1;
  return { runs, index: index < 0 ? last : index, isCertain };
}

/** Of texts the first line is known; two pictures may always be different. */
function mayDiffer(run: Run, next: Run): boolean {
  return differs(run, next) || run.mime.some(mime => mime !== 'text/plain');
}

function differs(run: Run, next: Run): boolean {
  return run.status !== next.status || run.outputs !== next.outputs || run.summary !== next.summary;
}
