import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';
import type { CellInfo, Change } from '../kernel/protocol.js';
import { changePieces } from '../tree/line_change.js';
import type { EventRow, LogGroup } from './log_rows.js';
import { Pieces } from './pieces.js';
import { isSelecting } from './virtual_rows.js';
import { ago, causeWord, clockTime, dateTime, dayWord, STATUS_SIGNS, statusWord } from './words.js';

interface Common {
  now: number;
  selected: boolean;
  trans: TranslationBundle;
}

interface GroupProps extends Common {
  group: LogGroup;
  open: boolean;
  onToggle: () => void;
}

/** A heading that opens and closes: when something was done, and how much. */
export function GroupLine({ group, open, now, selected, trans, onToggle }: GroupProps): ReactElement {
  const { from, to, runs, edits } = group;
  const times = clockTime(from) === clockTime(to) ? clockTime(to) : `${clockTime(from)} – ${clockTime(to)}`;
  const counts = [
    runs > 0 ? trans._n('%1 run', '%1 runs', runs) : '',
    edits > 0 ? trans._n('%1 edit', '%1 edits', edits) : '',
    group.begins ? trans.__('new kernel') : ''
  ].filter(Boolean);
  return (
    <div
      role="treeitem"
      className={`fk-LogRow fk-LogGroup ${selected ? 'fk-mod-selected' : ''}`}
      aria-level={1}
      aria-expanded={open}
      aria-selected={selected}
      tabIndex={selected ? 0 : -1}
      onMouseDown={press => press.button === 0 && onToggle()}
      title={trans.__('from %1 to %2', dateTime(from), dateTime(to))}
    >
      <span className="fk-LogRow-sign" aria-hidden="true">
        {open ? '▾' : '▸'}
      </span>
      <span className="fk-LogGroup-time">
        {dayWord(to, now, trans)} {times}
      </span>
      <span className="fk-quiet fk-LogGroup-counts">{counts.join(' · ')}</span>
    </div>
  );
}

interface LineProps extends Common {
  row: EventRow;
  change: Change | undefined; // that `row.made` is
  cell: CellInfo | undefined;
  index: number | undefined; // where it is in the notebook
  onSelect: () => void;
  onShow: () => void;
}

export function LogLine({ row, change, cell, index, now, selected, trans, onSelect, onShow }: LineProps): ReactElement {
  const { event } = row;
  const { sign, words } = eventWords(row, trans);
  const isMade = row.made !== undefined && row.made.from !== 0;
  const name = event.summary || cell?.summary || trans.__('empty');
  return (
    <div
      role="treeitem"
      aria-level={2}
      className={`fk-LogRow fk-mod-${event.event} ${selected ? 'fk-mod-selected' : ''}`}
      aria-selected={selected}
      tabIndex={selected ? 0 : -1}
      onMouseDown={press => isSelecting(press) && onSelect()}
      onDoubleClick={onShow}
      title={dateTime(event.time)}
    >
      <span className={`fk-LogRow-sign ${event.status ? `fk-Run fk-mod-${event.status}` : ''}`} aria-hidden="true">
        {sign}
      </span>
      <div className="fk-Row-body">
        <div className="fk-Row-line">
          <code className="fk-Row-what">
            <Pieces pieces={changePieces(isMade ? change : undefined, name)} />
          </code>
        </div>
        <div className="fk-Row-notes">
          {index !== undefined && <span>{trans.__('cell %1', index + 1)}</span>}
          {words.map(one => (
            <span key={one}>{one}</span>
          ))}
          <time>{now - event.time < 3_600_000_000 ? ago(event.time, now, trans) : clockTime(event.time)}</time>
        </div>
      </div>
    </div>
  );
}

function eventWords({ event, oldest, made, steps }: EventRow, trans: TranslationBundle) {
  const cause = causeWord(event.cause, trans);
  const many = (count: number) => (count > 1 ? [trans._n('%1 step', '%1 steps', count)] : []);
  switch (event.event) {
    case 'run': {
      const status = event.status ?? 'ok';
      const run = trans.__('run [%1]: %2', event.count, statusWord(status, trans));
      const typed = made
        ? [`${causeWord(made.cause, trans) || trans.__('typed')}, v${made.to}`, ...many(steps - 1)]
        : [];
      return { sign: STATUS_SIGNS[status], words: [run, ...typed] };
    }
    case 'delete':
      return { sign: '−', words: [trans.__('cell deleted')] };
    case 'undelete':
      return { sign: '+', words: [trans.__('cell brought back')] };
    case 'move': {
      const moved = trans.__('%1: v%2 → v%3', cause || trans.__('moved'), oldest.from, event.to);
      return { sign: '↶', words: [moved, ...many(steps)] };
    }
    case 'version': {
      const count = event.cause === 'file' && steps > 1 ? [trans._n('%1 text', '%1 texts', steps)] : many(steps);
      return { sign: '✎', words: [`${cause || trans.__('typed')}, v${event.to}`, ...count] };
    }
  }
}
