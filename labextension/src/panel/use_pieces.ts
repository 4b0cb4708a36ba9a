import { useRef } from 'react';
import type { Change } from '../kernel/protocol.js';
import type { Row } from '../tree/fold.js';
import { changePieces, piecesApart, type Piece } from '../tree/line_change.js';

/** What each row says, made when it is drawn; the same array until what it is made of is another. */
export function usePieces(rows: readonly Row[], changeAt: (at: number) => Change | undefined) {
  const kept = useRef(new Map<number, { madeOf: unknown[]; pieces: readonly Piece[] }>());
  const ownPieces = (at: number) => {
    const { version } = rows[at];
    return changePieces(version.parent === 0 ? undefined : changeAt(at), version.summary);
  };
  return (at: number): readonly Piece[] => {
    const { version } = rows[at];
    const neighbours = [at - 1, at + 1].filter(one => one >= 0 && one < rows.length);
    const madeOf = [at, ...neighbours].flatMap(one => [rows[one].version.version, changeAt(one)]);
    let known = kept.current.get(version.version);
    if (!known || known.madeOf.length !== madeOf.length || known.madeOf.some((what, i) => what !== madeOf[i])) {
      known = { madeOf, pieces: piecesApart(ownPieces(at), neighbours.map(ownPieces)) };
      kept.current.set(version.version, known);
    }
    return known.pieces;
  };
}
