import type { ReactElement } from 'react';
import type { Piece } from '../tree/line_change.js';

/** What is different in a line: what went, what came, and a little around it. */
export function Pieces({ pieces }: { pieces: readonly Piece[] }): ReactElement {
  return (
    <>
      {pieces.map((piece, i) => (
        <PieceView key={i} {...piece} />
      ))}
    </>
  );
}

function PieceView({ kind, text }: Piece): ReactElement {
  switch (kind) {
    case 'removed':
      return <del className="fk-removed">{text}</del>;
    case 'added':
      return <ins className="fk-added">{text}</ins>;
    default:
      return <span className={kind === 'sign' ? 'fk-Row-sign' : undefined}>{text}</span>;
  }
}
