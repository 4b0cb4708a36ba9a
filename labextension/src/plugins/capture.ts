import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IEditorExtensionRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker, NotebookActions, type Notebook, type NotebookPanel } from '@jupyterlab/notebook';
import { noteEditorCause } from '../capture/editor_cause.js';
import { NotebookHistory } from '../notebook_history.js';
import { NotebookRecorder } from '../notebook_recorder.js';
import { IHistories } from '../tokens.js';

const capture: JupyterFrontEndPlugin<IHistories> = {
  id: '@forkernel/labextension:capture',
  description: 'Tells the kernel of every edit of every cell.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [IEditorExtensionRegistry],
  provides: IHistories,
  activate: (_app: JupyterFrontEnd, tracker: INotebookTracker, editors: IEditorExtensionRegistry | null) => {
    const histories = new Map<NotebookPanel, NotebookHistory>();
    const callbacks: ((history: NotebookHistory) => void)[] = [];
    const add = (_: unknown, panel: NotebookPanel) => {
      const { context } = panel;
      const recorderOf = () => [...histories.values()].find(one => one.panel.context === context)?.recorder;
      const recorder = recorderOf() ?? new NotebookRecorder(context);
      const history = new NotebookHistory(panel, recorder);
      histories.set(panel, history);
      panel.disposed.connect(() => {
        histories.delete(panel);
        if (!recorderOf()) {
          recorder.dispose(); // it was the last view
        }
      });
      callbacks.forEach(callback => callback(history));
    };
    tracker.forEach(panel => add(tracker, panel));
    tracker.widgetAdded.connect(add);
    editors?.addExtension({
      name: 'forkernel:cause',
      factory: () => ({ instance: () => noteEditorCause, reconfigure: () => null })
    });
    // What is typed comes before what is run.
    const recorderOf = (notebook: Notebook) =>
      [...histories.values()].find(history => history.panel.content === notebook)?.recorder;
    NotebookActions.executionScheduled.connect((_, { notebook, cell }) => {
      const recorder = recorderOf(notebook);
      recorder?.flush(cell.model.id);
      recorder?.sent(cell.model);
    });
    NotebookActions.executed.connect((_, { notebook, cell }) => recorderOf(notebook)?.done(cell.model));
    return {
      of: panel => histories.get(panel),
      forEach: callback => {
        callbacks.push(callback);
        histories.forEach(history => callback(history));
      }
    };
  }
};

export default capture;
