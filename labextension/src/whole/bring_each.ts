/**
 * All that can be had back, whatever is refused: one cell that cannot be changed keeps no other one away.
 *
 * @param bring false: the person would rather not
 * @returns how many are back, and why the first one is not that could not be
 */
export async function bringEachBack<T>(
  wanted: readonly T[],
  bring: (one: T) => Promise<boolean>
): Promise<{ back: number; error?: unknown }> {
  let back = 0;
  let error: unknown;
  for (const one of wanted) {
    try {
      back += (await bring(one)) ? 1 : 0;
    } catch (reason) {
      error ??= reason;
    }
  }
  return { back, error };
}
