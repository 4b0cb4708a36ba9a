import type { TranslationBundle } from '@jupyterlab/translation';
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import type { CellInfo, LogEvent } from '../kernel/protocol.js';
import { modelOf } from '../restore.js';
import { bringBack, openAsItWas } from './actions.js';
import { useNow, useSignal } from './hooks.js';
import { logRows, NotebookLog } from './notebook_log.js';
import type { NotebookView, PanelServices } from './services.js';
import { VirtualRows, type VirtualRowsHandle } from './virtual_rows.js';
import { ago, causeWord, clockTime, dateTime, STATUS_SIGNS, statusWord } from './words.js';

const ROW_HEIGHT = 40;

/** Changes come in bursts (ms). */
const COALESCE_MS = 250;

/** What happened in all cells, deleted ones, and the notebook at any time. */
export function NotebookTab({ view, services }: { view: NotebookView; services: PanelServices }): ReactElement {
  const { trans } = services;
  const log = useMemo(() => new NotebookLog(view.history.connection), [view]);
  const [cells, setCells] = useState<CellInfo[]>([]);
  const [selected, setSelected] = useState<LogEvent>();
  const [message, setMessage] = useState('');
  const node = useRef<VirtualRowsHandle>(null);
  const now = useNow();
  useSignal(log.changed);

  const refresh = useCallback(() => {
    void log.refresh();
    view.history.connection
      .request<{ cells: CellInfo[] }>('cells')
      .then(answer => setCells(answer.cells))
      .catch(() => undefined); // the time line says what the trouble is
  }, [view, log]);
  useEffect(() => {
    refresh();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onChange = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        refresh();
      }, COALESCE_MS);
    };
    view.trees.changed.connect(onChange);
    return () => {
      clearTimeout(timer);
      view.trees.changed.disconnect(onChange);
    };
  }, [refresh]);

  const { events } = log;
  const rows = useMemo(() => logRows(events), [events]);
  const deleted = useMemo(
    () => cells.filter(cell => cell.deleted !== 0).sort((left, right) => right.deleted - left.deleted),
    [cells]
  );
  const names = useMemo(() => new Map(cells.map(cell => [cell.cell, cell])), [cells]);
  const places = new Map(view.panel.content.widgets.map((widget, i) => [widget.model.id, i]));
  const found = selected ? rows.findIndex(row => row.kind === 'event' && sameEvent(row.event, selected)) : -1;
  const index = found >= 0 ? found : rows.findIndex(row => row.kind === 'event');
  const row = rows[index];
  const event = row?.kind === 'event' ? row.event : undefined;

  const attempt = async (action: () => Promise<string>) => {
    try {
      setMessage(await action());
    } catch (error) {
      setMessage(error instanceof Error ? error.message : String(error));
    }
  };
  const back = (cell: string) =>
    attempt(async () => {
      await bringBack(view, services, cell);
      refresh();
      node.current?.focus(); // the button goes with what it did
      return trans.__('The cell is back.');
    });
  const openAt = (moment: { time: number } | { before: number }) =>
    attempt(async () => trans.__('Opened as %1.', await openAsItWas(view, services, moment)));
  const show = (of: LogEvent) => {
    if (modelOf(view.panel, of.cell)) {
      services.revealVersion(of.cell, of.to || of.from);
    } else {
      setMessage(trans.__('The cell was deleted. Bring it back to see its versions.'));
    }
  };

  const go = (to: number, step: number) => {
    let at = Math.min(Math.max(to, 0), rows.length - 1);
    if (rows[at]?.kind === 'day') {
      at += at + step >= 0 && at + step < rows.length ? step : -step;
    }
    const next = rows[at];
    if (next?.kind === 'event') {
      setSelected(next.event);
      node.current?.reveal(at);
      requestAnimationFrame(() => node.current?.focus(at));
    }
  };
  const onKeyDown = (key: KeyboardEvent) => {
    const keys: Record<string, (() => void) | undefined> = {
      ArrowUp: () => go(index - 1, -1),
      ArrowDown: () => go(index + 1, 1),
      PageUp: () => go(index - (node.current?.pageRows ?? 10), -1),
      PageDown: () => go(index + (node.current?.pageRows ?? 10), 1),
      Home: () => go(0, 1),
      End: () => go(rows.length - 1, -1),
      Enter: () => event && show(event)
    };
    const action = key.ctrlKey || key.metaKey || key.altKey ? undefined : keys[key.key];
    if (action) {
      action();
      key.preventDefault();
      key.stopPropagation();
    }
  };

  return (
    <div className="fk-NotebookTab">
      <div className="fk-AsItWas">
        <button
          className="fk-Button"
          title={trans.__('The notebook as it was: what would be different, and going back there')}
          onClick={() => services.showNotebookHistory()}
        >
          {trans.__('Notebook History…')}
        </button>
      </div>
      {deleted.length > 0 && (
        <details className="fk-Deleted" open={deleted.length <= 3}>
          <summary>{trans._n('%1 deleted cell', '%1 deleted cells', deleted.length)}</summary>
          <ul>
            {deleted.map(cell => (
              <li key={cell.cell}>
                <code className="fk-Row-what">{cell.summary || trans.__('empty')}</code>
                <time className="fk-quiet" title={dateTime(cell.deleted)}>
                  {ago(cell.deleted, now, trans)}
                </time>
                <button className="fk-Button" onClick={() => back(cell.cell)}>
                  {trans.__('Bring back')}
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
      {log.error && <p className="fk-Trouble">{log.error}</p>}
      {log.isLoaded && rows.length === 0 && (
        <p className="fk-Empty">{trans.__('Nothing has happened in this notebook yet.')}</p>
      )}
      <VirtualRows
        ref={node}
        className="fk-Log"
        role="listbox"
        aria-label={trans.__('What happened in the notebook, newest first')}
        count={rows.length}
        rowHeight={ROW_HEIGHT}
        keep={index}
        onKeyDown={onKeyDown}
        onRange={(_, end) => {
          if (end >= rows.length - 20 && log.isLoaded && !log.isComplete) {
            void log.readOlder();
          }
        }}
      >
        {at => {
          const row = rows[at];
          if (row.kind === 'day') {
            return (
              <div className="fk-Day" role="presentation">
                {row.day}
              </div>
            );
          }
          return (
            <LogLine
              event={row.event}
              steps={row.steps}
              cell={names.get(row.event.cell)}
              index={places.get(row.event.cell)}
              now={now}
              place={at}
              count={log.isComplete ? rows.length : -1}
              selected={at === index}
              trans={trans}
              onSelect={() => go(at, 1)}
              onShow={() => show(row.event)}
            />
          );
        }}
      </VirtualRows>
      {event && (
        <div className="fk-Actions" role="group" aria-label={trans.__('What was selected')}>
          {names.get(event.cell)?.deleted ? (
            <button className="fk-Button fk-mod-main" onClick={() => back(event.cell)}>
              {trans.__('Bring back the cell')}
            </button>
          ) : (
            <button className="fk-Button fk-mod-main" onClick={() => show(event)} title={trans.__('Enter')}>
              {trans.__('Show in its cell')}
            </button>
          )}
          <button
            className="fk-Button"
            onClick={() => openAt(event.event === 'run' ? { before: event.run! } : { time: event.time })}
            title={trans.__('Opens a new notebook; this one stays as it is')}
          >
            {event.event === 'run'
              ? trans.__('Open the notebook as before run [%1]', event.count)
              : trans.__('Open the notebook as it was then')}
          </button>
        </div>
      )}
      <div className="fk-Message" role="status" aria-live="polite">
        {message}
      </div>
    </div>
  );
}

interface LineProps {
  event: LogEvent;
  steps: number;
  cell: CellInfo | undefined;
  index: number | undefined; // where it is in the notebook
  now: number;
  place: number; // among the rows
  count: number; // of them; -1: not known
  selected: boolean;
  trans: TranslationBundle;
  onSelect: () => void;
  onShow: () => void;
}

function LogLine(props: LineProps): ReactElement {
  const { event, cell, index, now, selected, trans, onSelect, onShow } = props;
  const { sign, words } = eventWords(event, props.steps, trans);
  const place = index === undefined ? '' : `${trans.__('cell %1', index + 1)} · `;
  return (
    <div
      role="option"
      className={`fk-LogRow fk-mod-${event.event} ${selected ? 'fk-mod-selected' : ''}`}
      aria-selected={selected}
      aria-posinset={props.place + 1}
      aria-setsize={props.count}
      tabIndex={selected ? 0 : -1}
      onMouseDown={press => press.button === 0 && onSelect()}
      onDoubleClick={onShow}
      title={dateTime(event.time)}
    >
      <span className={`fk-LogRow-sign ${event.status ? `fk-Run fk-mod-${event.status}` : ''}`} aria-hidden="true">
        {sign}
      </span>
      <div className="fk-Row-body">
        <div className="fk-Row-line">
          <code className="fk-Row-what">{event.summary || cell?.summary || trans.__('empty')}</code>
          <time className="fk-Row-time">
            {now - event.time < 3_600_000_000 ? ago(event.time, now, trans) : clockTime(event.time)}
          </time>
        </div>
        <div className="fk-Row-line fk-Row-notes">{place + words}</div>
      </div>
    </div>
  );
}

function eventWords(event: LogEvent, steps: number, trans: TranslationBundle): { sign: string; words: string } {
  switch (event.event) {
    case 'run': {
      const status = event.status ?? 'ok';
      return {
        sign: STATUS_SIGNS[status],
        words: trans.__('run [%1]: %2', event.count, statusWord(status, trans))
      };
    }
    case 'delete':
      return { sign: '−', words: trans.__('cell deleted') };
    case 'undelete':
      return { sign: '+', words: trans.__('cell brought back') };
    case 'move':
      return {
        sign: '↶',
        words: trans.__('%1: v%2 → v%3', causeWord(event.cause, trans) || trans.__('moved'), event.from, event.to)
      };
    case 'version': {
      const cause = causeWord(event.cause, trans) || trans.__('typed');
      const more = steps > 0 ? `, ${trans._n('%1 step', '%1 steps', steps + 1)}` : '';
      return { sign: '✎', words: `${cause}, v${event.to}${more}` };
    }
  }
}

function sameEvent(left: LogEvent, right: LogEvent): boolean {
  return left.event === right.event && left.time === right.time && left.cell === right.cell && left.run === right.run;
}
