import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import type { State } from '../kernel/protocol.js';
import { useNow, useSignal } from '../panel/hooks.js';
import { LaneCell, laneWidth } from '../panel/lane_cell.js';
import { isSelecting, VirtualRows, type VirtualRowsHandle } from '../panel/virtual_rows.js';
import { ago, bytesWords, dateTime } from '../panel/words.js';
import { apartFrom } from '../tree/line_change.js';
import { goToState, resume, undoRun } from './go.js';
import type { Outcome, ProgramStates } from './program_states.js';
import { stateRows, type StateRow } from './state_rows.js';

const ROW_HEIGHT = 44;

interface Props {
  program: ProgramStates;
  trans: TranslationBundle;
}

/** The states that the program had after each run, as a tree, and the way back to them. */
export function StateView({ program, trans }: Props): ReactElement {
  useSignal(program.changed);
  useEffect(() => program.watch(), [program]);
  const [chosen, setChosen] = useState<number>();
  const [message, setMessage] = useState('');
  const list = useRef<VirtualRowsHandle>(null);
  const now = useNow();
  const { states, current, progress, outcome } = program;
  const rows = useMemo(() => stateRows(states, current), [states, current]);
  const lanes = rows.reduce((most, { lanes: row }) => Math.max(most, row.lane + 1, ...row.through.map(l => l + 1)), 1);

  useEffect(() => setChosen(undefined), [current]); // the program went on, and so does the look at it
  const found = rows.findIndex(row => row.run === (chosen ?? current));
  const index = found >= 0 ? found : 0;
  const selected = rows[index];
  const busy = progress !== undefined;

  const attempt = async (action: () => Promise<string>) => {
    setMessage('');
    try {
      setMessage(await action());
    } catch (error) {
      setMessage(error instanceof Error ? error.message : String(error));
    }
  };
  const go = () => {
    if (!busy && !selected.current) {
      void attempt(() => goToState(program, selected.run, trans));
    }
  };
  const select = (to: number) => {
    const at = Math.min(Math.max(to, 0), rows.length - 1);
    setChosen(rows[at].run);
    setMessage('');
    program.outcome = undefined; // it was read; now it is about this state
    list.current?.reveal(at);
    requestAnimationFrame(() => list.current?.focus(at));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = list.current?.pageRows ?? 10;
    const keys: Record<string, (() => void) | undefined> = {
      ArrowUp: () => select(index - 1),
      ArrowDown: () => select(index + 1),
      PageUp: () => select(index - page),
      PageDown: () => select(index + page),
      Home: () => select(0),
      End: () => select(rows.length - 1),
      Enter: go
    };
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (action) {
      action();
      event.preventDefault();
      event.stopPropagation();
    }
  };

  const summaryAt = (at: number) => program.summaryOf(rows[at]?.state?.version ?? 0) ?? '';
  const whatOf = (at: number) => apartFrom(summaryAt(at), [summaryAt(at - 1), summaryAt(at + 1)]);

  if (!program.loaded) {
    return (
      <p className={program.error ? 'fk-Trouble' : 'fk-Empty'}>{program.error ?? trans.__('The kernel is asked.')}</p>
    );
  }
  return (
    <div className="fk-StateView">
      {program.error && <p className="fk-Trouble">{program.error}</p>}
      <div className="fk-Actions">
        <button
          className="fk-Button"
          disabled={busy || current === 0}
          onClick={() => void attempt(() => undoRun(program, trans))}
        >
          {trans.__('Undo last run')}
        </button>
        <button className="fk-Button" disabled={busy} onClick={() => void attempt(() => program.go('redo'))}>
          {trans.__('Redo')}
        </button>
        <button
          className="fk-Button"
          disabled={busy}
          title={trans.__('The variables as they were before the kernel was restarted')}
          onClick={() => void attempt(() => resume(program, trans))}
        >
          {trans.__('Resume last kernel')}
        </button>
      </div>
      {states.length === 0 && (
        <div className="fk-Empty">
          <p>{trans.__('Nothing has run yet.')}</p>
          <p className="fk-quiet">
            {trans.__('After each run the state of the program is kept: all its variables, to go back to.')}
          </p>
        </div>
      )}
      {states.length > 0 && (
        <VirtualRows
          ref={list}
          role="tree"
          aria-label={trans.__('States of the program, newest first')}
          className="fk-StateTree"
          count={rows.length}
          rowHeight={ROW_HEIGHT}
          keep={index}
          onKeyDown={onKeyDown}
          onRange={(first, end) => program.askSummaries(rows.slice(first, end).map(row => row.state?.version ?? 0))}
        >
          {at => (
            <StateRowView
              row={rows[at]}
              what={rows[at].state ? whatOf(at) : trans.__('fresh program')}
              width={laneWidth(lanes)}
              now={now}
              count={rows.length}
              place={at}
              selected={at === index}
              trans={trans}
              onSelect={() => select(at)}
              onGo={go}
            />
          )}
        </VirtualRows>
      )}
      <div className="fk-StateFoot">
        {progress ? (
          <>
            <label className="fk-StateProgress">
              <span role="status">
                {progress.of > 0
                  ? trans.__('Cell %1 of %2 is run again', Math.min(progress.at + 1, progress.of), progress.of)
                  : trans.__('On the way')}
              </span>
              <progress value={progress.at} max={Math.max(1, progress.of)} />
            </label>
            <button className="fk-Button" onClick={() => void attempt(() => program.stop())}>
              {trans.__('Stop')}
            </button>
          </>
        ) : (
          <button
            className="fk-Button fk-mod-main"
            disabled={selected.current || selected.state?.available === 'gone'}
            onClick={go}
          >
            {trans.__('Go to this state')}
          </button>
        )}
        <p className="fk-StateSays" role="status">
          {(outcome && outcomeWords(outcome, program, trans)) || message || (!progress && hint(selected, trans))}
        </p>
      </div>
    </div>
  );
}

interface RowProps {
  row: StateRow;
  what: string;
  width: number;
  now: number;
  place: number; // among the rows
  count: number;
  selected: boolean;
  trans: TranslationBundle;
  onSelect: () => void;
  onGo: () => void;
}

function StateRowView(props: RowProps): ReactElement {
  const { row, what, width, now, selected, trans, onSelect, onGo } = props;
  const { state, current } = row;
  const how = state ? availabilityWords(state, trans) : '';
  const time = state?.started ? ago(state.started, now, trans) : '';
  const effects = state?.effects ? trans.__('it %1', state.effects) : '';
  const here = current ? trans.__('the program is here') : '';
  const said = [state ? `[${state.count}]` : '', what, here, time, how, state?.defines, effects]
    .filter(Boolean)
    .join(', ');
  return (
    <div
      role="treeitem"
      className={`fk-Row ${selected ? 'fk-mod-selected' : ''} ${current ? 'fk-mod-head' : ''}`}
      tabIndex={selected ? 0 : -1}
      aria-selected={selected}
      aria-current={current || undefined}
      aria-level={row.lanes.lane + 1}
      aria-posinset={props.place + 1}
      aria-setsize={props.count}
      aria-label={said}
      title={said}
      data-run={row.run}
      onMouseDown={press => isSelecting(press) && onSelect()}
      onDoubleClick={onGo}
    >
      <LaneCell row={row.lanes} height={ROW_HEIGHT} width={width} shape={shapeOf(row)} />
      <div className="fk-Row-body">
        <div className="fk-Row-line">
          {state && <span className="fk-StateCount">[{state.count}]</span>}
          {state ? (
            <code className="fk-Row-what">{what}</code>
          ) : (
            <span className="fk-Row-what fk-StateFresh">{what}</span>
          )}
        </div>
        <div className="fk-Row-notes">
          {current && <span className="fk-Chip fk-mod-head">{here}</span>}
          {state?.started && <time title={dateTime(state.started)}>{time}</time>}
          {how && !(current && state?.available === 'live') && (
            <span className={`fk-How fk-mod-${state!.available}`}>{how}</span>
          )}
          {effects && <span className="fk-Effects">⚠ {effects}</span>}
          {state?.defines && <code className="fk-Defines">{state.defines}</code>}
        </div>
      </div>
    </div>
  );
}

function shapeOf(row: StateRow): 'head' | 'run' | 'error' | 'plain' {
  if (row.current) {
    return 'head';
  }
  return row.state?.available === 'live' ? 'run' : row.state?.available === 'gone' ? 'error' : 'plain';
}

function availabilityWords(state: State, trans: TranslationBundle): string {
  if (state.available !== 'live') {
    return state.how;
  }
  return state.bytes > 0 ? trans.__('live, %1', bytesWords(state.bytes)) : trans.__('live');
}

function hint(row: StateRow, trans: TranslationBundle): string {
  if (row.current) {
    return trans.__('The program is in this state.');
  }
  if (!row.state) {
    return trans.__('As the kernel began: nothing is defined.');
  }
  switch (row.state.available) {
    case 'live':
      return trans.__('At once: this state is kept alive. Texts and outputs of the cells stay as they are.');
    case 'again':
      return trans.__('To get there it %1.', row.state.how);
    case 'gone':
      return trans.__('There is no way back to this state: %1.', row.state.how.replace(/^gone: /, ''));
  }
}

function outcomeWords(outcome: Outcome, program: ProgramStates, trans: TranslationBundle): string {
  const nameOf = (run: number) => {
    const state = program.states.find(one => one.run === run);
    return state ? trans.__('the state after run [%1]', state.count) : trans.__('a fresh program');
  };
  const here = trans.__('The program is in %1.', nameOf(outcome.run));
  if (!outcome.arrived) {
    // The kernel names the state by its run's id, which nobody sees here.
    const why = outcome.error.replace(/; the program is (in the state of run \d+|a fresh one)$/, '');
    return [why && `${why[0].toUpperCase()}${why.slice(1).replace(/\.$/, '')}.`, here].filter(Boolean).join(' ');
  }
  return [here, outcome.report].filter(Boolean).join(' ');
}
