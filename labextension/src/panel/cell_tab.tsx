import type { Cell } from '@jupyterlab/cells';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import type { Found, Version } from '../kernel/protocol.js';
import { expandRows, foldTyping, keepRows, nodeOf } from '../tree/fold.js';
import { layLanes, LANES_MAX } from '../tree/lanes.js';
import { insertVersion, labelVersion, pinVersion, restoreVersion } from './actions.js';
import { Edges } from './edges.js';
import { Filter, NO_FILTER, type FilterState } from './filter.js';
import { FoundList, type FoundListHandle } from './found_list.js';
import { useNow, useSignal } from './hooks.js';
import { laneWidth } from './lane_cell.js';
import { Preview, type Base } from './preview.js';
import type { NotebookView, PanelServices } from './services.js';
import { Split } from './split.js';
import { ROW_HEIGHT, TreeRow, type RowActions } from './tree_row.js';
import { foundIn, useFound } from './use_found.js';
import { usePieces } from './use_pieces.js';
import { VersionActions } from './version_actions.js';
import { VirtualRows, type VirtualRowsHandle } from './virtual_rows.js';

/** Rows that are seen for a shorter time are scrolled past (ms). */
const SETTLE_MS = 80;

interface Props {
  view: NotebookView;
  services: PanelServices;
  cell: Cell;
  wanted: number; // a version to select; 0: the head
  searchAsked: boolean; // the focus is to go to the search, for all cells
  onSearch: () => void; // it went there
}

/** The tree of one cell, and below it what the selected version has. */
export function CellTab({ view, services, cell, wanted, searchAsked, onSearch }: Props): ReactElement {
  const { trans } = services;
  const id = cell.model.id;
  const tree = view.trees.of(id);
  const [selected, setSelected] = useState(wanted); // 0: follow the head
  const [filter, setFilter] = useState(NO_FILTER);
  const [expanded, setExpanded] = useState<ReadonlySet<number>>(new Set());
  const [base, setBase] = useState<Base>('now');
  const [{ message, about }, setSaid] = useState({ message: '', about: 0 });
  const rowsNode = useRef<VirtualRowsHandle>(null);
  const search = useRef<HTMLInputElement>(null);
  const now = useNow();
  useSignal(tree.changed);
  useSignal(view.contents.thumbnailsCame);
  useEffect(() => tree.watch(), [tree]);
  const found = useFound(view, filter.text, filter.scope);
  const foundHere = useMemo(() => foundIn(id, found.found), [id, found.found]);
  const results = useRef<FoundListHandle>(null);
  const here = filter.scope === 'cell';

  const { versions, head } = tree;
  const rows = useMemo(() => {
    const plain = filter.text === '' && !filter.runs && !filter.errors && !filter.pinned;
    const oldestFirst = plain
      ? expandRows(foldTyping(versions), expanded)
      : keepRows(versions, version => passes(version, filter, foundHere));
    return oldestFirst.reverse();
  }, [versions, head, filter, foundHere, expanded]);
  const lanes = useMemo(() => layLanes(rows.map(nodeOf)), [rows]);
  const indexOf = useMemo(() => new Map(rows.map((row, i) => [row.version.version, i])), [rows]);
  const index = indexOf.get(selected || head) ?? (rows.length > 0 ? 0 : -1);
  const current = rows[index]?.version;
  const [range, setRange] = useState<[number, number]>([0, 0]);
  const lanesWidth = useMemo(
    () =>
      laneWidth(
        1 +
          Math.min(
            LANES_MAX - 1,
            Math.max(0, ...lanes.slice(...range).map(lane => Math.max(lane.lane, ...lane.joins, ...lane.through)))
          )
      ),
    [lanes, range]
  );

  const changeAt = (at: number) => {
    const { version, parent, folded } = rows[at];
    return (folded.length > 0 && tree.span(parent, version.version)) || tree.changes.get(version.version);
  };
  const piecesAt = usePieces(rows, changeAt);

  useEffect(() => {
    const visible = rows.slice(...range);
    const shown = visible.map(row => row.version);
    void tree.changes.need(shown.map(version => version.version));
    void tree.needSpans(
      visible
        .filter(row => row.folded.length > 0 && row.parent !== 0)
        .map(row => ({ from: row.parent, to: row.version.version }))
    );
    void view.contents.needThumbnails(shown.flatMap(version => version.runs.slice(-1)));
  }, [rows, range]);
  useEffect(() => {
    if (searchAsked) {
      onSearch();
      setFilter({ ...NO_FILTER, ...view.search, scope: 'notebook' });
      search.current?.focus();
      search.current?.select();
    }
  }, [searchAsked]);
  // Whoever goes on in the notebook wants to see where that leads.
  const node = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (selected !== wanted && !node.current?.contains(document.activeElement)) {
      setSelected(0);
    }
  }, [head]);
  const isShown = indexOf.has(selected || head);
  useEffect(() => rowsNode.current?.reveal(Math.max(0, index)), [selected, head, tree, isShown]);
  useEffect(() => {
    const fold = isShown ? undefined : rows.find(row => row.folded.some(step => step.version === wanted));
    if (fold) {
      setExpanded(new Set([...expanded, fold.version.version]));
    }
  }, [rows]);

  const go = (to: number) => {
    if (rows.length > 0) {
      const at = Math.min(Math.max(to, 0), rows.length - 1);
      setSelected(rows[at].version.version);
      rowsNode.current?.reveal(at);
      // After the row is drawn as the one that can have the focus.
      requestAnimationFrame(() => rowsNode.current?.focus(at));
    }
  };
  const goTo = (version: number | undefined) => {
    const at = version === undefined ? undefined : indexOf.get(version);
    if (at !== undefined) {
      go(at);
    }
  };
  /** `about`: the version that is in the cell as long as the message is true. */
  const setMessage = (message: string, about = 0) => setSaid({ message, about });
  const attempt = async (action: () => Promise<string>, about = 0) => {
    try {
      setMessage(await action(), about);
    } catch (error) {
      setMessage(error instanceof Error ? error.message : String(error));
    }
  };
  const restore = () =>
    current &&
    attempt(
      async () =>
        (await restoreVersion(view, services, id, current.version))
          ? trans.__('v%1 is in the cell. Ctrl-Z takes it back.', current.version)
          : '',
      current.version
    );
  const insert = () =>
    current &&
    attempt(async () => {
      await insertVersion(view, services, id, current);
      return trans.__('v%1 is in a new cell below.', current.version);
    });
  const pin = () =>
    current &&
    attempt(async () => {
      await pinVersion(view, current);
      return current.pinned
        ? trans.__('v%1 is not pinned any more.', current.version)
        : trans.__('v%1 is pinned.', current.version);
    });
  const label = () =>
    current &&
    attempt(async () => {
      await labelVersion(view, services, current);
      rowsNode.current?.focus(index);
      return '';
    });
  const expand = (version: number) => {
    const next = new Set(expanded);
    if (!next.delete(version)) {
      next.add(version);
    }
    setExpanded(next);
  };
  const undo = (redo: boolean) => {
    const shared = cell.model.sharedModel;
    if (redo) {
      shared.redo();
    } else {
      shared.undo();
    }
    setSelected(0);
    setMessage('');
  };

  const latest = useRef({ go, restore, expand });
  latest.current = { go, restore, expand };
  const actions = useMemo<RowActions>(
    () => ({
      select: at => latest.current.go(at),
      restore: () => void latest.current.restore(),
      expand: version => latest.current.expand(version)
    }),
    []
  );

  // What rows need is asked for when the scrolling stops.
  const settling = useRef<ReturnType<typeof setTimeout>>();
  const onRange = (first: number, end: number) => {
    clearTimeout(settling.current);
    settling.current = setTimeout(() => setRange([first, end]), range[1] === 0 ? 0 : SETTLE_MS);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === 'z') {
      undo(event.shiftKey);
    } else if (command || event.altKey || (event.target as HTMLElement).closest('button')) {
      return;
    } else {
      const action =
        keys[
          event.shiftKey && event.key === 'Enter'
            ? 'Shift+Enter'
            : event.key.length === 1
              ? event.key.toLowerCase()
              : event.key
        ];
      if (!action) {
        return;
      }
      action();
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const children = (version: number) => rows.filter(row => row.parent === version);
  const keys: Record<string, (() => void) | undefined> = {
    ArrowUp: () => go(index - 1),
    ArrowDown: () => go(index + 1),
    PageUp: () => go(index - (rowsNode.current?.pageRows ?? 10)),
    PageDown: () => go(index + (rowsNode.current?.pageRows ?? 10)),
    Home: () => go(0),
    End: () => go(rows.length - 1),
    ArrowLeft: () => goTo(rows[index]?.parent),
    ArrowRight: () => {
      const next = children(current?.version ?? 0);
      const straight = next.find(row => lanes[indexOf.get(row.version.version)!].lane === lanes[index].lane);
      goTo((straight ?? next[0])?.version.version);
    },
    b: () => {
      const siblings = children(rows[index]?.parent ?? 0);
      const at = siblings.findIndex(row => row.version === current);
      goTo(siblings[(at + 1) % siblings.length]?.version.version);
    },
    Enter: restore,
    'Shift+Enter': insert,
    p: pin,
    l: label,
    c: () => setBase(base === 'now' ? 'parent' : 'now'),
    ' ': () => {
      if (rows[index]?.folded.length > 0 || expanded.has(current?.version ?? 0)) {
        expand(current!.version);
      }
    },
    '/': () => {
      if (filter.text === '' && view.search.text !== '') {
        setFilter({ ...filter, ...view.search }); // to look at what else was found
      }
      search.current?.focus();
      search.current?.select();
    }
  };

  const filterBar = (
    <Filter
      state={filter}
      onChange={next => {
        setFilter(next);
        view.search = next.text === '' ? view.search : next;
      }}
      inputRef={search}
      trans={trans}
      onLeave={() => (here ? go(Math.max(0, index)) : results.current?.focus())}
      note={
        tree.isLoaded
          ? found.searching
            ? trans.__('searching…')
            : !here
              ? trans.__('%1 found', found.found?.length ?? 0)
              : filter === NO_FILTER
                ? trans._n('%1 version', '%1 versions', versions.length) + (tree.isComplete ? '' : '…')
                : trans.__('%1 of %2', rows.length, versions.length)
          : trans.__('loading…')
      }
    />
  );
  if (!here) {
    return (
      <div className="fk-CellTab" ref={node}>
        {filterBar}
        <FoundList
          ref={results}
          view={view}
          services={services}
          search={found}
          text={filter.text}
          everywhere={filter.scope === 'everywhere'}
          now={now}
          onLeave={() => search.current?.focus()}
        />
      </div>
    );
  }
  if (tree.isLoaded && versions.length === 0) {
    return (
      <div className="fk-CellTab" ref={node}>
        {filterBar}
        <p className="fk-Empty">
          {trans.__('This cell has no versions yet. Each text that you type or run in it will be here.')}
        </p>
      </div>
    );
  }
  return (
    <div className="fk-CellTab" ref={node}>
      {filterBar}
      {tree.error && <p className="fk-Trouble">{tree.error}</p>}
      <Edges view={view} services={services} tree={tree} attempt={attempt} />
      <Split
        label={trans.__('Height of the preview')}
        first={
          <VirtualRows
            ref={rowsNode}
            className="fk-Tree"
            role="tree"
            aria-label={trans.__('Versions of the cell, newest first')}
            count={rows.length}
            rowHeight={ROW_HEIGHT}
            keep={index}
            onRange={onRange}
            onKeyDown={onKeyDown}
          >
            {at => {
              const row = rows[at];
              const { version } = row;
              const run = version.runs.at(-1);
              return (
                <TreeRow
                  row={row}
                  lanes={lanes[at]}
                  lanesWidth={lanesWidth}
                  change={changeAt(at)}
                  pieces={piecesAt(at)}
                  found={foundHere?.get(version.version)}
                  foundText={filter.text}
                  picture={run && view.contents.thumbnail(run)}
                  now={now}
                  index={at}
                  count={rows.length}
                  selected={at === index}
                  expandable={row.folded.length > 0 || expanded.has(version.version)}
                  trans={trans}
                  actions={actions}
                />
              );
            }}
          </VirtualRows>
        }
        second={
          current && (
            <>
              <VersionActions version={current} trans={trans} {...{ restore, insert, pin, label }} />
              <Preview
                view={view}
                services={services}
                model={cell.model}
                version={current}
                base={base}
                onBase={setBase}
                now={now}
              />
            </>
          )
        }
      />
      <div className="fk-Message" role="status" aria-live="polite">
        {about === 0 || about === head ? message : ''}
      </div>
      <div className="fk-Hint" aria-hidden="true">
        {trans.__('↑ ↓ look, Enter restores, / searches, Esc back to the cell')}
      </div>
    </div>
  );
}

function passes(version: Version, filter: FilterState, found: ReadonlyMap<number, Found> | undefined): boolean {
  const { runs, pinned } = version;
  return (
    (!filter.runs || runs.length > 0) &&
    (!filter.errors || runs.some(run => run.status === 'error' || run.status === 'killed')) &&
    (!filter.pinned || pinned || version.label !== '' || runs.some(run => run.pinned)) &&
    (filter.text === '' || (found?.has(version.version) ?? false))
  );
}
