import type { CodeCellModel, ICellModel } from '@jupyterlab/cells';
import type * as nbformat from '@jupyterlab/nbformat';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState, type ReactElement } from 'react';
import type { Run, RunOutputs, Version } from '../kernel/protocol.js';
import { DiffView, WIDE } from './diff_view.js';
import { useAnswer, useWidth } from './hooks.js';
import { OutputView } from './output_view.js';
import type { NotebookView, PanelServices } from './services.js';
import { ago, bytesWords, dateTime, runWords, STATUS_SIGNS } from './words.js';

/** What a version is compared with. */
export type Base = 'now' | 'parent';

interface Props {
  view: NotebookView;
  services: PanelServices;
  model: ICellModel;
  version: Version;
  base: Base;
  now: number;
}

/** What a version has that the cell has not: text and outputs. */
export function Preview({ view, services, model, version, base, now }: Props): ReactElement {
  const { trans } = services;
  const [node, setNode] = useState<HTMLDivElement | null>(null);
  const wide = useWidth(node) > WIDE;
  const shown = useCellText(model);
  const other = base === 'parent' ? version.parent : 0;
  const texts = useAnswer(`${version.version} ${other}`, () =>
    Promise.all([view.contents.text(version.version), other ? view.contents.text(other) : undefined])
  );
  const run = version.runs.at(-1);
  const old = useAnswer<RunOutputs | undefined>(
    `${version.version} ${run?.run} ${run?.status}`,
    async () => run && view.contents.outputs(run)
  );
  const here = model.type === 'markdown' ? 'text/x-ipythongfm' : view.panel.content.codeMimetype;
  const [text, otherText] = texts?.value ?? [];
  const before = base === 'now' ? shown : (otherText ?? '');
  const [baseName, ownName] = [
    base === 'now' ? trans.__('in the cell now') : other ? `v${other}` : trans.__('nothing'),
    `v${version.version}`
  ];
  return (
    <div ref={setNode} className={`fk-Preview ${wide ? 'fk-mod-wide' : ''}`} tabIndex={0} role="region" aria-label={trans.__('Preview')}>
      {texts?.error && <p className="fk-Trouble">{texts.error}</p>}
      {text !== undefined && (
        <>
          <p className="fk-Preview-legend">
            {text === before ? (
              base === 'now' ? trans.__('The text is what the cell has now.') : trans.__('The same text.')
            ) : (
              <>
                <span className="fk-removed">− {baseName}</span> <span className="fk-added">+ {ownName}</span>
              </>
            )}
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
  const current = useCellOutputs(model);
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
          {run
            ? `${STATUS_SIGNS[run.status]} ${runWords([run], trans)}`
            : trans.__('This version was not run.')}
          {run && (
            <time title={dateTime(run.started)}> {ago(run.started, now, trans)}</time>
          )}
          {leftOut > 0 && <span className="fk-leftOut"> {trans.__('%1 left out', bytesWords(leftOut))}</span>}
          {run && run.dropped > 0 && <span className="fk-leftOut"> {trans.__('%1 displays not kept', run.dropped)}</span>}
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
    JSON.stringify(outputs.map(({ output_type, name, text, data, ename, evalue }) => [output_type, name, joined(text), data && Object.entries(data).map(([mime, value]) => [mime, joined(value)]).sort(), ename, evalue]));
  return seen(left) === seen(right);
}

function joined(text: unknown): unknown {
  return Array.isArray(text) ? text.join('') : text;
}

function useCellText(model: ICellModel): string {
  const shared = model.sharedModel;
  const [text, setText] = useState(() => shared.getSource());
  useEffect(() => {
    const read = () => setText(shared.getSource());
    read();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onChange = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        read();
      }, 200); // not in the keystroke
    };
    model.contentChanged.connect(onChange);
    return () => {
      clearTimeout(timer);
      model.contentChanged.disconnect(onChange);
    };
  }, [model]);
  return text;
}

function useCellOutputs(model: CodeCellModel): nbformat.IOutput[] {
  const [outputs, setOutputs] = useState(() => model.outputs.toJSON());
  useEffect(() => {
    const read = () => setOutputs(model.outputs.toJSON());
    read();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onChange = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        read();
      }, 200);
    };
    model.outputs.changed.connect(onChange);
    return () => {
      clearTimeout(timer);
      model.outputs.changed.disconnect(onChange);
    };
  }, [model]);
  return outputs;
}
