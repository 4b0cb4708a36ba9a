import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { forwardRef, useEffect, useImperativeHandle, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement } from 'react';
import type { CellInfo, Found } from '../kernel/protocol.js';
import { modelOf } from '../restore.js';
import { foundRows, type FoundRow } from './found_rows.js';
import { Marked } from './marked.js';
import { localPathOf } from './search.js';
import type { NotebookView, PanelServices } from './services.js';
import type { Search } from './use_found.js';
import { isSelecting, VirtualRows, type VirtualRowsHandle } from './virtual_rows.js';
import { ago, dateTime } from './words.js';

const ROW_HEIGHT = 40;

interface Props {
  view: NotebookView;
  services: PanelServices;
  search: Search;
  text: string; // what was searched for
  everywhere: boolean;
  now: number;
  onLeave: () => void; // back to the field
}

export interface FoundListHandle {
  focus(): void;
}

/** What was found in all cells, or in all notebooks, by notebook and cell; Enter shows it at its version. */
export const FoundList = forwardRef<FoundListHandle, Props>(function FoundList(props, handle): ReactElement {
  const { view, services, search, text, everywhere, now, onLeave } = props;
  const { trans } = services;
  const list = useRef<VirtualRowsHandle>(null);
  const [cells, setCells] = useState<readonly CellInfo[]>([]);
  const [selected, setSelected] = useState<Found>();
  const [message, setMessage] = useState('');
  useEffect(() => {
    view.history.connection
      .request<{ cells: CellInfo[] }>('cells')
      .then(answer => setCells(answer.cells))
      .catch(() => undefined); // cells have the names that they had then
  }, [view]);
  useEffect(() => setMessage(''), [search.found]);
  const { found = [], document } = search;
  const rows = useMemo(() => {
    const names = new Map(cells.map(cell => [cell.cell, cell.summary]));
    return foundRows(found, everywhere ? view.panel.context.path : undefined, names);
  }, [found, cells, everywhere]);
  const isLine = (at: number) => rows[at]?.kind === 'line';
  const at = rows.findIndex(row => row.kind === 'line' && row.found === selected);
  const index = at >= 0 ? at : rows.findIndex(row => row.kind === 'line');
  useImperativeHandle(handle, () => ({ focus: () => go(Math.max(0, index), 1) }));

  const go = (to: number, step: number) => {
    let next = Math.min(Math.max(to, 0), rows.length - 1);
    while (rows[next] && !isLine(next)) {
      next += step;
    }
    const row = rows[next];
    if (row?.kind === 'line') {
      setSelected(row.found);
      list.current?.reveal(next);
      requestAnimationFrame(() => list.current?.focus(next));
    }
  };
  const show = async (one: Found) => {
    if (one.document === undefined) {
      if (modelOf(view.panel, one.cell)) {
        services.revealVersion(one.cell, one.version);
      } else {
        setMessage(trans.__('The cell was deleted. The Notebook tab brings it back.'));
      }
      return;
    }
    const { contents } = services;
    const { path } = view.panel.context;
    const local = localPathOf(one.document, document, contents.localPath(path));
    if (local === undefined) {
      setMessage(trans.__('%1 is outside of the folder that is open here.', one.document));
      return;
    }
    const drive = contents.driveName(path);
    try {
      await services.openVersion(drive ? `${drive}:${local}` : local, one.cell, one.version);
    } catch (error) {
      const isGone = error instanceof ServerConnection.ResponseError && error.response.status === 404;
      setMessage(
        isGone
          ? trans.__('%1 is not there any more. In a terminal: forkernel tree "%1" all', one.document)
          : String(error instanceof Error ? error.message : error)
      );
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[index];
    const page = list.current?.pageRows ?? 10;
    const keys: Record<string, (() => void) | undefined> = {
      ArrowUp: () => (rows.slice(0, index).some(one => one.kind === 'line') ? go(index - 1, -1) : onLeave()),
      ArrowDown: () => go(index + 1, 1),
      PageUp: () => go(index - page, 1),
      PageDown: () => go(index + page, -1),
      Home: () => go(0, 1),
      End: () => go(rows.length - 1, -1),
      Enter: () => row?.kind === 'line' && void show(row.found),
      '/': onLeave
    };
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (action) {
      action();
      event.preventDefault();
      event.stopPropagation();
    }
  };

  if (rows.length === 0) {
    return search.searching || search.found === undefined ? (
      <div className="fk-Empty" />
    ) : (
      <p className="fk-Empty">{trans.__('Nothing that was ever here has “%1”.', text)}</p>
    );
  }
  return (
    <>
      <VirtualRows
        ref={list}
        className="fk-Found"
        role="tree"
        aria-label={trans.__('What was found, newest first')}
        count={rows.length}
        rowHeight={ROW_HEIGHT}
        keep={index}
        onKeyDown={onKeyDown}
      >
        {i => (
          <FoundLine
            row={rows[i]}
            place={placeOf(rows[i], view)}
            text={text}
            now={now}
            selected={i === index}
            trans={trans}
            onSelect={() => go(i, 1)}
            onShow={show}
          />
        )}
      </VirtualRows>
      <div className="fk-Message" role="status" aria-live="polite">
        {message}
      </div>
    </>
  );
});

/** Of a cell that is in this notebook now, from 1; 0: it is not. */
function placeOf(row: FoundRow, view: NotebookView): number {
  return row.kind === 'cell' && row.document === undefined
    ? view.panel.content.widgets.findIndex(widget => widget.model.id === row.cell) + 1
    : 0;
}

interface LineProps {
  row: FoundRow;
  place: number;
  text: string;
  now: number;
  selected: boolean;
  trans: TranslationBundle;
  onSelect: () => void;
  onShow: (found: Found) => void;
}

function FoundLine({ row, place, text, now, selected, trans, onSelect, onShow }: LineProps): ReactElement {
  if (row.kind === 'notebook') {
    const at = row.document.lastIndexOf('/') + 1;
    return (
      <div className="fk-FoundNotebook" role="treeitem" aria-level={1} title={row.document}>
        <span>{row.document.slice(at)}</span>
        <span className="fk-FoundFolder">{row.document.slice(0, at)}</span>
      </div>
    );
  }
  if (row.kind === 'cell') {
    const where = place > 0 ? trans.__('cell %1', place) : row.document === undefined ? trans.__('deleted') : '';
    return (
      <div className="fk-FoundCell" role="treeitem" aria-level={2}>
        <span className="fk-FoundName">{row.name || trans.__('empty')}</span>
        <span className="fk-quiet">{where}</span>
      </div>
    );
  }
  const { found, versions } = row;
  const words = [
    `v${found.version}`,
    found.where === 'output' ? trans.__('output of [%1]', found.count) : '',
    ago(found.time, now, trans),
    versions > 1 ? trans._n('%1 version', '%1 versions', versions) : ''
  ].filter(Boolean);
  return (
    <div
      role="treeitem"
      aria-level={3}
      className={`fk-LogRow fk-FoundLine ${selected ? 'fk-mod-selected' : ''}`}
      aria-selected={selected}
      aria-label={[found.excerpt.trim(), ...words].join(', ')}
      tabIndex={selected ? 0 : -1}
      title={dateTime(found.time)}
      onMouseDown={press => isSelecting(press) && onSelect()}
      onDoubleClick={() => onShow(found)}
    >
      <div className="fk-Row-body">
        <div className="fk-Row-line">
          <code className="fk-Row-what">
            <Marked text={found.excerpt.trim()} part={text} />
          </code>
        </div>
        <div className="fk-Row-notes">
          {words.map(one => (
            <span key={one}>{one}</span>
          ))}
        </div>
      </div>
    </div>
  );
}
