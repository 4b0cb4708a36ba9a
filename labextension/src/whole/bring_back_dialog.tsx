import { Dialog, Notification } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import { useEffect, useState, type KeyboardEvent, type ReactElement } from 'react';
import { restoreVersion, bringBack } from '../panel/actions.js';
import { DiffView } from '../panel/diff_view.js';
import { useAnswer } from '../panel/hooks.js';
import { OutputView } from '../panel/output_view.js';
import type { NotebookView, HistoryServices } from '../panel/services.js';
import { ago, dateTime, nowUs } from '../panel/words.js';
import { bringEachBack } from './bring_each.js';
import { cellName } from './cell_name.js';
import { bringNotebookBack } from './gone.js';
import { allOf, lostCell, readLost, type Lost } from './lost.js';
import { SECOND, WideDialog } from './wide_dialog.js';

const ONE = 'fk-mod-one';
const ALL = 'fk-mod-all';

/** Outputs are brought back by a command of their own, which knows which ones are missing. */
export interface OutputsBack {
  isEnabled(): boolean;
  execute(): Promise<unknown>;
}

/** Edit → Bring Back…: what is not in the notebook any more and can be had again, newest first. */
export async function showBringBack(
  view: NotebookView,
  services: HistoryServices,
  outputs: OutputsBack | undefined
): Promise<void> {
  const { trans } = services;
  const lost = await readLost(view, outputs?.isEnabled() === true);
  const all = allOf(lost);
  const body = new BringBackBody(view, services, lost);
  const dialog = new WideDialog<Lost | undefined>({
    title: trans.__('Bring Back'),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Close') }),
      ...(all.length > 1
        ? [
            Dialog.okButton({
              label: trans._n('Bring Back %1 Cell', 'Bring Back All %1 Cells', all.length),
              className: `${ALL} ${SECOND}`,
              actions: ['all']
            })
          ]
        : []),
      ...(lost.length > 0 ? [Dialog.okButton({ label: trans.__('Bring Back'), className: ONE, actions: ['one'] })] : [])
    ],
    focusNodeSelector: '.fk-Lost [tabindex="0"]',
    hasClose: true
  });
  const { button, value } = await dialog.launch();
  if (!button.accept) {
    return;
  }
  const wanted = button.actions.includes('all') ? all : value ? [value] : [];
  const { back, error } = await bringEachBack(wanted, one => bringOneBack(view, services, outputs, one));
  if (wanted.length > 1 && back > 0) {
    Notification.success(trans._n('%1 cell is back.', '%1 cells are back.', back), { autoClose: 5000 });
  }
  if (error !== undefined) {
    throw error;
  }
}

/** False: the person would rather not. */
async function bringOneBack(
  view: NotebookView,
  services: HistoryServices,
  outputs: OutputsBack | undefined,
  lost: Lost
): Promise<boolean> {
  switch (lost.kind) {
    case 'cell':
      await bringBack(view, services, lost.cell);
      return true;
    case 'text':
      return restoreVersion(view, services, lost.cell, lost.version);
    case 'outputs':
      await outputs?.execute();
      return true;
    case 'notebook':
      await bringNotebookBack(view.history, services, lost.notebook);
      return true;
  }
}

class BringBackBody extends ReactWidget implements Dialog.IBodyWidget<Lost | undefined> {
  constructor(
    private _view: NotebookView,
    private _services: HistoryServices,
    private _lost: Lost[]
  ) {
    super();
    this.addClass('fk-WholeHistory');
  }

  getValue(): Lost | undefined {
    return this._chosen;
  }

  protected render(): ReactElement {
    return (
      <BringBackView
        view={this._view}
        services={this._services}
        lost={this._lost}
        onChosen={chosen => {
          this._chosen = chosen;
        }}
      />
    );
  }

  private _chosen?: Lost;
}

interface Props {
  view: NotebookView;
  services: HistoryServices;
  lost: Lost[];
  onChosen: (chosen: Lost | undefined) => void;
}

function BringBackView({ view, services, lost, onChosen }: Props): ReactElement {
  const { trans } = services;
  const [index, setIndex] = useState(0);
  const chosen: Lost | undefined = lost[index];
  useEffect(() => onChosen(chosen), [chosen]);
  if (!chosen) {
    return (
      <p className="fk-Empty">
        {trans.__(
          'Nothing is missing: no cell was deleted, all texts are in their cells, and no notebook of this folder is gone.'
        )}
      </p>
    );
  }
  const go = (list: HTMLElement, to: number) => {
    const at = Math.min(Math.max(to, 0), lost.length - 1);
    setIndex(at);
    requestAnimationFrame(() => list.querySelector<HTMLElement>(`[data-index="${at}"]`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const keys: Record<string, number | undefined> = {
      ArrowUp: index - 1,
      ArrowDown: index + 1,
      Home: 0,
      End: lost.length - 1
    };
    const to = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (to !== undefined) {
      go(event.currentTarget, to);
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return (
    <>
      <div className="fk-WholeHistory-list">
        <div className="fk-Lost" role="listbox" aria-label={trans.__('What can be had back')} onKeyDown={onKeyDown}>
          {lost.map((one, at) => (
            <div
              key={one.key}
              data-index={at}
              role="option"
              className={`fk-Moment ${at === index ? 'fk-mod-selected' : ''}`}
              aria-selected={at === index}
              tabIndex={at === index ? 0 : -1}
              onMouseDown={press => press.button === 0 && setIndex(at)}
            >
              <span className="fk-Moment-line">
                <span className="fk-Moment-words">{nameOf(one, services)}</span>
              </span>
              <span className="fk-Moment-note">{noteOf(one, services)}</span>
            </div>
          ))}
        </div>
      </div>
      <section className="fk-WholeHistory-preview" aria-label={trans.__('What would come back')} tabIndex={0}>
        <header>
          <h2>{nameOf(chosen, services)}</h2>
          <p>{noteOf(chosen, services)}</p>
        </header>
        <LostPreview key={chosen.key} view={view} services={services} lost={chosen} />
      </section>
    </>
  );
}

function nameOf(lost: Lost, { trans }: HistoryServices): string {
  switch (lost.kind) {
    case 'cell':
      return cellName(lost.summary, lost.type, trans);
    case 'text':
      return cellName(lost.after, lost.type, trans);
    case 'outputs':
      return trans.__('Missing outputs');
    case 'notebook':
      return lost.notebook.name;
  }
}

function noteOf(lost: Lost, { trans }: HistoryServices): string {
  switch (lost.kind) {
    case 'cell':
      return trans.__('cell deleted %1', ago(lost.time, nowUs(), trans));
    case 'text':
      return trans.__('the history has another text of this cell than the page');
    case 'outputs':
      return trans.__('cleared, or not there when the file was opened');
    case 'notebook':
      return trans.__('notebook deleted or moved away, last seen %1', ago(lost.notebook.last_seen, nowUs(), trans));
  }
}

function LostPreview({ view, services, lost }: Pick<Props, 'view' | 'services'> & { lost: Lost }): ReactElement {
  const { trans } = services;
  const cell = useAnswer(lost.key, lost.kind === 'cell' ? () => lostCell(view, lost.version) : undefined);
  const mime = (type: string) => (type === 'markdown' ? 'text/x-ipythongfm' : view.panel.content.codeMimetype);
  switch (lost.kind) {
    case 'outputs':
      return <p>{trans.__('The outputs of the last run of each cell that shows none come back, in one step.')}</p>;
    case 'notebook':
      return (
        <p>
          {trans._n('It has %1 cell', 'It has %1 cells', lost.notebook.cells)}
          {trans.__(', and lay at %1.', lost.notebook.path)}
          <br />
          <time className="fk-quiet">{dateTime(lost.notebook.last_seen)}</time>
        </p>
      );
    case 'text':
      return (
        <DiffView
          before={lost.before}
          after={lost.after}
          wide={false}
          mimeType={mime(lost.type)}
          languages={services.languages}
          label={trans.__('What would be different')}
        />
      );
    case 'cell':
      return (
        <>
          {cell?.error && <p className="fk-Trouble">{cell.error}</p>}
          {cell?.value && (
            <>
              <DiffView
                before={cell.value.text}
                after={cell.value.text}
                wide={false}
                mimeType={mime(lost.type)}
                languages={services.languages}
                label={trans.__('The text of the cell')}
              />
              {cell.value.outputs.length > 0 && (
                <OutputView outputs={cell.value.outputs} rendermime={view.panel.content.rendermime} />
              )}
            </>
          )}
        </>
      );
  }
}
