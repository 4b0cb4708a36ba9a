import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { NewerLine } from '../page/newer_line.js';
import { IHistories, IHistoryPanel } from '../tokens.js';

const newer: JupyterFrontEndPlugin<void> = {
  id: '@forkernel/labextension:newer',
  description: 'Offers what the history has beyond the file that was opened.',
  autoStart: true,
  requires: [IHistories],
  optional: [IHistoryPanel, ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    histories: IHistories,
    panel: IHistoryPanel | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('forkernel');
    const reveal = panel ? (cell: string, version: number) => panel.revealVersion(cell, version) : undefined;
    histories.forEach(history => {
      void history.panel.context.ready.then(() => {
        if (!history.panel.isDisposed) {
          new NewerLine(history, { trans, reveal });
        }
      });
    });
  }
};

export default newer;
