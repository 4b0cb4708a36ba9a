import { isCommands, mayBecomeCommands } from './command_text.js';
import { applyDelta, type Delta } from './text.js';

/** Why a text changed; what each means for the tree is in history/edits.h. */
export type Cause =
  | 'typing'
  | 'paste'
  | 'cut'
  | 'undo'
  | 'redo'
  | 'split'
  | 'merge'
  | 'move'
  | 'format'
  | 'restore'
  | 'program'
  | 'file'
  | 'replace';

/** One text that undo can reach, or that something else than typing made. `elsewhere`: another person's page did. */
export interface Step {
  text: string;
  cause: Cause | 'elsewhere';
  time: number; // ms, of its last change
}

interface Entry {
  delta: Delta;
  cause: Cause | 'elsewhere';
  time: number;
  begins: boolean; // undo would stop before it
}

/** The editor merges into one undo step what follows within this time (yjs's captureTimeout, ms). */
export const UNDO_STOP_MS = 500;

/** Whoever types without a pause has a version all the same, as often as this (ms). */
export const LONGEST_STEP_MS = 5000;

/**
 * What happened to the text of one cell since it was last told. A keystroke costs one push; texts are made from it
 * later, off the keystroke, by take(). Of a cell of code, an emptied one is told a little later: who goes on with %fk
 * is on the way to a text that leaves no trace.
 */
export class CellLog {
  constructor(text: string, isCode = false) {
    this._text = this._told = text;
    this._isCode = isCode;
  }

  /** The text that the steps to come begin from. */
  get told(): string {
    return this._told;
  }

  /** The text at the end of what was looked at, which may be told later. */
  get taken(): string {
    return this._text;
  }

  get isEmpty(): boolean {
    return this._entries.length === 0 && this._held.length === 0;
  }

  push(delta: Delta, cause: Cause | 'elsewhere', time: number): void {
    this._entries.push({ delta, cause, time, begins: false });
  }

  /** Undo will stop before the last entry. */
  stopBeforeLast(): void {
    const last = this._entries.at(-1);
    if (last) {
      last.begins = true;
    }
  }

  /** The last entry turned out to be part of something larger, such as the split of a cell. */
  setLastCause(cause: Cause): void {
    const last = this._entries.at(-1);
    if (last) {
      last.cause = cause;
      last.begins = true;
    }
  }

  /** All steps but for the change that was pushed last. */
  takeBeforeLast(now: number): Step[] {
    const last = this._entries.pop();
    const steps = this.take(now, true);
    if (last) {
      this._entries.push(last);
    }
    return steps;
  }

  /** The steps that are complete at `now`; with `force` also the one that the person is still typing. */
  take(now: number, force = false): Step[] {
    const steps = this._hold([...this._held, ...this._takeEntries(now, force)], now, force);
    this._told = steps.at(-1)?.text ?? this._told;
    return steps;
  }

  /** Without what may be on the way to commands, and what was. */
  private _hold(steps: Step[], now: number, force: boolean): Step[] {
    if (!this._isCode) {
      return steps;
    }
    const isDecided = (step: Step) => !mayBecomeCommands(step.text);
    const kept = steps.filter((step, i) => {
      const next = steps.slice(i).find(isDecided);
      return next === undefined || next === step || !isCommands(next.text);
    });
    const last = kept.at(-1);
    const waits = !force && last && (this._entries.length > 0 || now - last.time < LONGEST_STEP_MS);
    const told = waits ? kept.lastIndexOf(kept.filter(isDecided).at(-1)!) + 1 : kept.length;
    this._held = kept.slice(told);
    return kept.slice(0, told);
  }

  private _takeEntries(now: number, force: boolean): Step[] {
    const steps: Step[] = [];
    const entries = this._entries;
    let first = 0;
    for (let i = 1; i <= entries.length; i++) {
      const atEnd = i === entries.length;
      if (!atEnd && !entries[i].begins && stays(entries[i]) && stays(entries[i - 1])) {
        continue;
      }
      const last = entries[i - 1];
      const done =
        !atEnd ||
        force ||
        !stays(last) ||
        now - last.time >= UNDO_STOP_MS ||
        last.time - entries[first].time >= LONGEST_STEP_MS;
      if (!done) {
        break;
      }
      let text = this._text;
      let cause: Step['cause'] = 'typing';
      for (let k = first; k < i; k++) {
        text = applyDelta(text, entries[k].delta);
        cause = entries[k].cause === 'typing' ? cause : entries[k].cause;
      }
      if (text !== this._text) {
        steps.push({ text, cause, time: last.time });
      }
      this._text = text;
      first = i;
    }
    this._entries = entries.slice(first);
    return steps;
  }

  private _text: string;
  private _told: string;
  private _isCode: boolean;
  private _entries: Entry[] = [];
  private _held: Step[] = []; // looked at, not told yet
}

/** Whether a change may share its step with its neighbours: the editor's own do, all others stand alone. */
function stays(entry: Entry): boolean {
  return entry.cause === 'typing' || entry.cause === 'paste' || entry.cause === 'cut';
}
