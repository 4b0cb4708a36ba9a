/** The tree as a graph with lanes, as version control tools draw it: newest on top, a lane for each branch. */

export interface Node {
  number: number;
  parent: number; // 0: none, or not among the nodes
  begun?: number; // the first of the versions that it stands for, where those are several
}

/** What one row of the drawing has; all rows are as high, so that each can be drawn alone. */
export interface LaneRow {
  lane: number; // of the node
  up: boolean; // a line goes from the node to the row above, in its lane
  down: boolean; // and to the row below
  joins: number[]; // lanes that come from above and end at the node
  through: number[]; // lanes that only pass
}

/** Branches beside each other; further ones share the last lane. */
export const LANES_MAX = 10;

/** A node, its newest child, that one's newest child, and so on: they share a lane. */
interface Branch {
  from: Branch | undefined; // undefined: it hangs on nothing that is here
  begin: number; // rows from below: that of the node that it comes from, which is not in its lane
  end: number; // that of its newest node
  lane: number;
}

/**
 * Lanes are made by the tree alone, so that nothing changes its place when somebody steps: the newest child of a node
 * goes on in its lane, the older ones are beside it, on the right.
 *
 * @param nodes newest first, children before their parents
 */
export function layLanes(nodes: readonly Node[]): LaneRow[] {
  const top = nodes.length - 1;
  const rowOf = new Map(nodes.map(({ number }, i) => [number, top - i]));
  const below = (row: number) => rowOf.get(nodes[top - row].parent);
  const newestChild = new Map<number, number>(); // both are rows
  const begun = (row: number) => nodes[top - row].begun ?? nodes[top - row].number;
  nodes.forEach((_, i) => {
    const parent = below(top - i);
    if (parent !== undefined && begun(newestChild.get(parent) ?? top - i) <= begun(top - i)) {
      newestChild.set(parent, top - i);
    }
  });
  const branches: Branch[] = [];
  const branchAt: Branch[] = []; // by row
  const leaving = new Map<number, Branch[]>(); // by the row that they come from
  for (let row = 0; row <= top; row++) {
    const parent = below(row);
    const from = parent === undefined ? undefined : branchAt[parent];
    if (from && newestChild.get(parent!) === row) {
      from.end = row;
      branchAt[row] = from;
      continue;
    }
    const branch = { from, begin: parent ?? row - 1, end: row, lane: 0 };
    branchAt[row] = branch;
    branches.push(branch);
    if (from) {
      leaving.set(branch.begin, [...(leaving.get(branch.begin) ?? []), branch]);
    }
  }
  giveLanes(branches);
  const open = new Array<number>(LANES_MAX).fill(0); // by lane: branches that have a node above and one below
  return nodes.map((_, i) => {
    const row = top - i;
    const { lane, end, from, begin } = branchAt[row];
    const joining = leaving.get(row) ?? [];
    joining.forEach(branch => open[branch.lane]--);
    const through = open.flatMap((count, one) => (count > 0 && one !== lane ? [one] : []));
    open[lane] += end === row ? 1 : 0;
    open[lane] -= !from && begin === row - 1 ? 1 : 0;
    return {
      lane,
      up: newestChild.has(row),
      down: below(row) !== undefined,
      joins: [...new Set(joining.map(branch => branch.lane))].filter(one => one !== lane),
      through
    };
  });
}

/**
 * Each one in the leftmost lane that is free beside it, to the right of where it comes from. In the order of their two
 * ends: those have a row always, while the first node of a branch may be folded.
 */
function giveLanes(branches: Branch[]): void {
  const taken: Branch[][] = Array.from({ length: LANES_MAX }, () => []);
  branches.sort((left, right) => left.begin - right.begin || left.end - right.end);
  for (const branch of branches) {
    const isFree = (one: Branch) => one.end <= branch.begin || branch.end <= one.begin;
    const first = branch.from ? branch.from.lane + 1 : 0;
    const lane = taken.findIndex((others, at) => at >= first && others.every(isFree));
    branch.lane = lane < 0 ? LANES_MAX - 1 : lane;
    taken[branch.lane].push(branch);
  }
}
