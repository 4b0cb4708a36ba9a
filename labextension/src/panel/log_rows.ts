import type { LogEvent, Session } from '../kernel/protocol.js';
import { dayOf } from './words.js';

/** Typing on after so long is told anew (microseconds). */
const PAUSE_US = 5 * 60 * 1_000_000;

/** Who comes back after so long has done something else (microseconds). */
const BREAK_US = 30 * 60 * 1_000_000;

/** What a saved file brought was read in one go (microseconds). */
const FILE_US = 5 * 1_000_000;

/** One thing that somebody did: a run with what was typed for it, a run of typing, steps of undo. */
export interface EventRow {
  kind: 'event';
  event: LogEvent; // the newest of them
  oldest: LogEvent;
  made: LogEvent | undefined; // the newest text that came of it
  steps: number; // so many events it is
}

/** What was done without a break, on one day, with one kernel. */
export interface LogGroup {
  kind: 'group';
  key: string;
  from: number;
  to: number;
  runs: number;
  edits: number;
  begins: boolean; // there is a new kernel
  rows: EventRow[];
}

export type LogRow = LogGroup | EventRow;

export function keyOf(event: LogEvent): string {
  return [event.event, event.time, event.cell, event.from, event.to, event.run].join(' ');
}

/**
 * @param events newest first
 * @param whole there are no older ones
 */
export function logGroups(events: readonly LogEvent[], sessions: readonly Session[], whole = true): LogGroup[] {
  const groups: LogGroup[] = [];
  events.forEach((event, i) => {
    const newer = events[i - 1];
    let group = groups.at(-1);
    if (!group || parts(event, newer, sessions)) {
      group = { kind: 'group', key: '', from: 0, to: event.time, runs: 0, edits: 0, begins: false, rows: [] };
      groups.push(group);
    }
    const last = group.rows.at(-1);
    if (!last || !join(last, event)) {
      const made = event.event === 'version' ? event : undefined;
      group.rows.push({ kind: 'event', event, oldest: event, made, steps: 1 });
    }
    group.runs += event.event === 'run' ? 1 : 0;
    group.edits += event.event === 'version' ? 1 : 0;
    group.from = event.time;
    group.key = keyOf(event);
    const before = events[i + 1]?.time ?? (whole ? 0 : event.time);
    group.begins ||= beginsBetween(before, event.time, sessions);
  });
  return groups;
}

/** The groups, and the rows of those that are open. */
export function logRows(groups: readonly LogGroup[], isOpen: (group: LogGroup) => boolean): LogRow[] {
  return groups.flatMap(group => [group, ...(isOpen(group) ? group.rows : [])]);
}

function parts(event: LogEvent, newer: LogEvent, sessions: readonly Session[]): boolean {
  return (
    newer.time - event.time > BREAK_US ||
    dayOf(event.time) !== dayOf(newer.time) ||
    (!isFile(event) && beginsBetween(event.time, newer.time, sessions)) // a kernel begins by reading the file
  );
}

function beginsBetween(from: number, to: number, sessions: readonly Session[]): boolean {
  return sessions.some(({ started }) => from < started && started <= to);
}

/** Put `event` into the row that came after it, if it led there. */
function join(row: EventRow, event: LogEvent): boolean {
  const { oldest } = row;
  const isNear = event.cell === oldest.cell && oldest.time - event.time < PAUSE_US;
  const isMade = event.event === 'version' && event.cause !== 'file';
  const joins =
    (isMade && isNear && oldest.event === 'run' && event.to === oldest.to) ||
    (isMade && isNear && oldest.event === 'version' && event.cause === 'typing' && oldest.cause === 'typing') ||
    (isNear && event.event === 'move' && oldest.event === 'move' && event.cause === oldest.cause) ||
    (isFile(event) && isFile(oldest) && oldest.time - event.time < FILE_US);
  if (joins) {
    row.oldest = event;
    row.steps++;
    row.made ??= isMade ? event : undefined;
  }
  return joins;
}

function isFile(event: LogEvent): boolean {
  return event.event === 'version' && event.cause === 'file';
}
