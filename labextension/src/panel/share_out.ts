/**
 * The parts of a split whose last one gets `wanted` of the width, taken from the one before it, which keeps at least as
 * much itself.
 *
 * @param sizes of the parts, in any unit; hidden ones are 0
 * @param width of all, in the unit of `wanted`
 */
export function shareOut(sizes: readonly number[], width: number, wanted: number): number[] {
  const sum = sizes.reduce((all, size) => all + size, 0);
  const scale = sum > 0 ? width / sum : 0;
  const parts = sizes.map(size => size * scale);
  const both = (parts.at(-1) ?? 0) + (parts.at(-2) ?? 0);
  const last = Math.max(parts.at(-1) ?? 0, Math.min(wanted, both / 2));
  return [...parts.slice(0, -2), both - last, last];
}
