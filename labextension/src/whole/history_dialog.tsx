import { Dialog, Notification } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import { dayAndTime } from '../cell/day_and_time.js';
import type { Moment } from '../kernel/protocol.js';
import { openAsItWas } from '../panel/actions.js';
import { useAnswer } from '../panel/hooks.js';
import type { NotebookView, HistoryServices } from '../panel/services.js';
import { VirtualRows, type VirtualRowsHandle } from '../panel/virtual_rows.js';
import { clockTime, dateTime, nowUs } from '../panel/words.js';
import { CellChanges, planWords } from './cell_changes.js';
import { momentRows, type MomentRow } from './moments.js';
import { planPage, readKnown, readThen } from './page.js';
import { isNothing } from './plan.js';
import { restoreWhole } from './restore_whole.js';
import { SECOND, WideDialog } from './wide_dialog.js';

const ROW_HEIGHT = 40;
const RESTORE = 'fk-mod-restore';

/** A time that is looked at. */
interface Chosen {
  time: number;
  isNothing?: boolean; // the notebook is so already; not there: not known yet
}

/** File → Notebook History…: moments on the left, on the right what would be different, and the two ways to have it. */
export async function showNotebookHistory(view: NotebookView, services: HistoryServices): Promise<void> {
  const { trans } = services;
  view.history.flush();
  const { moments } = await view.history.connection.request<{ moments: Moment[] }>('moments');
  const body = new HistoryBody(view, services, moments, chosen => {
    dialog.enable(RESTORE, chosen.isNothing === false);
  });
  const dialog = new WideDialog<Chosen | undefined>({
    title: trans.__('History of %1', view.panel.title.label),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Close') }),
      Dialog.okButton({ label: trans.__('Open as a New Notebook'), className: SECOND, actions: ['open'] }),
      Dialog.okButton({ label: trans.__('Restore the Notebook to This'), className: RESTORE, actions: ['restore'] })
    ],
    defaultButton: 2,
    focusNodeSelector: '.fk-Moments [tabindex="0"]',
    hasClose: true
  });
  const { button, value } = await dialog.launch();
  if (!value || !button.accept) {
    return;
  }
  if (button.actions.includes('open')) {
    await openAsItWas(view, services, { time: value.time });
    return;
  }
  const takeBack = await restoreWhole(view.history, value.time, trans);
  if (takeBack) {
    sayRestored(services, value.time, takeBack);
  }
}

function sayRestored({ trans }: HistoryServices, time: number, takeBack: () => boolean): void {
  Notification.success(trans.__('The notebook is as it was at %1.', dayAndTime(time, trans)), {
    autoClose: 10_000,
    actions: [
      {
        label: trans.__('Undo'),
        caption: trans.__('Also: Edit, Undo Cell Operation'),
        callback: () => {
          if (!takeBack()) {
            Notification.warning(
              trans.__(
                'Cells were changed since then, so nothing was undone. The notebook of before is in File, Notebook History…: “before the restore”.'
              ),
              { autoClose: 10_000 }
            );
          }
        }
      }
    ]
  });
}

class HistoryBody extends ReactWidget implements Dialog.IBodyWidget<Chosen | undefined> {
  constructor(
    private _view: NotebookView,
    private _services: HistoryServices,
    private _moments: Moment[],
    private _onChosen: (chosen: Chosen) => void
  ) {
    super();
    this.addClass('fk-WholeHistory');
  }

  getValue(): Chosen | undefined {
    return this._chosen;
  }

  protected render(): ReactElement {
    return (
      <HistoryView
        view={this._view}
        services={this._services}
        moments={this._moments}
        onChosen={chosen => {
          this._chosen = chosen;
          this._onChosen(chosen);
        }}
      />
    );
  }

  private _chosen?: Chosen;
}

interface Props {
  view: NotebookView;
  services: HistoryServices;
  moments: Moment[];
  onChosen: (chosen: Chosen) => void;
}

function HistoryView({ view, services, moments, onChosen }: Props): ReactElement {
  const { trans } = services;
  const rows = useMemo(() => momentRows(moments, nowUs(), trans), [moments]);
  const [index, setIndex] = useState(firstBeforeNow(rows));
  const [other, setOther] = useState<number>(); // a time that no moment has
  const row = rows[index] as Extract<MomentRow, { kind: 'moment' }>; // there is always "now"
  const time = other ?? row.moment.time;
  const known = useAnswer('known', () => readKnown(view.history));
  const then = useAnswer(time, () => readThen(view.history, time));
  const plan = useMemo(
    () =>
      known?.value && then?.value && then.key === time ? planPage(view.history, known.value, then.value) : undefined,
    [known, then, time]
  );
  const words = other === undefined ? row.words : trans.__('the time that you named');
  useEffect(() => onChosen({ time, isNothing: plan && isNothing(plan) }), [time, plan]);

  const trouble = known?.error ?? then?.error;
  return (
    <>
      <div className="fk-WholeHistory-list">
        <MomentList
          rows={rows}
          index={other === undefined ? index : -1}
          services={services}
          onSelect={at => {
            setOther(undefined);
            setIndex(at);
          }}
        />
        <OtherTime services={services} first={moments[0]?.time ?? nowUs()} onTime={setOther} />
      </div>
      <section className="fk-WholeHistory-preview" aria-label={trans.__('What would be different')} tabIndex={0}>
        <header>
          <h2>{dateTime(time)}</h2>
          <p>
            {words}
            {plan && <span className="fk-quiet"> · {planWords(plan, trans)}</span>}
          </p>
        </header>
        {trouble && <p className="fk-Trouble">{trouble}</p>}
        {plan && <CellChanges key={time} view={view} services={services} plan={plan} />}
      </section>
    </>
  );
}

/** Who opens this wants to go back; where there is nothing yet, to now. */
function firstBeforeNow(rows: readonly MomentRow[]): number {
  const moments = rows.flatMap((row, at) => (row.kind === 'moment' ? [at] : []));
  return moments[1] ?? moments[0];
}

interface ListProps {
  rows: MomentRow[];
  index: number;
  services: HistoryServices;
  onSelect: (index: number) => void;
}

function MomentList({ rows, index, services, onSelect }: ListProps): ReactElement {
  const { trans } = services;
  const node = useRef<VirtualRowsHandle>(null);
  const focusable = index >= 0 ? index : rows.findIndex(row => row.kind === 'moment');
  const go = (to: number, step: number) => {
    let at = Math.min(Math.max(to, 0), rows.length - 1);
    while (rows[at]?.kind === 'heading') {
      at += at + step >= 0 && at + step < rows.length ? step : 1;
    }
    onSelect(at);
    node.current?.reveal(at === 1 ? 0 : at); // the first heading with its first moment
    requestAnimationFrame(() => node.current?.focus(at));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = node.current?.pageRows ?? 10;
    const keys: Record<string, [number, number] | undefined> = {
      ArrowUp: [focusable - 1, -1],
      ArrowDown: [focusable + 1, 1],
      PageUp: [focusable - page, -1],
      PageDown: [focusable + page, 1],
      Home: [0, 1],
      End: [rows.length - 1, -1]
    };
    const step = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (step) {
      go(...step);
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return (
    <VirtualRows
      ref={node}
      className="fk-Moments"
      role="listbox"
      aria-label={trans.__('Moments of the notebook, newest first')}
      count={rows.length}
      rowHeight={ROW_HEIGHT}
      keep={focusable}
      onKeyDown={onKeyDown}
    >
      {at => {
        const row = rows[at];
        return row.kind === 'heading' ? (
          <div className="fk-Moments-heading" role="presentation">
            {row.words}
          </div>
        ) : (
          <div
            role="option"
            className={`fk-Moment ${at === index ? 'fk-mod-selected' : ''}`}
            aria-selected={at === index}
            aria-posinset={at + 1}
            aria-setsize={rows.length}
            tabIndex={at === focusable ? 0 : -1}
            onMouseDown={press => press.button === 0 && go(at, 1)}
            title={dateTime(row.moment.time)}
          >
            <span className="fk-Moment-line">
              <time>{clockTime(row.moment.time)}</time>
              <span className="fk-Moment-words">{row.words}</span>
            </span>
            <span className="fk-Moment-note">{row.note}</span>
          </div>
        );
      }}
    </VirtualRows>
  );
}

interface TimeProps {
  services: HistoryServices;
  first: number;
  onTime: (time: number) => void;
}

/** Any time since the notebook is known. */
function OtherTime({ services, first, onTime }: TimeProps): ReactElement {
  const { trans } = services;
  const [value, setValue] = useState(localInput(nowUs()));
  return (
    <label className="fk-OtherTime">
      <span>{trans.__('Another time')}</span>
      <input
        className="fk-Input"
        type="datetime-local"
        step={1}
        min={localInput(first)}
        max={localInput(nowUs())}
        value={value}
        onChange={event => {
          setValue(event.target.value);
          const time = new Date(event.target.value).getTime() * 1000;
          if (!Number.isNaN(time) && event.target.validity.valid) {
            onTime(time + 999_999); // the second is over
          }
        }}
      />
    </label>
  );
}

/** As a datetime-local input has it: the person's own time. */
function localInput(time: number): string {
  const date = new Date(time / 1000);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}
