import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { NotebookHistory } from '../notebook_history.js';
import { CrashBanner } from '../states/crash_banner.js';
import { resume, undoRun } from '../states/go.js';
import { KilledLine } from '../states/killed_line.js';
import { PathMarks } from '../states/path_marks.js';
import { ProgramStates } from '../states/program_states.js';
import { StateView } from '../states/state_view.js';
import { IHistories, IHistoryPanel } from '../tokens.js';

const ID = '@forkernel/labextension:states';
const TAB = 'states';

const states: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'The states of the program, the way back to them, and what was kept after a crash.',
  autoStart: true,
  requires: [IHistories, INotebookTracker],
  optional: [IHistoryPanel, ITranslator, ISettingRegistry, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    histories: IHistories,
    tracker: INotebookTracker,
    panel: IHistoryPanel | null,
    translator: ITranslator | null,
    settings: ISettingRegistry | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('forkernel');
    const { commands } = app;
    const programs = new WeakMap<NotebookHistory, ProgramStates>();
    let loaded: ISettingRegistry.ISettings | undefined;
    void settings?.load(ID).then(its => (loaded = its));
    const say = async (words: Promise<string>) => {
      try {
        const said = await words;
        if (said) {
          Notification.info(said, { autoClose: 5000 });
        }
      } catch (error) {
        Notification.warning(error instanceof Error ? error.message : String(error), { autoClose: 8000 });
      }
    };
    const isWanted = () => loaded?.composite.crashBanner !== false;
    histories.forEach(history => {
      programs.set(history, new ProgramStates(history));
      void history.panel.context.ready.then(() => {
        if (!history.panel.isDisposed) {
          new CrashBanner(history, { trans, isWanted, showStates: () => panel?.reveal(TAB) });
          const back = () => say(resume(programs.get(history)!, trans));
          new PathMarks(history, trans);
          new KilledLine(history, { trans, isWanted, resume: () => void back() });
        }
      });
    });
    panel?.addTab({
      id: TAB,
      label: trans.__('States'),
      rank: 30,
      render: history => <StateView key={history.panel.id} program={programs.get(history)!} trans={trans} />
    });

    const current = () => {
      const notebook = tracker.currentWidget;
      const history = notebook ? histories.of(notebook) : undefined;
      return history && history.connection.state !== 'none' ? programs.get(history) : undefined;
    };
    const add = (
      id: string,
      label: string,
      caption: string,
      execute: (program: ProgramStates) => Promise<string> | void
    ) => {
      commands.addCommand(id, {
        label,
        caption,
        isEnabled: () => current() !== undefined,
        isVisible: () => current() !== undefined,
        describedBy: { args: { type: 'object', properties: {} } },
        execute: async () => {
          const program = current();
          await say((async () => (program && (await execute(program))) || '')());
        }
      });
      palette?.addItem({ command: id, category: trans.__('Cell History (forkernel)') });
    };
    if (panel) {
      add(
        'forkernel:show-states',
        trans.__('Show the States of the Program'),
        trans.__('The state that the program had after each run, and the way back to it'),
        () => panel.reveal(TAB)
      );
    }
    add(
      'forkernel:undo-run',
      trans.__('Undo the Last Run'),
      trans.__('The program goes back to the state before its last run; texts stay as they are'),
      async program => {
        await program.load();
        return undoRun(program, trans);
      }
    );
    add(
      'forkernel:redo-run',
      trans.__('Redo the Undone Run'),
      trans.__('The program goes forward to the state that was undone'),
      program => program.go('redo')
    );
  }
};

export default states;
