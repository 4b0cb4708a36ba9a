import type { Version } from '../kernel/protocol.js';

export interface Branch {
  tip: number; // the branch's last version, which names it
  version: number; // what the branch stands for: the head for its own
}

/** The branches of a cell's text. */
export interface Branches {
  branches: Branch[]; // nearest relatives beside each other, in the order in which they were begun
  index: number; // of the one that the head is in; -1: the head is where some of them part, or above that
  next: number; // of the first branch that goes from a head that is in none
}

/**
 * The branches that a switcher at the cell offers: all that there are. A chat program has a switcher at each message
 * that was written anew; a cell has one place for all its forks, so that no branch hides behind another one. Undo and
 * typing make a branch right behind the one that was undone, one step away. What is below the head in one line does not
 * count: after an undo the editor's own redo leads there, and it is a branch only when something else is typed.
 *
 * A branch stands for the version at which it was left by a flip, unless it has forked since; else for the newest of its
 * own versions, by its text or its last run. Undo leaves no trace here: who undoes and types looks for what was undone.
 *
 * @param versions of one cell
 * @param left where branches were left, by their tips
 */
export function branchesOf(
  versions: readonly Version[],
  left: ReadonlyMap<number, number> = new Map()
): Branches | undefined {
  const head = versions.find(version => version.head);
  const tree = new Tree(versions);
  const tips = tree.tips();
  if (!head || tips.length < 2) {
    return undefined;
  }
  const first = tree.firstTip(head);
  const isOwn = tree.ownVersions(first).includes(head);
  const branches = tips.map(tip => ({
    tip: tip.version,
    version: isOwn && tip === first ? head.version : standsFor(tree.ownVersions(tip), left.get(tip.version))
  }));
  const next = tips.indexOf(first);
  return { branches, index: isOwn ? next : -1, next };
}

/** Where a step leads. */
export function branchAt({ branches, index, next }: Branches, step: number): Branch | undefined {
  const from = index >= 0 ? index : step > 0 ? next - 1 : next;
  return branches[from + step];
}

class Tree {
  constructor(versions: readonly Version[]) {
    this._here = new Map(versions.map(version => [version.version, version]));
    for (const version of [...versions].sort((a, b) => a.version - b.version)) {
      const above = this._here.get(version.parent);
      const siblings = above ? (this._children.get(above) ?? []) : this._roots;
      siblings.push(version);
      if (above) {
        this._children.set(above, siblings);
      }
    }
  }

  /** The versions from which nothing goes on, in the order of the tree. */
  tips(): Version[] {
    const tips: Version[] = [];
    const open = [...this._roots].reverse();
    for (let version = open.pop(); version; version = open.pop()) {
      const children = this._children.get(version);
      if (children) {
        open.push(...[...children].reverse());
      } else {
        tips.push(version);
      }
    }
    return tips;
  }

  /** The first tip at or below a version. */
  firstTip(version: Version): Version {
    for (let below = this._children.get(version); below; below = this._children.get(version)) {
      version = below[0];
    }
    return version;
  }

  /** The versions of which this is the only tip, newest first. */
  ownVersions(tip: Version): Version[] {
    const own = [tip];
    for (
      let above = this._here.get(tip.parent);
      above && this._children.get(above)!.length === 1;
      above = this._here.get(above.parent)
    ) {
      own.push(above);
    }
    return own;
  }

  private _here: Map<number, Version>;
  private _children = new Map<Version, Version[]>();
  private _roots: Version[] = []; // their parents are 0, or older than what is here
}

function standsFor(own: readonly Version[], left: number | undefined): number {
  if (left !== undefined && own.some(one => one.version === left)) {
    return left;
  }
  return own.reduce((newest, one) => (compareAge(one, newest) > 0 ? one : newest)).version;
}

function compareAge(a: Version, b: Version): number {
  const usedAt = (one: Version) => Math.max(one.created, one.runs.at(-1)?.started ?? 0);
  return usedAt(a) - usedAt(b) || a.version - b.version;
}
