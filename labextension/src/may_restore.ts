import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { RefusedError } from './kernel/connection.js';
import { isRunning, modelOf } from './restore.js';

/** Throws a RefusedError where the notebook is only to be read. */
export function mustBeWritable(panel: NotebookPanel, trans: TranslationBundle): void {
  if (panel.context.model.readOnly) {
    throw new RefusedError(trans.__('This notebook is read-only.'));
  }
}

/**
 * Before another version is put into a cell: rejects with a RefusedError where it cannot be. False: the cell is running
 * and the person would rather not.
 */
export async function mayRestore(panel: NotebookPanel, cell: string, trans: TranslationBundle): Promise<boolean> {
  mustBeWritable(panel, trans);
  const model = modelOf(panel, cell);
  if (!model) {
    throw new RefusedError(trans.__('The cell is not in the notebook any more. Bring it back to see its versions.'));
  }
  if (model.getMetadata('editable') === false) {
    throw new RefusedError(trans.__('This cell cannot be edited, so no other version can be put into it.'));
  }
  return !isRunning(model) || askWhileRunning(trans);
}

async function askWhileRunning(trans: TranslationBundle): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('This cell is running'),
    body: trans.__(
      'Its text can be exchanged; what runs is the text that it had, and the outputs stay those of this run.'
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Exchange the text') })
    ]
  });
  return button.accept;
}
