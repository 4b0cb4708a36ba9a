import type { TranslationBundle } from '@jupyterlab/translation';
import type { Newer, Why } from './beyond.js';

/** "2 cells were edited and 1 was added after the last save, at 16:03." `time` is that of the newest of them. */
export function newerWords(
  { why, newer }: { why: Why; newer: readonly Newer[] },
  time: string,
  trans: TranslationBundle
): string {
  const count = (kind: Newer['kind']) => newer.filter(one => one.kind === kind).length;
  const [edited, added, deleted] = [count('edited'), count('added'), count('deleted')];
  if (why === 'reloaded') {
    const all = edited + added + deleted;
    return trans._n('%1 cell was newer than this file.', '%1 cells were newer than this file.', all);
  }
  const parts = [];
  if (edited > 0) {
    parts.push(trans._n('%1 cell was edited', '%1 cells were edited', edited));
  }
  if (added > 0) {
    parts.push(trans._n('%1 cell was added', '%1 cells were added', added));
  }
  if (deleted > 0) {
    parts.push(trans._n('%1 cell was deleted', '%1 cells were deleted', deleted));
  }
  return trans.__('%1 after the last save, at %2.', parts.join(trans.__(' and ')), time);
}
