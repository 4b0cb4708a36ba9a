import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import type { CodeCellModel, ICellModel } from '@jupyterlab/cells';
import type * as nbformat from '@jupyterlab/nbformat';
import type { CellInfo, RunOutputs, Undeleted, Version } from '../kernel/protocol.js';
import { modelOf } from '../restore.js';
import { placeOf, withUntouched } from './place.js';
import type { NotebookView, PanelServices } from './services.js';

/** Puts a version into its cell; asks first where the cell is running. False: the person said no. */
export async function restoreVersion(
  { history, panel }: NotebookView,
  { trans }: PanelServices,
  cell: string,
  version: number
): Promise<boolean> {
  const model = modelOf(panel, cell);
  if (model && isRunning(model)) {
    const { button } = await showDialog({
      title: trans.__('The cell is running'),
      body: trans.__(
        'It goes on running with the text that it was started with, and its output will replace the restored one.'
      ),
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Restore v%1', version) })]
    });
    if (!button.accept) {
      return false;
    }
  }
  await history.restorer.restore(version);
  return true;
}

function isRunning(model: ICellModel): boolean {
  return model.type === 'code' && (model as CodeCellModel).executionState === 'running';
}

/** A new cell below, with the text and the outputs of the last run. */
export async function insertVersion(
  { history, panel, contents }: NotebookView,
  cell: string,
  version: Version
): Promise<void> {
  const run = version.runs.at(-1);
  const none: Pick<RunOutputs, 'outputs' | 'left_out'> = { outputs: [], left_out: [] };
  const [text, { outputs, left_out }] = await Promise.all([
    contents.text(version.version),
    run ? contents.outputs(run) : none
  ]);
  const { widgets } = panel.content;
  const index = widgets.findIndex(widget => widget.model.id === cell);
  const source = widgets[index]?.model;
  const at = (index < 0 ? panel.content.activeCellIndex : index) + 1;
  const made = panel.content.model!.sharedModel.insertCell(at, { cell_type: source?.type ?? 'code', metadata: {} });
  void panel.content.scrollToItem(at, 'smart');
  const model = modelOf(panel, made.getId());
  if (model) {
    history.restorer.show(model, { text, runs: version.runs, outputs, left_out });
  }
}

/** A deleted cell is there again under its id, where it was. */
export async function bringBack({ history, panel }: NotebookView, cell: string): Promise<Undeleted> {
  history.flush();
  const restored = await history.connection.request<Undeleted>('undelete', { cell });
  const { widgets, model } = panel.content;
  if (modelOf(panel, cell)) {
    return restored;
  }
  const index = placeOf(
    restored,
    widgets.map(widget => widget.model.id)
  );
  history.during('restore', () =>
    model!.sharedModel.insertCell(index, {
      id: cell,
      cell_type: restored.cell_type,
      source: restored.text,
      metadata: {},
      ...(restored.cell_type === 'code' ? { outputs: restored.outputs } : {})
    })
  );
  panel.content.activeCellIndex = index;
  const made = modelOf(panel, cell);
  if (made && restored.outputs.length > 0) {
    history.restorer.show(made, restored);
  }
  void panel.content.scrollToItem(index, 'smart');
  return restored;
}

/** The notebook as it was, as a new file beside it, opened. Returns its path. */
export async function openAsItWas(
  { history, panel }: NotebookView,
  services: PanelServices,
  moment: { time: number } | { before: number }
): Promise<string> {
  history.flush();
  const [{ notebook }, { cells }] = await Promise.all([
    history.connection.request<{ notebook: nbformat.INotebookContent }>('notebook', { format: 'nbformat', ...moment }),
    history.connection.request<{ cells: CellInfo[] }>('cells')
  ]);
  const now = panel.content.model!.sharedModel.cells.map(cell => cell.toJSON() as nbformat.ICell & { id: string });
  const known = new Set(cells.map(cell => cell.cell));
  notebook.cells = withUntouched(notebook.cells as typeof now, now, known);
  const { contents } = services;
  const { path } = panel.context;
  const drive = contents.driveName(path);
  const local = contents.localPath(path);
  const folder = local.slice(0, Math.max(0, local.lastIndexOf('/')));
  // The server gives a name that no other file has; whoever makes one meanwhile loses nothing.
  const made = await contents.newUntitled({ path: drive ? `${drive}:${folder}` : folder, type: 'notebook' });
  await contents.save(made.path, { type: 'notebook', format: 'json', content: notebook });
  await services.open(made.path);
  return made.path;
}

export async function labelVersion(
  { history }: NotebookView,
  { trans }: PanelServices,
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
