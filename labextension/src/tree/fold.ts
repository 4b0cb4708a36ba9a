import type { Version } from '../kernel/protocol.js';
import type { Node } from './lanes.js';

/** Who comes back after so long begins anew: what stood there is worth a row (microseconds). */
const PAUSE_US = 5 * 60 * 1_000_000;

export interface Row {
  version: Version;
  parent: number; // of the nearest ancestor that has a row; 0: none
  folded: Version[]; // between the two, oldest first
}

/** The row in the drawing. */
export function nodeOf({ version, parent, folded }: Row): Node {
  return { number: version.version, parent, begun: folded[0]?.version ?? version.version };
}

/**
 * Runs of typing as one row, by the rules of `%fk tree`: left out are versions that were typed and then typed on
 * within minutes, unless a run, a branch, a label, a pin or the head makes them worth a row.
 *
 * @param versions by number
 * @param every leave out nothing
 */
export function foldTyping(versions: readonly Version[], every = false): Row[] {
  const here = new Map(versions.map(version => [version.version, version]));
  const children = new Map<number, Version[]>();
  for (const version of versions) {
    const siblings = children.get(version.parent);
    if (siblings) {
      siblings.push(version);
    } else {
      children.set(version.parent, [version]);
    }
  }
  const isStep = (version: Version): boolean => {
    const next = children.get(version.version) ?? [];
    return (
      !every &&
      version.cause === 'typing' &&
      !version.head &&
      version.runs.length === 0 &&
      version.label === '' &&
      !version.pinned &&
      here.has(version.parent) &&
      next.length === 1 &&
      next[0].cause === 'typing' &&
      next[0].created - version.created < PAUSE_US
    );
  };
  const rows: Row[] = [];
  const steps = new Map<number, Row['folded']>(); // by the last step of a run of typing
  const rowOf = new Map<number, number>(); // a version's own row, or the one that it was folded onto
  for (const version of versions) {
    const row = rowOf.get(version.parent) ?? 0;
    const folded = steps.get(version.parent) ?? [];
    if (isStep(version)) {
      folded.push(version); // it has one child, which goes on with the same list
      steps.set(version.version, folded);
      rowOf.set(version.version, row);
    } else {
      rows.push({ version, parent: row, folded });
      rowOf.set(version.version, version.version);
    }
  }
  return rows;
}

/** The same rows, and one for each step of those that are in `expanded` (numbers of rows). */
export function expandRows(rows: readonly Row[], expanded: ReadonlySet<number>): Row[] {
  return rows.flatMap(row => {
    if (row.folded.length === 0 || !expanded.has(row.version.version)) {
      return [row];
    }
    return [...row.folded, row.version].map((version, i) => ({
      version,
      parent: i === 0 ? row.parent : row.folded[i - 1].version,
      folded: []
    }));
  });
}

/** One row for each version that `keep` wants, below the nearest ancestor that has one. */
export function keepRows(versions: readonly Version[], keep: (version: Version) => boolean): Row[] {
  const rowOf = new Map<number, number>();
  const rows: Row[] = [];
  for (const version of versions) {
    const parent = rowOf.get(version.parent) ?? 0;
    const kept = keep(version);
    if (kept) {
      rows.push({ version, parent, folded: [] });
    }
    rowOf.set(version.version, kept ? version.version : parent);
  }
  return rows;
}
