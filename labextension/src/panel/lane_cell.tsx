import type { ReactElement } from 'react';
import type { LaneRow } from '../tree/lanes.js';

const LANE = 12; // px between lanes
const RADIUS = 4;

/** Lanes in the colours of the theme; there are six, then they begin again. */
const COLOURS = 6;

export function laneWidth(lanes: number): number {
  return lanes * LANE + 6;
}

interface Props {
  row: LaneRow;
  height: number;
  width: number;
  shape: 'head' | 'run' | 'error' | 'plain';
}

/** One row of the graph. Shapes say what colours say: the head is a ring around a dot, an error a cross. */
export function LaneCell({ row, height, width, shape }: Props): ReactElement {
  const middle = height / 2;
  const x = (lane: number) => lane * LANE + LANE / 2 + 2;
  const colour = (lane: number) => `fk-lane-${lane % COLOURS}`;
  const here = x(row.lane);
  return (
    <svg className="fk-Lanes" width={width} height={height} aria-hidden="true" focusable="false">
      {row.through.map(lane => (
        <path key={`t${lane}`} className={colour(lane)} d={`M${x(lane)} 0V${height}`} />
      ))}
      {row.joins.map(lane => (
        <path
          key={`j${lane}`}
          className={colour(lane)}
          d={`M${x(lane)} 0C${x(lane)} ${middle} ${x(lane)} ${middle} ${here} ${middle}`}
        />
      ))}
      {row.up && <path className={colour(row.lane)} d={`M${here} 0V${middle}`} />}
      {row.down && <path className={colour(row.lane)} d={`M${here} ${middle}V${height}`} />}
      {shape === 'head' && <circle className={`fk-ring ${colour(row.lane)}`} cx={here} cy={middle} r={RADIUS + 2.5} />}
      {shape === 'error' ? (
        <path className={`fk-cross ${colour(row.lane)}`} d={`M${here - 4} ${middle - 4}l8 8m0 -8l-8 8`} />
      ) : (
        <circle
          className={`${shape === 'plain' ? 'fk-hollow' : 'fk-dot'} ${colour(row.lane)}`}
          cx={here}
          cy={middle}
          r={RADIUS}
        />
      )}
    </svg>
  );
}
