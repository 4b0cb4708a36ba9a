import type { CellType } from '../kernel/protocol.js';
import { withUntouched } from '../panel/place.js';

/** A cell as it is on the page. */
export interface CellNow {
  id: string;
  type: CellType;
  text: string;
  run: number; // whose outputs it shows; 0: none
  fixedText?: boolean; // it says of itself that it is not to be edited
  fixedPlace?: boolean; // or not to be deleted
}

/** A cell as the history has it of a time. */
export interface CellThen {
  cell: string;
  type: CellType;
  version: number;
  run: number; // the newest one of this text until then; 0: none
  text: string;
}

export type Fate = 'stays' | 'changes' | 'comes' | 'goes';

export interface CellPlan {
  id: string;
  type: CellType;
  fate: Fate;
  before: string; // its text now; '' where it comes
  after: string; // '' where it goes
  moves: boolean; // stays or changes, among the others elsewhere
  otherOutputs: boolean; // shows those of `run` then, and does not now
  run: number;
  fixed: boolean; // it would change or go, but says that it is not to
}

/** What makes the notebook of now into that of then; indices are for doing it in this order. */
export interface WholePlan {
  cells: CellPlan[]; // as they stand then, those that go where they are now
  deletes: number[]; // places now, the last one first
  inserts: { at: number; id: string }[]; // of cells that come, and again of those that move
  texts: { id: string; text: string }[]; // of cells that are not inserted
}

/**
 * @param known all cells that the history has met: others were not touched since it began, and stay
 */
export function planWhole(now: readonly CellNow[], then: readonly CellThen[], known: ReadonlySet<string>): WholePlan {
  const here = new Map(now.map(cell => [cell.id, cell]));
  const there = new Map(then.map(cell => [cell.cell, cell]));
  const untouched = (cell: CellNow) => !known.has(cell.id) && cell.text !== ''; // empty ones are met when they are typed in
  const keeps = (cell: CellNow) => untouched(cell) || (cell.fixedPlace === true && !there.has(cell.id));
  const stays = new Set(now.filter(cell => there.has(cell.id) || keeps(cell)).map(cell => cell.id));
  const target = withUntouched(
    then.map(cell => ({ id: cell.cell })),
    now,
    new Set(now.filter(cell => !keeps(cell)).map(cell => cell.id))
  ).map(cell => cell.id);
  const order = now.map(cell => cell.id).filter(id => stays.has(id));
  const resting = longestInOrder(order, target);
  const cells = target.map(id => cellPlan(id, here.get(id), there.get(id), stays.has(id) && !resting.has(id)));
  addGoing(cells, now, stays);
  const changed = new Map(cells.map(cell => [cell.id, cell]));
  if (resting.size === target.length && resting.size === now.length && cells.every(cell => cell.fate === 'stays')) {
    // Outputs alone are no step of the notebook's undo: one of the cells is made anew, and that is one.
    const anew = cells.find(cell => cell.otherOutputs);
    resting.delete(anew?.id ?? '');
  }
  return {
    cells,
    deletes: now
      .map((cell, at) => (resting.has(cell.id) ? -1 : at))
      .filter(at => at >= 0)
      .reverse(),
    inserts: target.map((id, at) => ({ at, id })).filter(({ id }) => !resting.has(id)),
    texts: [...resting]
      .map(id => changed.get(id)!)
      .filter(cell => cell.fate === 'changes')
      .map(({ id, after }) => ({ id, text: after }))
  };
}

export function isNothing(plan: WholePlan): boolean {
  return (
    plan.deletes.length === 0 &&
    plan.inserts.length === 0 &&
    plan.texts.length === 0 &&
    !plan.cells.some(cell => cell.otherOutputs)
  );
}

function cellPlan(id: string, now: CellNow | undefined, then: CellThen | undefined, moves: boolean): CellPlan {
  if (!now || !then) {
    const text = (now ?? then)!.text;
    return {
      id,
      type: (now ?? then)!.type,
      fate: now ? 'stays' : 'comes',
      before: now ? text : '',
      after: text,
      moves,
      otherOutputs: !now && then!.run !== 0,
      run: then?.run ?? 0,
      fixed: now?.fixedPlace === true
    };
  }
  const differs = now.text !== then.text;
  const fixed = differs && now.fixedText === true;
  return {
    id,
    type: now.type,
    fate: differs && !fixed ? 'changes' : 'stays',
    before: now.text,
    after: fixed ? now.text : then.text,
    moves,
    otherOutputs: now.type === 'code' && !fixed && now.run !== then.run,
    run: then.run,
    fixed
  };
}

/** Each behind the cell that it follows now. */
function addGoing(cells: CellPlan[], now: readonly CellNow[], stays: ReadonlySet<string>): void {
  now.forEach((cell, at) => {
    if (!stays.has(cell.id)) {
      const before = at > 0 ? cells.findIndex(one => one.id === now[at - 1].id) : -1;
      const { id, type, text } = cell;
      cells.splice(before + 1, 0, {
        id,
        type,
        fate: 'goes',
        before: text,
        after: '',
        moves: false,
        otherOutputs: false,
        run: 0,
        fixed: false
      });
    }
  });
}

/** As many of `ids` as can rest where they are, while the others are put among them as `target` has them. */
function longestInOrder(ids: readonly string[], target: readonly string[]): Set<string> {
  const place = new Map(target.map((id, at) => [id, at]));
  const places = ids.map(id => place.get(id)!);
  const tails: number[] = []; // of the best run of each length, the index of its last
  const before = new Map<number, number>();
  places.forEach((at, i) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (places[tails[middle]] < at) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low > 0) {
      before.set(i, tails[low - 1]);
    }
    tails[low] = i;
  });
  const rest = new Set<string>();
  for (let i = tails.at(-1); i !== undefined; i = before.get(i)) {
    rest.add(ids[i]);
  }
  return rest;
}
