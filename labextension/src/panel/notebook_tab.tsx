import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement } from 'react';
import type { CellInfo, GoneNotebook, LogEvent } from '../kernel/protocol.js';
import { modelOf } from '../restore.js';
import { VersionChanges } from '../tree/version_changes.js';
import { bringNotebookBack, readGone } from '../whole/gone.js';
import { bringBack, openAsItWas } from './actions.js';
import { DeletedList } from './deleted_list.js';
import { useNow, useSignal } from './hooks.js';
import { GroupLine, LogLine } from './log_line.js';
import { keyOf, logGroups, logRows, type LogGroup, type LogRow } from './log_rows.js';
import { NotebookLog } from './notebook_log.js';
import { OriginLine } from './origin_line.js';
import type { NotebookView, PanelServices } from './services.js';
import { VirtualRows, type VirtualRowsHandle } from './virtual_rows.js';

const ROW_HEIGHT = 40;

/** Changes come in bursts (ms). */
const COALESCE_MS = 250;

/** What happened in all cells, deleted ones, and the notebook at any time. */
export function NotebookTab({ view, services }: { view: NotebookView; services: PanelServices }): ReactElement {
  const { trans } = services;
  const log = useMemo(() => new NotebookLog(view.history.connection), [view]);
  const [cells, setCells] = useState<CellInfo[]>([]);
  const [selected, setSelected] = useState<LogRow>();
  const [message, setMessage] = useState('');
  const [gone, setGone] = useState<GoneNotebook[]>([]);
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

  useEffect(() => {
    let left = false;
    void readGone(view.history).then(found => !left && setGone(found)); // once: nobody deletes notebooks all the time
    return () => {
      left = true;
    };
  }, [view]);

  const { events } = log;
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const groups = useMemo(() => logGroups(events, log.sessions, log.isComplete), [events, log.sessions, log.isComplete]);
  const since = useRef<number>();
  since.current ??= groups[0]?.to;
  // What happened last is in sight, and what happens while somebody looks.
  const isOpen = (group: LogGroup) => toggled.has(group.key) !== group.to >= (since.current ?? 0);
  const rows = useMemo(() => logRows(groups, isOpen), [groups, toggled]);
  const [, came] = useReducer((n: number) => n + 1, 0);
  const changes = useMemo(() => new VersionChanges(view.history.connection, came), [view]);
  const toggle = (group: LogGroup) => {
    const next = new Set(toggled);
    if (!next.delete(group.key)) {
      next.add(group.key);
    }
    setToggled(next);
    setSelected(group);
  };
  const deleted = useMemo(
    () => cells.filter(cell => cell.deleted !== 0).sort((left, right) => right.deleted - left.deleted),
    [cells]
  );
  const names = useMemo(() => new Map(cells.map(cell => [cell.cell, cell])), [cells]);
  const places = new Map(view.panel.content.widgets.map((widget, i) => [widget.model.id, i]));
  const found = selected ? rows.findIndex(row => sameRow(row, selected)) : -1;
  const index = found >= 0 ? found : rows.findIndex(row => row.kind === 'event');
  const row = rows[index];
  const groupAt = (at: number) => {
    let above = at;
    while (above > 0 && rows[above].kind !== 'group') {
      above--;
    }
    return above;
  };
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
  const notebookBack = (document: string) =>
    attempt(async () => {
      const wanted = gone.find(one => String(one.document) === document)!;
      const path = await bringNotebookBack(view.history, services, wanted);
      setGone(await readGone(view.history));
      return trans.__('The notebook is back: %1.', path);
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

  const go = (to: number) => {
    const at = Math.min(Math.max(to, 0), rows.length - 1);
    if (rows[at]) {
      setSelected(rows[at]);
      node.current?.reveal(at);
      requestAnimationFrame(() => node.current?.focus(at));
    }
  };
  const onKeyDown = (key: KeyboardEvent) => {
    const open = row?.kind === 'group' && rows[index + 1]?.kind === 'event';
    const keys: Record<string, (() => void) | undefined> = {
      ArrowUp: () => go(index - 1),
      ArrowDown: () => go(index + 1),
      ArrowLeft: () => (row?.kind === 'group' && open ? toggle(row) : go(groupAt(index))),
      ArrowRight: () => (row?.kind === 'group' && !open ? toggle(row) : go(index + 1)),
      PageUp: () => go(index - (node.current?.pageRows ?? 10)),
      PageDown: () => go(index + (node.current?.pageRows ?? 10)),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      Enter: () => (row?.kind === 'group' ? toggle(row) : event && show(event))
    };
    const action = key.ctrlKey || key.metaKey || key.altKey ? undefined : keys[key.key === ' ' ? 'Enter' : key.key];
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
      <OriginLine view={view} services={services} attempt={attempt} />
      <DeletedList
        heading={trans._n('%1 deleted cell', '%1 deleted cells', deleted.length)}
        items={deleted.map(({ cell, summary, deleted: time }) => ({
          key: cell,
          name: <code className="fk-Row-what">{summary || trans.__('empty')}</code>,
          time
        }))}
        onBack={back}
        now={now}
        trans={trans}
      />
      <DeletedList
        heading={trans._n('%1 deleted notebook of this folder', '%1 deleted notebooks of this folder', gone.length)}
        items={gone.map(({ document, name, path, last_seen: time }) => ({
          key: String(document),
          name: (
            <span className="fk-Row-what" title={path}>
              {name}
            </span>
          ),
          time
        }))}
        onBack={notebookBack}
        now={now}
        trans={trans}
      />
      {log.error && <p className="fk-Trouble">{log.error}</p>}
      {log.isLoaded && rows.length === 0 && (
        <p className="fk-Empty">{trans.__('Nothing has happened in this notebook yet.')}</p>
      )}
      <VirtualRows
        ref={node}
        className="fk-Log"
        role="tree"
        aria-label={trans.__('What happened in the notebook, newest first')}
        count={rows.length}
        rowHeight={ROW_HEIGHT}
        keep={index}
        onKeyDown={onKeyDown}
        onRange={(first, end) => {
          void changes.need(rows.slice(first, end).flatMap(one => (one.kind === 'event' ? (one.made?.to ?? []) : [])));
          if (end >= rows.length - 2 && log.isLoaded && !log.isComplete) {
            void log.readOlder();
          }
        }}
      >
        {at => {
          const row = rows[at];
          const common = { now, selected: at === index, trans };
          return row.kind === 'group' ? (
            <GroupLine group={row} open={rows[at + 1]?.kind === 'event'} onToggle={() => toggle(row)} {...common} />
          ) : (
            <LogLine
              row={row}
              change={row.made && changes.get(row.made.to)}
              cell={names.get(row.event.cell)}
              index={places.get(row.event.cell)}
              onSelect={() => go(at)}
              onShow={() => event && show(event)}
              {...common}
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

function sameRow(left: LogRow, right: LogRow): boolean {
  const key = (row: LogRow) => (row.kind === 'group' ? row.key : keyOf(row.oldest));
  return left.kind === right.kind && key(left) === key(right);
}
