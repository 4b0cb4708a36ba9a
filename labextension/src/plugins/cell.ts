import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { makeAnnouncer } from '../cell/announcer.js';
import { bringOutputsBack } from '../cell/bring_outputs.js';
import type { CellSettings } from '../cell/cell_marks.js';
import type { CellSteps } from '../cell/cell_steps.js';
import { NotebookMarks } from '../cell/notebook_marks.js';
import { activeCellOf, cellOf } from '../clicked_cell.js';
import { showKeysInMenus } from '../menu_keys.js';
import type { NotebookHistory } from '../notebook_history.js';
import { IHistories } from '../tokens.js';

const ID = '@forkernel/labextension:cell';

const cell: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Shows at a cell that it has other branches, and whose its outputs are.',
  autoStart: true,
  requires: [IHistories, INotebookTracker],
  optional: [ITranslator, ISettingRegistry, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    histories: IHistories,
    tracker: INotebookTracker,
    translator: ITranslator | null,
    registry: ISettingRegistry | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('forkernel');
    const announce = makeAnnouncer();
    const marks = new Map<NotebookHistory, NotebookMarks>();
    let settings: CellSettings = { switcher: true, oldOutputs: true };
    histories.forEach(history => {
      const one = new NotebookMarks(history, trans, announce);
      one.settings = settings;
      marks.set(history, one);
      history.panel.disposed.connect(() => marks.delete(history));
    });
    void registry?.load(ID).then(loaded => {
      const read = () => {
        settings = loaded.composite as unknown as CellSettings;
        marks.forEach(one => (one.settings = settings));
      };
      loaded.changed.connect(read);
      read();
    });

    const here = () => {
      const panel = tracker.currentWidget;
      const history = panel ? histories.of(panel) : undefined;
      return history?.isOpen && panel?.content.activeCell ? { history, notebook: panel.content } : undefined;
    };
    const add = (
      id: string,
      label: string,
      caption: string,
      step: (steps: CellSteps, cell: Cell) => unknown,
      isVisible: (args: ReadonlyPartialJSONObject) => boolean = () => here() !== undefined
    ) => {
      app.commands.addCommand(id, {
        label,
        caption,
        isEnabled: () => here() !== undefined,
        isVisible,
        describedBy: { args: { type: 'object', properties: { clicked: { type: 'boolean' } } } },
        execute: args => {
          const found = here();
          const active = found && activeCellOf(app, found.notebook, args);
          return active && step(marks.get(found.history)!.steps, active);
        }
      });
      palette?.addItem({ command: id, category: trans.__('Cell History (forkernel)') });
    };
    const hasRuns = (args: ReadonlyPartialJSONObject) => {
      const found = here();
      const one = found && cellOf(app, found.notebook, args);
      return !!one && !!marks.get(found.history)!.steps.runs(one, found.history.trees.of(one.model.id).versions);
    };
    add(
      'forkernel:older-version',
      trans.__('Older Version of Cell'),
      trans.__('Show the text that the cell had before, with its output'),
      (steps, one) => steps.stepTime(one, -1)
    );
    add(
      'forkernel:newer-version',
      trans.__('Newer Version of Cell'),
      trans.__('Show the text that the cell had next, with its output'),
      (steps, one) => steps.stepTime(one, 1)
    );
    add(
      'forkernel:previous-branch',
      trans.__('Previous Branch of Cell'),
      trans.__('Show the branch that was begun before this one'),
      (steps, one) => steps.stepBranch(one, -1)
    );
    add(
      'forkernel:next-branch',
      trans.__('Next Branch of Cell'),
      trans.__('Show the branch that was begun after this one'),
      (steps, one) => steps.stepBranch(one, 1)
    );
    add(
      'forkernel:earlier-output',
      trans.__('Output of the Run Before'),
      trans.__('Show what came out of the run before, with the text that was run'),
      (steps, one) => steps.stepRun(one, -1),
      hasRuns
    );
    add(
      'forkernel:later-output',
      trans.__('Output of the Next Run'),
      trans.__('Show what came out of the next run, with the text that was run'),
      (steps, one) => steps.stepRun(one, 1),
      hasRuns
    );
    showKeysInMenus(app.commands, { clicked: true });

    app.commands.addCommand('forkernel:bring-outputs-back', {
      label: trans.__('Bring All Outputs Back'),
      caption: trans.__('Show in every cell what the last run of its text left, also where it was cleared'),
      isEnabled: () => here() !== undefined,
      isVisible: () => here() !== undefined,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => {
        const found = here();
        try {
          return found && (await bringOutputsBack(found.history, marks.get(found.history)!.missed, trans));
        } catch (error) {
          Notification.warning(error instanceof Error ? error.message : String(error), { autoClose: 6000 });
        }
      }
    });
    palette?.addItem({ command: 'forkernel:bring-outputs-back', category: trans.__('Notebook Operations') });
  }
};

export default cell;
