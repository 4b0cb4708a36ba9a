import type { TranslationBundle } from '@jupyterlab/translation';
import { memo, type ReactElement } from 'react';
import type { Change, Found } from '../kernel/protocol.js';
import type { Row } from '../tree/fold.js';
import type { LaneRow } from '../tree/lanes.js';
import { textOf, type Piece } from '../tree/line_change.js';
import { LaneCell } from './lane_cell.js';
import { Marked } from './marked.js';
import { Pieces } from './pieces.js';
import { isSelecting } from './virtual_rows.js';
import { ago, causeWord, dateTime, runWords, STATUS_SIGNS } from './words.js';

export const ROW_HEIGHT = 44;

interface Props {
  row: Row;
  lanes: LaneRow;
  lanesWidth: number;
  change: Change | undefined;
  pieces: readonly Piece[]; // what is said of it
  found: Found | undefined; // shown in place of what changed
  foundText: string; // what was searched for
  picture: string | undefined;
  now: number;
  index: number;
  count: number;
  selected: boolean;
  expandable: boolean;
  trans: TranslationBundle;
  actions: RowActions;
}

/** What the mouse does in a row; the same object all the time, or every row would be drawn again for it. */
export interface RowActions {
  select(index: number): void;
  restore(): void;
  expand(version: number): void;
}

/** A version in the tree: what changed and when, and below what became of it. */
export const TreeRow = memo(function TreeRow(props: Props): ReactElement {
  const { row, lanes, change, pieces, found, picture, now, selected, trans } = props;
  const { version, folded } = row;
  const run = version.runs.at(-1);
  const inOutput = found?.where === 'output' ? trans.__('in the output: ') : '';
  const what = found ? inOutput + found.excerpt : textOf(pieces);
  const cause = causeWord(version.cause, trans);
  const runs = runWords(version.runs, trans);
  const steps = folded.length === 0 ? '' : trans._n('%1 step', '%1 steps', folded.length);
  const said = [
    `v${version.version}`,
    ago(version.created, now, trans),
    what,
    cause,
    runs,
    version.head ? trans.__('in the cell now') : '',
    version.label,
    version.pinned ? trans.__('pinned') : '',
    steps
  ];
  return (
    <div
      role="treeitem"
      className={`fk-Row ${selected ? 'fk-mod-selected' : ''} ${version.head ? 'fk-mod-head' : ''}`}
      tabIndex={selected ? 0 : -1}
      aria-selected={selected}
      aria-level={lanes.lane + 1}
      aria-posinset={props.index + 1}
      aria-setsize={props.count}
      aria-expanded={props.expandable ? folded.length === 0 : undefined}
      aria-label={said.filter(Boolean).join(', ')}
      data-version={version.version}
      onMouseDown={press => isSelecting(press) && props.actions.select(props.index)}
      onDoubleClick={() => props.actions.restore()}
    >
      <LaneCell
        row={lanes}
        height={ROW_HEIGHT}
        width={props.lanesWidth}
        shape={
          version.head ? 'head' : run?.status === 'error' || run?.status === 'killed' ? 'error' : run ? 'run' : 'plain'
        }
      />
      <div className="fk-Row-body">
        <div className="fk-Row-line">
          <code className="fk-Row-what">
            {found ? (
              <>
                <span className="fk-quiet">{inOutput}</span>
                <Marked text={found.excerpt} part={props.foundText} />
              </>
            ) : what ? (
              <Pieces pieces={pieces} />
            ) : (
              <span className="fk-quiet">{trans.__('empty')}</span>
            )}
          </code>
        </div>
        <div className="fk-Row-notes">
          <span className="fk-Row-number">v{version.version}</span>
          {version.head && <span className="fk-Chip fk-mod-head">{trans.__('in the cell')}</span>}
          {run && (
            <span className={`fk-Run fk-mod-${run.status}`}>
              {STATUS_SIGNS[run.status]} {runs}
            </span>
          )}
          {version.label && <span className="fk-Chip fk-mod-label">{version.label}</span>}
          {version.pinned && <span className="fk-Chip fk-mod-pin">⚑ {trans.__('pinned')}</span>}
          {props.expandable && (
            <button
              className="fk-Steps"
              tabIndex={-1}
              onClick={() => props.actions.expand(version.version)}
              title={trans.__('Space shows and hides the steps of typing')}
            >
              {steps === '' ? `▾ ${trans.__('fewer')}` : `▸ ${steps}`}
            </button>
          )}
          <time title={dateTime(version.created)}>{ago(version.created, now, trans)}</time>
          {cause && <span className="fk-quiet">{cause}</span>}
          {change && version.parent !== 0 && (
            <span className="fk-quiet fk-Row-lines">
              +{change.added} −{change.removed}
            </span>
          )}
        </div>
      </div>
      {picture && <img className="fk-Thumbnail" src={picture} alt="" draggable={false} />}
    </div>
  );
});
