import type { TranslationBundle } from '@jupyterlab/translation';
import { useState, type ReactElement } from 'react';
import type { RunOutputs } from '../kernel/protocol.js';
import { dayAndTime } from '../cell/day_and_time.js';
import { DiffView, WIDE } from '../panel/diff_view.js';
import { useAnswer, useWidth } from '../panel/hooks.js';
import { OutputView } from '../panel/output_view.js';
import type { NotebookView, HistoryServices } from '../panel/services.js';
import { cellName } from './cell_name.js';
import type { CellPlan, WholePlan } from './plan.js';

/** So many cells are shown with their differences at once; of others that is asked for. */
const OPEN_MAX = 8;

/** Of each output that is looked at. */
const PREVIEW_BYTES = 1 << 20;

const SIGNS = { stays: '·', changes: '±', comes: '+', goes: '−' };

interface Props {
  view: NotebookView;
  services: HistoryServices;
  plan: WholePlan;
}

/** What would be different in the notebook: its cells by name, each with its difference. */
export function CellChanges({ view, services, plan }: Props): ReactElement {
  const { trans } = services;
  const [node, setNode] = useState<HTMLElement | null>(null);
  const wide = useWidth(node) > WIDE;
  const cells = plan.cells.filter(isDifferent);
  const rest = plan.cells.length - cells.length;
  return (
    <div ref={setNode} className="fk-CellChanges">
      {cells.map((cell, i) => (
        <CellChange key={cell.id} view={view} services={services} cell={cell} wide={wide} open={i < OPEN_MAX} />
      ))}
      {rest > 0 && (
        <p className="fk-quiet">{trans._n('%1 cell stays as it is.', '%1 cells stay as they are.', rest)}</p>
      )}
    </div>
  );
}

function isDifferent(cell: CellPlan): boolean {
  return cell.fate !== 'stays' || cell.moves || cell.otherOutputs || cell.fixed;
}

/** "2 cells change, 1 comes back" */
export function planWords(plan: WholePlan, trans: TranslationBundle): string {
  const count = (test: (cell: CellPlan) => boolean) => plan.cells.filter(test).length;
  const changes = count(cell => cell.fate === 'changes');
  const comes = count(cell => cell.fate === 'comes');
  const goes = count(cell => cell.fate === 'goes');
  const moves = count(cell => cell.moves);
  const outputs = count(cell => cell.otherOutputs && cell.fate !== 'comes');
  const words = [
    changes > 0 && trans._n('%1 cell gets another text', '%1 cells get another text', changes),
    comes > 0 && trans._n('%1 cell comes back', '%1 cells come back', comes),
    goes > 0 && trans._n('%1 cell goes', '%1 cells go', goes),
    moves > 0 && trans._n('%1 cell moves', '%1 cells move', moves),
    outputs > 0 && trans._n('%1 cell shows its output of then', '%1 cells show their outputs of then', outputs)
  ].filter(word => word !== false);
  return words.length > 0 ? `${words.join(', ')}.` : trans.__('The notebook is like this now.');
}

function CellChange(props: Pick<Props, 'view' | 'services'> & { cell: CellPlan; wide: boolean; open: boolean }) {
  const { view, services, cell, wide } = props;
  const { trans } = services;
  const [open, setOpen] = useState(props.open);
  const { fate, before, after, type } = cell;
  const text = before !== after;
  return (
    <details
      className={`fk-CellChange fk-mod-${fate}`}
      open={open}
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>
        <span className="fk-CellChange-sign" aria-hidden="true">
          {SIGNS[fate]}
        </span>
        <span className="fk-CellChange-name">{cellName(after || before, type, trans)}</span>
        <span className="fk-quiet">{fateWords(cell, trans)}</span>
      </summary>
      {open && text && (
        <DiffView
          before={before}
          after={after}
          wide={wide && fate === 'changes'}
          mimeType={type === 'markdown' ? 'text/x-ipythongfm' : view.panel.content.codeMimetype}
          languages={services.languages}
          label={trans.__('What would be different')}
        />
      )}
      {open && cell.otherOutputs && <ThenOutputs view={view} trans={trans} run={cell.run} />}
    </details>
  );
}

function fateWords({ fate, moves, otherOutputs, fixed, run }: CellPlan, trans: TranslationBundle): string {
  const words = {
    stays: moves || otherOutputs ? '' : trans.__('stays'),
    changes: trans.__('gets another text'),
    comes: trans.__('comes back'),
    goes: trans.__('goes')
  };
  return [
    words[fate],
    moves && trans.__('moves'),
    otherOutputs && fate !== 'comes' && (run ? trans.__('its output of then') : trans.__('without output')),
    fixed && trans.__('is marked as not to be changed, and stays')
  ]
    .filter(Boolean)
    .join(', ');
}

/** The outputs that the cell would show. */
function ThenOutputs({ view, trans, run }: { view: NotebookView; trans: TranslationBundle; run: number }) {
  const answer = useAnswer<RunOutputs | undefined>(run, async () =>
    run
      ? view.history.connection.request<RunOutputs>('outputs', { run, limit_bytes: PREVIEW_BYTES })
      : Promise.resolve(undefined)
  );
  if (answer?.error) {
    return <p className="fk-Trouble">{answer.error}</p>;
  }
  const then = answer?.value;
  if (!then) {
    return <p className="fk-quiet">{run ? '' : trans.__('It had not been run then: no output.')}</p>;
  }
  const words = trans.__('Output of %1, run [%2]', dayAndTime(then.run.started, trans), then.run.count);
  return (
    <section className="fk-Outputs">
      <h3>{words}</h3>
      {then.outputs.length > 0 ? (
        <OutputView outputs={then.outputs} rendermime={view.panel.content.rendermime} />
      ) : (
        <p className="fk-quiet">{trans.__('No output.')}</p>
      )}
    </section>
  );
}
