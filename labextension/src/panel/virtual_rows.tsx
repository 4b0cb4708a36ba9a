import {
  forwardRef,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  type HTMLAttributes,
  type MouseEvent,
  type ReactElement
} from 'react';

/** Rows above and below the window that are drawn, too. */
const MARGIN = 6;

export interface VirtualRowsHandle {
  /** Scroll no more than is needed for the row to be seen. */
  reveal(index: number): void;
  /** Move the focus to a row that is drawn, as that of `keep` is; none is named: to the one that Tab leads to. */
  focus(index?: number): void;
  readonly pageRows: number;
}

interface Props extends Omit<HTMLAttributes<HTMLDivElement>, 'children'> {
  count: number;
  rowHeight: number;
  keep: number; // drawn wherever it is, as it may have the focus; -1: none
  children: (index: number) => ReactElement;
  onRange?: (first: number, end: number) => void;
}

/** Does the press select its row? Not the second one of a double click: the rows may have moved since the first. */
export function isSelecting(press: MouseEvent): boolean {
  return press.button === 0 && press.detail < 2;
}

/** Rows of one height, of which only those in the window are drawn. */
export const VirtualRows = forwardRef<VirtualRowsHandle, Props>(function VirtualRows(props, handle) {
  const { count, rowHeight, keep, children, onRange, ...rest } = props;
  const node = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);

  useLayoutEffect(() => {
    const element = node.current!;
    const measure = () => setHeight(element.clientHeight || 600);
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);

  useImperativeHandle(handle, () => ({
    reveal: index => {
      const element = node.current!;
      const [first, end] = [index * rowHeight, (index + 1) * rowHeight];
      if (first < element.scrollTop) {
        element.scrollTop = first;
      } else if (end > element.scrollTop + element.clientHeight) {
        element.scrollTop = end - element.clientHeight;
      }
    },
    focus: index => {
      const row = index === undefined ? '[tabindex="0"]' : `[data-index="${index}"] [tabindex]`;
      node.current!.querySelector<HTMLElement>(row)?.focus({ preventScroll: true });
    },
    get pageRows() {
      return Math.max(1, Math.floor(node.current!.clientHeight / rowHeight) - 1);
    }
  }));

  const first = Math.max(0, Math.floor(top / rowHeight) - MARGIN);
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + MARGIN);
  useEffect(() => onRange?.(first, end), [first, end, count]);

  const shown = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
  if (keep >= 0 && keep < count && (keep < first || keep >= end)) {
    shown.push(keep);
  }
  return (
    <div
      {...rest}
      ref={node}
      className={`fk-VirtualRows ${rest.className ?? ''}`}
      onScroll={event => setTop(event.currentTarget.scrollTop)}
    >
      <div role="presentation" style={{ height: count * rowHeight, position: 'relative' }}>
        {shown.map(index => (
          <div
            key={index}
            role="presentation"
            data-index={index}
            className="fk-VirtualRows-row"
            style={{ top: index * rowHeight, height: rowHeight }}
          >
            {children(index)}
          </div>
        ))}
      </div>
    </div>
  );
});
