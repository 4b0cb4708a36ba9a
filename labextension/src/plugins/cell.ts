import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { makeAnnouncer } from '../cell/announcer.js';
import { NotebookSwitchers, type CellSettings } from '../cell/notebook_switchers.js';
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
    const switchers = new Map<NotebookHistory, NotebookSwitchers>();
    let settings: CellSettings = { switcher: true, oldOutputs: true };
    histories.forEach(history => {
      const one = new NotebookSwitchers(history, trans, announce);
      one.settings = settings;
      switchers.set(history, one);
      history.panel.disposed.connect(() => switchers.delete(history));
    });
    void registry?.load(ID).then(loaded => {
      const read = () => {
        settings = loaded.composite as unknown as CellSettings;
        switchers.forEach(one => (one.settings = settings));
      };
      loaded.changed.connect(read);
      read();
    });

    const current = () => {
      const panel = tracker.currentWidget;
      const history = panel ? histories.of(panel) : undefined;
      const active = panel?.content.activeCell;
      return history?.isOpen && active ? { switcher: switchers.get(history)!, active } : undefined;
    };
    const add = (
      id: string,
      label: string,
      caption: string,
      step: (one: NotebookSwitchers, active: Cell) => unknown
    ) => {
      app.commands.addCommand(id, {
        label,
        caption,
        isEnabled: () => current() !== undefined,
        isVisible: () => current() !== undefined,
        describedBy: { args: { type: 'object', properties: {} } },
        execute: () => {
          const here = current();
          return here && step(here.switcher, here.active);
        }
      });
      palette?.addItem({ command: id, category: trans.__('Cell History') });
    };
    add(
      'forkernel:older-version',
      trans.__('Older Version of Cell'),
      trans.__('Show the text that the cell had before, with its output'),
      (one, active) => one.stepTime(active, -1)
    );
    add(
      'forkernel:newer-version',
      trans.__('Newer Version of Cell'),
      trans.__('Show the text that the cell had next, with its output'),
      (one, active) => one.stepTime(active, 1)
    );
    add(
      'forkernel:previous-branch',
      trans.__('Previous Branch of Cell'),
      trans.__('Show the branch that was begun before this one'),
      (one, active) => one.stepBranch(active, -1)
    );
    add(
      'forkernel:next-branch',
      trans.__('Next Branch of Cell'),
      trans.__('Show the branch that was begun after this one'),
      (one, active) => one.stepBranch(active, 1)
    );
  }
};

export default cell;
