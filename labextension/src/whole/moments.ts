import type { TranslationBundle } from '@jupyterlab/translation';
import type { Moment } from '../kernel/protocol.js';
import { clockTime, dayOf, dayWord } from '../panel/words.js';
import { dayAndTime } from '../cell/day_and_time.js';

/** A row of the list: a moment, newest first, under its day and the session that it lies in. */
export type MomentRow =
  | { kind: 'heading'; words: string; key: string }
  | { kind: 'moment'; moment: Moment; words: string; note: string };

/** What people call it. */
export function momentWords(moment: Moment, trans: TranslationBundle): string {
  switch (moment.kind) {
    case 'now':
      return trans.__('now');
    case 'saved':
      return trans.__('saved');
    case 'restore':
      return moment.about
        ? trans.__('before the restore to %1', dayAndTime(moment.about, trans))
        : trans.__('before a restore');
    case 'clear-outputs':
      return trans.__('before Clear All Outputs');
    case 'session':
      return trans.__('kernel started');
    case 'run-all':
      return trans._n('before %1 cell was run', 'before %1 cells were run', moment.about);
    case 'restart-run-all':
      return trans.__('before Restart and Run All');
    case 'change':
      return trans._n('before %1 cell changed at once', 'before %1 cells changed at once', moment.about);
    case 'replace':
      return trans._n('before Replace All (%1 cell)', 'before Replace All (%1 cells)', moment.about);
    case 'delete':
      return trans._n('before %1 cell was deleted', 'before %1 cells were deleted', moment.about);
    case 'file':
      return trans._n(
        'before another program changed %1 cell',
        'before another program changed %1 cells',
        moment.about
      );
    default:
      return moment.kind; // of a newer kernel
  }
}

/** What came about since the moment before it. */
export function sinceWords({ cells, runs }: Moment, trans: TranslationBundle): string {
  const words = [];
  if (cells > 0) {
    words.push(trans._n('%1 cell edited', '%1 cells edited', cells));
  }
  if (runs > 0) {
    words.push(trans._n('%1 run', '%1 runs', runs));
  }
  return words.join(', ');
}

/** A save or a start after which nothing had happened is no other notebook than the moment before it. */
export function worthShowing(moments: readonly Moment[]): Moment[] {
  return moments.filter(
    ({ kind, cells, runs }, i) => i === 0 || cells > 0 || runs > 0 || (kind !== 'saved' && kind !== 'session')
  );
}

/** Newest first, `now` in front of all; `moments` by time, oldest first, as the kernel has them. */
export function momentRows(moments: readonly Moment[], now: number, trans: TranslationBundle): MomentRow[] {
  const rows: MomentRow[] = [];
  const shown = [...worthShowing(moments), { kind: 'now' as const, time: now, about: 0, cells: 0, runs: 0 }].reverse();
  const starts = moments.filter(({ kind }) => kind === 'session').map(({ time }) => time);
  let heading = '';
  shown.forEach(moment => {
    while (starts.length > 0 && starts[starts.length - 1] > moment.time) {
      starts.pop();
    }
    const start = starts[starts.length - 1];
    const day = dayWord(moment.time, now, trans);
    const words =
      start === undefined
        ? trans.__('%1 · before the first kernel', day)
        : trans.__('%1 · kernel of %2', day, startOf(start, moment.time));
    if (words !== heading) {
      heading = words;
      rows.push({ kind: 'heading', words, key: `${words} ${moment.time}` });
    }
    rows.push({ kind: 'moment', moment, words: momentWords(moment, trans), note: sinceWords(moment, trans) });
  });
  return rows;
}

function startOf(session: number, moment: number): string {
  return dayOf(session) === dayOf(moment) ? clockTime(session) : `${dayOf(session)}, ${clockTime(session)}`;
}
