import type { Found } from '../kernel/protocol.js';

/** A row of what was found: a notebook, below it its cells, below those the lines. */
export type FoundRow =
  | { kind: 'notebook'; document: string }
  | { kind: 'cell'; document: string | undefined; cell: string; name: string }
  | { kind: 'line'; found: Found; versions: number }; // so many versions have it

/**
 * Cells in the order of their newest lines. A line that many versions have is one row, the newest.
 *
 * @param here what this notebook is called; undefined: nothing else was searched
 * @param names of the cells of this notebook
 */
export function foundRows(
  found: readonly Found[],
  here: string | undefined,
  names: ReadonlyMap<string, string>
): FoundRow[] {
  const notebooks = new Map<string | undefined, Map<string, Map<string, { found: Found; versions: Set<number> }>>>();
  for (const one of found) {
    const cells = getOrMake(notebooks, one.document, () => new Map());
    const lines = getOrMake(cells, one.cell, () => new Map());
    const line = getOrMake(lines, `${one.where} ${one.excerpt}`, () => ({ found: one, versions: new Set<number>() }));
    line.versions.add(one.version);
  }
  const rows: FoundRow[] = [];
  for (const [document, cells] of notebooks) {
    if (here !== undefined) {
      rows.push({ kind: 'notebook', document: document ?? here });
    }
    for (const [cell, lines] of cells) {
      const [first] = lines.values();
      const name = (document === undefined && names.get(cell)) || first.found.summary;
      rows.push({ kind: 'cell', document, cell, name });
      for (const line of lines.values()) {
        rows.push({ kind: 'line', found: line.found, versions: line.versions.size });
      }
    }
  }
  return rows;
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) {
    return known;
  }
  const made = make();
  map.set(key, made);
  return made;
}
