import type { TranslationBundle } from '@jupyterlab/translation';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** "3 min ago", "yesterday 17:03"; times in microseconds, as the history has them. */
export function timeAgo(time: number, trans: TranslationBundle, now = Date.now()): string {
  const then = new Date(time / 1000);
  const seconds = Math.max(0, (now - then.getTime()) / 1000);
  if (seconds < MINUTE) {
    return trans.__('just now');
  }
  if (seconds < HOUR) {
    return trans.__('%1 min ago', Math.floor(seconds / MINUTE));
  }
  if (seconds < 12 * HOUR && then.getDate() === new Date(now).getDate()) {
    return trans.__('%1 h ago', Math.floor(seconds / HOUR));
  }
  return clockTime(time, trans, now);
}

/** "17:03", "yesterday 17:03", "Nov 3, 17:03", "Nov 3, 2025, 17:03". */
export function clockTime(time: number, trans: TranslationBundle, now = Date.now()): string {
  const then = new Date(time / 1000);
  const today = new Date(now);
  const clock = then.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  const day = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((day(today) - day(then)) / (24 * HOUR * 1000));
  if (days === 0) {
    return clock;
  }
  if (days === 1) {
    return trans.__('yesterday %1', clock);
  }
  const year = then.getFullYear() === today.getFullYear() ? undefined : 'numeric';
  return `${then.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year })}, ${clock}`;
}

/** "4 s", "2 min"; of microseconds. */
export function duration(us: number, trans: TranslationBundle): string {
  const seconds = us / 1_000_000;
  if (seconds < 1) {
    return trans.__('less than 1 s');
  }
  return seconds < 90 ? trans.__('%1 s', Math.round(seconds)) : trans.__('%1 min', Math.round(seconds / MINUTE));
}

/** "1.2 MB". */
export function byteSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
