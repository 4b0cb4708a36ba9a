/** The tree as a graph with lanes, as version control tools draw it: newest on top, a lane for each branch. */

export interface Node {
  number: number;
  parent: number; // 0: none, or not among the nodes
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

/**
 * @param nodes newest first, children before their parents
 * @param head its line down to the root is the leftmost lane
 */
export function layLanes(nodes: readonly Node[], head: number): LaneRow[] {
  const parents = new Map(nodes.map(node => [node.number, node.parent]));
  const spine = new Set<number>();
  for (let number = head; parents.has(number); number = parents.get(number)!) {
    spine.add(number);
  }
  const leadsTo: number[] = []; // by lane: the number that is waited for; 0: free
  return nodes.map(({ number, parent }) => {
    const waiting = leadsTo.flatMap((to, lane) => (to === number ? [lane] : []));
    const lane = spine.has(number) ? 0 : (waiting.find(one => one > 0) ?? freeLane(leadsTo));
    waiting.forEach(one => (leadsTo[one] = 0));
    const through = leadsTo.flatMap((to, one) => (to !== 0 && one !== lane ? [one] : []));
    const down = parents.has(parent);
    leadsTo[lane] = down ? parent : 0;
    return { lane, up: waiting.includes(lane), down, joins: waiting.filter(one => one !== lane), through };
  });
}

function freeLane(leadsTo: number[]): number {
  for (let lane = 1; lane < LANES_MAX; lane++) {
    if (!leadsTo[lane]) {
      leadsTo[0] ??= 0; // the array has no holes
      return lane;
    }
  }
  return LANES_MAX - 1;
}
