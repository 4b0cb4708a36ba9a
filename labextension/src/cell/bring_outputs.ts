import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { RunOutputs } from '../kernel/protocol.js';
import type { NotebookHistory } from '../notebook_history.js';
import type { MissedRuns } from './missed_runs.js';

/**
 * Every cell shows what the last run of its text left, also where the outputs were cleared or never came to this page.
 * One click on the notification takes it back.
 */
export async function bringOutputsBack(
  history: NotebookHistory,
  missed: MissedRuns,
  trans: TranslationBundle
): Promise<void> {
  history.flush();
  const found = await missed.find([...(history.panel.content.model?.cells ?? [])]);
  const undo: (() => void)[] = [];
  for (const { cell, run } of found) {
    const answer = await history.connection.request<RunOutputs>('outputs', { run: run.run });
    undo.push(history.restorer.showOutputs(cell, answer));
  }
  if (found.length === 0) {
    Notification.info(trans.__('Every cell shows the output of its last run already.'), { autoClose: 4000 });
    return;
  }
  const words = trans._n('The output of %1 cell is back.', 'The outputs of %1 cells are back.', found.length);
  Notification.success(words, {
    autoClose: 15_000,
    actions: [{ label: trans.__('Undo'), callback: () => undo.forEach(take => take()) }]
  });
}
