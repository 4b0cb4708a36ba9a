import type { TranslationBundle } from '@jupyterlab/translation';
import { clockTime, dayOf } from '../panel/words.js';

const DAY_MS = 24 * 3600 * 1000;

/** "17:03", "yesterday 17:03", "Nov 3, 2025, 17:03"; of microseconds. */
export function dayAndTime(time: number, trans: TranslationBundle, now = Date.now()): string {
  const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((midnight(new Date(now)) - midnight(new Date(time / 1000))) / DAY_MS);
  const clock = clockTime(time);
  if (days === 0) {
    return clock;
  }
  return days === 1 ? trans.__('yesterday %1', clock) : `${dayOf(time)}, ${clock}`;
}
