import type { TranslationBundle } from '@jupyterlab/translation';
import type { Run, RunStatus } from '../kernel/protocol.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "3 min ago". Both in microseconds. */
export function ago(time: number, now: number, trans: TranslationBundle): string {
  const seconds = Math.max(0, Math.round((now - time) / 1_000_000));
  if (seconds < 10) {
    return trans.__('just now');
  } else if (seconds < MINUTE) {
    return trans.__('%1 s ago', seconds);
  } else if (seconds < HOUR) {
    return trans.__('%1 min ago', Math.floor(seconds / MINUTE));
  } else if (seconds < DAY) {
    return trans.__('%1 h ago', Math.floor(seconds / HOUR));
  } else if (seconds < 2 * DAY) {
    return trans.__('yesterday');
  } else if (seconds < 14 * DAY) {
    return trans.__('%1 days ago', Math.floor(seconds / DAY));
  }
  return dayOf(time);
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Microseconds since 1970 of now. */
export function nowUs(): number {
  return Date.now() * 1000;
}

export function dateTime(time: number): string {
  return new Date(time / 1000).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

export function clockTime(time: number): string {
  return new Date(time / 1000).toLocaleTimeString(undefined, { timeStyle: 'short' });
}

export function dayOf(time: number): string {
  return new Date(time / 1000).toLocaleDateString(undefined, { dateStyle: 'medium' });
}

/** "today", "yesterday", "3 May 2026"; both in microseconds. */
export function dayWord(time: number, now: number, trans: TranslationBundle): string {
  const day = dayOf(time);
  const noon = new Date(now / 1000).setHours(12, 0, 0, 0); // a day before it is on the day before, whatever the clocks did
  if (day === dayOf(now)) {
    return trans.__('Today');
  }
  return day === dayOf((noon - 86_400_000) * 1000) ? trans.__('Yesterday') : day;
}

/** "1.2 MB" */
export function bytesWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit++;
  }
  return `${unit === 0 || bytes >= 10 ? Math.round(bytes) : bytes.toFixed(1)} ${units[unit]}`;
}

/** A sign for those who see, beside the word. */
export const STATUS_SIGNS: Record<RunStatus, string> = {
  running: '▶',
  ok: '✓',
  error: '✗',
  interrupted: '■',
  aborted: '–',
  killed: '✗'
};

export function statusWord(status: RunStatus, trans: TranslationBundle): string {
  switch (status) {
    case 'running':
      return trans.__('running');
    case 'ok':
      return trans.__('ok');
    case 'error':
      return trans.__('error');
    case 'interrupted':
      return trans.__('interrupted');
    case 'aborted':
      return trans.__('not run');
    case 'killed':
      return trans.__('crashed');
  }
}

/** "ok [3] ×2": of the last run, and how often it was run. */
export function runWords(runs: readonly Run[], trans: TranslationBundle): string {
  const last = runs.at(-1);
  if (!last) {
    return '';
  }
  const count = last.count > 0 ? ` [${last.count}]` : '';
  return statusWord(last.status, trans) + count + (runs.length > 1 ? ` ×${runs.length}` : '');
}

/** How a text came to be; nothing is said of typing. */
export function causeWord(cause: string, trans: TranslationBundle): string {
  switch (cause) {
    case 'paste':
      return trans.__('pasted');
    case 'cut':
      return trans.__('cut');
    case 'undo':
      return trans.__('undone');
    case 'redo':
      return trans.__('redone');
    case 'split':
      return trans.__('split');
    case 'merge':
      return trans.__('merged');
    case 'move':
      return trans.__('moved');
    case 'format':
      return trans.__('formatted');
    case 'restore':
      return trans.__('restored');
    case 'program':
      return trans.__('by a program');
    case 'file':
      return trans.__('from the file');
    case 'replace':
      return trans.__('replaced');
    default:
      return '';
  }
}
