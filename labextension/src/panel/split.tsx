import { useRef, useState, type ReactElement, type ReactNode } from 'react';

const STEP = 5; // per cent, of an arrow key

/** One above the other, with a bar between them that can be dragged. */
export function Split({ first, second, label }: { first: ReactNode; second: ReactNode; label: string }): ReactElement {
  const node = useRef<HTMLDivElement>(null);
  const [share, setShare] = useState(50);
  const set = (to: number) => setShare(Math.min(90, Math.max(10, to)));
  return (
    <div
      ref={node}
      className="fk-Split"
      style={{ gridTemplateRows: `minmax(0, ${share}fr) 5px minmax(0, ${100 - share}fr)` }}
    >
      <div className="fk-Split-part">{first}</div>
      <div
        className="fk-Split-bar"
        role="separator"
        aria-orientation="horizontal"
        aria-label={label}
        aria-valuenow={Math.round(100 - share)}
        aria-valuemin={10}
        aria-valuemax={90}
        tabIndex={0}
        onPointerDown={event => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={event => {
          if (event.currentTarget.hasPointerCapture(event.pointerId)) {
            const { top, height } = node.current!.getBoundingClientRect();
            set(((event.clientY - top) / height) * 100);
          }
        }}
        onKeyDown={event => {
          if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
            set(share + (event.key === 'ArrowUp' ? -STEP : STEP));
            event.preventDefault();
          }
        }}
      />
      <div className="fk-Split-part">{second}</div>
    </div>
  );
}
