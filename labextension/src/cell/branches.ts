import type { Version } from '../kernel/protocol.js';

/** Where a branch was when it was left: the version, and the highest number that there was then. */
export interface Left {
  version: number;
  known: number;
}

export interface Sibling {
  root: number; // the branch's first version, which names it
  version: number; // what the branch stands for: the head for its own
}

/** The branches that go from one version. */
export interface Branches {
  at: number; // 0, or a number that is not among the versions: they have no beginning in common
  siblings: Sibling[]; // in the order in which they were begun
  index: number; // of the one that the head is in; -1: the head is where they part
}

export interface BranchOptions {
  /** By the branch's root. */
  left?: ReadonlyMap<number, Left>;
  /** Where the last flip was: that one goes on to count, so that a flip leads back to where it came from. */
  anchor?: number;
}

/**
 * The branches that a switcher at the cell offers: those of the nearest version, at or above the head, from which more
 * than one goes. What is below the head in one line does not count: after an undo the editor's own redo leads there, and
 * it is a branch only when something else is typed.
 *
 * A branch stands for the version at which it was left by a flip, unless it has grown since; else for the newest
 * of it, by its text or its last run. Undo leaves no trace here: who undoes and types looks for what was undone.
 *
 * @param versions of one cell
 */
export function branchesOf(versions: readonly Version[], options: BranchOptions = {}): Branches | undefined {
  const head = versions.find(version => version.head);
  if (!head) {
    return undefined;
  }
  const here = new Map(versions.map(version => [version.version, version]));
  const children = childrenOf(versions);
  const parts = (number: number) => (children.get(number)?.length ?? 0) > 1;
  const path: number[] = [head.version];
  for (let one: Version | undefined = head; one; one = here.get(one.parent)) {
    path.push(one.parent);
  }
  const { anchor, left } = options;
  const at = anchor !== undefined && path.includes(anchor) && parts(anchor) ? anchor : path.find(parts);
  if (at === undefined) {
    return undefined;
  }
  const own = path[path.indexOf(at) - 1]; // undefined: the head is `at`
  const siblings = children.get(at)!.map(({ version: root }) => ({
    root,
    version: root === own ? head.version : standsFor(root, here, children, left?.get(root))
  }));
  return { at, siblings, index: siblings.findIndex(sibling => sibling.root === own) };
}

function childrenOf(versions: readonly Version[]): Map<number, Version[]> {
  const children = new Map<number, Version[]>();
  for (const version of [...versions].sort((a, b) => a.version - b.version)) {
    const siblings = children.get(version.parent);
    if (siblings) {
      siblings.push(version);
    } else {
      children.set(version.parent, [version]);
    }
  }
  return children;
}

function standsFor(
  root: number,
  here: ReadonlyMap<number, Version>,
  children: ReadonlyMap<number, Version[]>,
  left: Left | undefined
): number {
  const branch = [here.get(root)!];
  for (let i = 0; i < branch.length; i++) {
    branch.push(...(children.get(branch[i].version) ?? []));
  }
  if (left && branch.some(one => one.version === left.version) && branch.every(one => one.version <= left.known)) {
    return left.version;
  }
  return branch.reduce((newest, one) => (compareAge(one, newest) > 0 ? one : newest)).version;
}

function compareAge(a: Version, b: Version): number {
  const usedAt = (one: Version) => Math.max(one.created, one.runs.at(-1)?.started ?? 0);
  return usedAt(a) - usedAt(b) || a.version - b.version;
}
