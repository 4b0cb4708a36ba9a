import type { SharedCell } from '@jupyter/ydoc';
import { InputDialog } from '@jupyterlab/apputils';
import type { ICellModel } from '@jupyterlab/cells';
import type * as nbformat from '@jupyterlab/nbformat';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { cellExtras, sayLeftOut, visible } from '../extras.js';
import type { CellInfo, Extras, RunOutputs, Undeleted, Version } from '../kernel/protocol.js';
import { mayRestore, mustBeWritable } from '../may_restore.js';
import { modelOf } from '../restore.js';
import { folderOf, nameOfThen, saveAsNew, whenWords } from '../whole/copy.js';
import { placeOf, withUntouched } from './place.js';
import type { NotebookView, HistoryServices } from './services.js';

/** Puts a version into its cell; asks first where the cell is running. False: the person said no. */
export async function restoreVersion(
  { history, panel }: NotebookView,
  { trans }: HistoryServices,
  cell: string,
  version: number
): Promise<boolean> {
  if (!(await mayRestore(panel, cell, trans))) {
    return false;
  }
  await history.restorer.restore(version);
  return true;
}

/** A new cell below, with the text and the outputs of the last run. */
export async function insertVersion(
  { history, panel, contents }: NotebookView,
  { trans }: HistoryServices,
  cell: string,
  version: Version
): Promise<void> {
  mustBeWritable(panel, trans);
  const run = version.runs.at(-1);
  const none: Pick<RunOutputs, 'outputs' | 'left_out'> = { outputs: [], left_out: [] };
  const [{ versions }, { outputs, left_out }] = await Promise.all([
    history.connection.request<{ versions: (Version & Extras)[] }>('versions', {
      versions: [version.version],
      extras: true
    }),
    run ? contents.wholeOutputs(run) : none
  ]);
  const { widgets } = panel.content;
  const index = widgets.findIndex(widget => widget.model.id === cell);
  const source = widgets[index]?.model;
  const at = (index < 0 ? panel.content.activeCellIndex : index) + 1;
  const extras = cellExtras(visible(versions[0]));
  const made = insertCell(panel, at, { cell_type: source?.type ?? 'code', ...extras } as SharedCell.Cell);
  if (made) {
    history.restorer.show(made, { text: versions[0].text!, runs: version.runs, outputs, left_out });
  }
}

/** A deleted cell is there again under its id, where it was. */
export async function bringBack(
  { history, panel }: Pick<NotebookView, 'history' | 'panel'>,
  { trans }: Pick<HistoryServices, 'trans'>,
  cell: string
): Promise<void> {
  mustBeWritable(panel, trans);
  history.flush();
  const restored = await history.connection.request<Undeleted>('undelete', { cell });
  if (modelOf(panel, cell)) {
    return;
  }
  const cells = panel.content.widgets.map(widget => widget.model.id);
  const index = placeOf(restored, cells);
  const made = history.during('restore', () =>
    insertCell(panel, index, {
      id: cell,
      cell_type: restored.cell_type,
      source: restored.text,
      execution_count: restored.runs.at(-1)?.count ?? null,
      ...cellExtras(restored)
    } as SharedCell.Cell)
  );
  sayLeftOut(restored, trans);
  panel.content.activeCellIndex = index;
  if (made && restored.outputs.length > 0) {
    history.restorer.show(made, restored);
  }
}

/** Into the page, and into sight. Nothing is in it yet that could be distrusted. */
export function insertCell(panel: NotebookPanel, index: number, cell: SharedCell.Cell): ICellModel | undefined {
  const metadata = { ...cell.metadata, ...(cell.cell_type === 'code' && { trusted: true }) };
  const made = panel.content.model!.sharedModel.insertCell(index, { ...cell, metadata });
  void panel.content.scrollToItem(index, 'smart');
  return modelOf(panel, made.getId());
}

/** The notebook as it was, as a new file beside it, opened. Returns its path. */
export async function openAsItWas(
  { history, panel }: NotebookView,
  services: HistoryServices,
  moment: { time: number } | { before: number }
): Promise<string> {
  history.flush();
  const [{ notebook }, { cells }] = await Promise.all([
    history.connection.request<{ notebook: nbformat.INotebookContent }>('notebook', {
      format: 'nbformat',
      ...moment
    }),
    history.connection.request<{ cells: CellInfo[] }>('cells')
  ]);
  const { sharedModel } = panel.content.model!;
  const now = sharedModel.cells.map(cell => cell.toJSON() as nbformat.ICell & { id: string });
  const known = new Set(cells.map(cell => cell.cell));
  notebook.cells = withUntouched(notebook.cells as typeof now, now, known);
  notebook.metadata = sharedModel.getMetadata() as nbformat.INotebookMetadata;
  const { contents } = services;
  const { path } = panel.context;
  const when = 'time' in moment ? whenWords(moment.time) : services.trans.__('before run %1', moment.before);
  const made = await saveAsNew(contents, folderOf(contents, path), nameOfThen(path, when), notebook);
  await services.open(made);
  return made;
}

export async function labelVersion(
  { history }: NotebookView,
  { trans }: HistoryServices,
  version: Version
): Promise<void> {
  const { value, button } = await InputDialog.getText({
    title: trans.__('Label of v%1', version.version),
    text: version.label,
    placeholder: trans.__('such as "works", empty for none'),
    okLabel: trans.__('Label')
  });
  if (button.accept) {
    await history.connection.request('label', { version: version.version, text: (value ?? '').trim() });
  }
}

export async function pinVersion({ history }: NotebookView, version: Version): Promise<void> {
  await history.connection.request('pin', { version: version.version, pinned: !version.pinned });
}
