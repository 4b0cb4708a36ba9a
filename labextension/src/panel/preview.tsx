import type { CodeCellModel, ICellModel } from '@jupyterlab/cells';
import type * as nbformat from '@jupyterlab/nbformat';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useState, type ReactElement } from 'react';
import type { Run, RunOutputs, Version } from '../kernel/protocol.js';
import { DiffView, WIDE } from './diff_view.js';
import { useAnswer, useReading, useWidth } from './hooks.js';
import { OutputView } from './output_view.js';
import type { NotebookView, HistoryServices } from './services.js';
import { ago, bytesWords, dateTime, runWords, STATUS_SIGNS } from './words.js';

/** What a version is compared with. */
export type Base = 'now' | 'parent';

interface Props {
  view: NotebookView;
  services: HistoryServices;
  model: ICellModel;
  version: Version;
  base: Base;
  onBase: (base: Base) => void;
  now: number;
}

/** What a version has that the cell has not: text and outputs. */
export function Preview({ view, services, model, version, base, onBase, now }: Props): ReactElement {
  const { trans } = services;
  const [node, setNode] = useState<HTMLDivElement | null>(null);
  const wide = useWidth(node) > WIDE;
  const shown = useReading(model, model.contentChanged, () => model.sharedModel.getSource(), '');
  const other = version.parent;
  const texts = useAnswer(`${version.version} ${base}`, () =>
    Promise.all([view.contents.text(version.version), base === 'parent' && other ? view.contents.text(other) : ''])
  );
  const run = version.runs.at(-1);
  const old = useAnswer<RunOutputs | undefined>(
    `${version.version} ${run?.run} ${run?.status}`,
    async () => run && view.contents.outputs(run)
  );
  const here = model.type === 'markdown' ? 'text/x-ipythongfm' : view.panel.content.codeMimetype;
  const [text, otherText] = texts?.value ?? [];
  const before = base === 'now' ? shown : (otherText ?? '');
  return (
    <div
      ref={setNode}
      className={`fk-Preview ${wide ? 'fk-mod-wide' : ''}`}
      tabIndex={0}
      role="region"
      aria-label={trans.__('Preview')}
    >
      {texts?.error && <p className="fk-Trouble">{texts.error}</p>}
      {text !== undefined && (
        <>
          <p className="fk-Preview-legend">
            <label className="fk-removed" title={trans.__('What it is compared with (C)')}>
              <span aria-hidden="true">−</span>
              <select
                value={base}
                aria-label={trans.__('Compare with')}
                onChange={event => onBase(event.target.value as Base)}
              >
                <option value="now">{trans.__('in the cell now')}</option>
                <option value="parent">
                  {other ? trans.__('v%1, before it', other) : trans.__('the version before')}
                </option>
              </select>
            </label>
            <span className="fk-added">+ v{version.version}</span>
            {text === before && <span>{trans.__('the same text')}</span>}
          </p>
          <DiffView
            before={before}
            after={text}
            wide={wide && text !== before}
            mimeType={here}
            languages={services.languages}
            label={trans.__('Text of v%1', version.version)}
          />
        </>
      )}
      {model.type === 'code' && (
        <Outputs
          old={old?.value}
          run={run}
          model={model as CodeCellModel}
          view={view}
          trans={trans}
          now={now}
          error={old?.error}
        />
      )}
    </div>
  );
}

interface OutputsProps {
  old: RunOutputs | undefined;
  run: Run | undefined;
  model: CodeCellModel;
  view: NotebookView;
  trans: TranslationBundle;
  now: number;
  error?: string;
}

function Outputs({ old, run, model, view, trans, now, error }: OutputsProps): ReactElement {
  const outputs: CodeCellModel['outputs'] | null = model.outputs; // a closed cell has none
  const current = useReading<nbformat.IOutput[]>(model, outputs?.changed, () => model.outputs.toJSON(), []);
  const { rendermime } = view.panel.content;
  if (error) {
    return <p className="fk-Trouble">{error}</p>;
  }
  const leftOut = old?.left_out.reduce((sum, bytes) => sum + bytes, 0) ?? 0;
  const same = old !== undefined && sameOutputs(old.outputs, current);
  return (
    <div className="fk-Outputs">
      <section>
        <h3>
          {run ? `${STATUS_SIGNS[run.status]} ${runWords([run], trans)}` : trans.__('This version was not run.')}
          {run && <time title={dateTime(run.started)}> {ago(run.started, now, trans)}</time>}
          {leftOut > 0 && (
            <span
              className="fk-leftOut"
              title={trans.__('Not kept, or more than is shown here. Restored and inserted is all that was kept.')}
            >
              {' '}
              {trans.__('%1 not shown', bytesWords(leftOut))}
            </span>
          )}
          {run && run.dropped > 0 && (
            <span className="fk-leftOut"> {trans.__('%1 displays not kept', run.dropped)}</span>
          )}
          {same && <span className="fk-quiet"> {trans.__('the same output as now')}</span>}
        </h3>
        {old && old.outputs.length > 0 && <OutputView outputs={old.outputs} rendermime={rendermime} />}
        {old && old.outputs.length === 0 && <p className="fk-quiet">{trans.__('No output.')}</p>}
      </section>
      {!same && current.length > 0 && (
        <section>
          <h3>{trans.__('Output in the cell now')}</h3>
          <OutputView outputs={current} rendermime={rendermime} />
        </section>
      )}
    </div>
  );
}

/** What a person sees of them: run numbers and what the kernel notes in metadata do not count. */
function sameOutputs(left: readonly nbformat.IOutput[], right: readonly nbformat.IOutput[]): boolean {
  const seen = (outputs: readonly nbformat.IOutput[]) =>
    JSON.stringify(
      outputs.map(({ output_type, name, text, data, ename, evalue }) => [
        output_type,
        name,
        joined(text),
        data &&
          Object.entries(data)
            .map(([mime, value]) => [mime, joined(value)])
            .sort(),
        ename,
        evalue
      ])
    );
  return seen(left) === seen(right);
}

function joined(text: unknown): unknown {
  return Array.isArray(text) ? text.join('') : text;
}
