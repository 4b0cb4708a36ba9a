import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { activeCellOf } from '../clicked_cell.js';
import { historyTreeIcon } from '../panel/icon.js';
import { HistoryPanel } from '../panel/panel.js';
import { PanelRoom } from '../panel/room.js';
import type { PanelServices } from '../panel/services.js';
import { IHistories, IHistoryPanel } from '../tokens.js';

const ID = '@forkernel/labextension:panel';
const SHOW = 'forkernel:show-history';
const SEARCH = 'forkernel:search-history';

/** Below the property inspector and the debugger. */
const RANK = 750;

const panelPlugin: JupyterFrontEndPlugin<IHistoryPanel> = {
  id: ID,
  description: 'The panel in the side bar with the history of the notebook.',
  autoStart: true,
  requires: [INotebookTracker, IHistories],
  optional: [ITranslator, IEditorLanguageRegistry, ICommandPalette, ISettingRegistry, ILabShell, IStateDB],
  provides: IHistoryPanel,
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    histories: IHistories,
    translator: ITranslator | null,
    languages: IEditorLanguageRegistry | null,
    palette: ICommandPalette | null,
    settings: ISettingRegistry | null,
    labShell: ILabShell | null,
    state: IStateDB | null
  ): IHistoryPanel => {
    const trans = (translator ?? nullTranslator).load('forkernel');
    const { commands, shell } = app;
    const services: PanelServices = {
      trans,
      languages,
      contents: app.serviceManager.contents,
      open: async path => void (await commands.execute('docmanager:open', { path })),
      focusCell: panel => {
        shell.activateById(panel.id);
        // Afterwards: being activated puts a notebook into command mode.
        requestAnimationFrame(() => panel.content.activeCell?.editor?.focus());
      },
      revealVersion: (cell, version) => panel.showVersion(cell, version),
      showNotebookHistory: () => void commands.execute('forkernel:notebook-history'),
      openVersion: async (path, cell, version) => {
        await app.serviceManager.contents.get(path, { content: false });
        const opened = (await commands.execute('docmanager:open', { path })) as NotebookPanel;
        await opened.context.ready;
        await opened.revealed;
        shell.activateById(panel.id);
        panel.showVersion(cell, version);
      }
    };
    const panel = new HistoryPanel(tracker, histories, services);
    if (labShell) {
      new PanelRoom(panel, labShell, state);
    }
    // Whoever has never had a forkernel does not see that there is a panel.
    let added = false;
    const add = () => {
      if (!added) {
        added = true;
        shell.add(panel, 'right', { rank: RANK, type: 'History' });
      }
    };
    const reveal = (tab?: string) => {
      add();
      if (tab) {
        panel.showTab(tab);
      }
      shell.activateById(panel.id);
    };
    const isForkernel = (notebook: NotebookPanel | null) => {
      const state = notebook && histories.of(notebook)?.connection.state;
      return !!state && state !== 'none';
    };

    commands.addCommand(SHOW, {
      label: args => (args.toolbar ? '' : trans.__('Show the History of the Cell')),
      caption: trans.__('Every text that this cell ever had, with its outputs'),
      icon: historyTreeIcon,
      isVisible: () => isForkernel(tracker.currentWidget),
      isEnabled: () => isForkernel(tracker.currentWidget),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            tab: { type: 'string', description: trans.__('Which tab to show') },
            toolbar: { type: 'boolean' },
            clicked: { type: 'boolean' }
          }
        }
      },
      execute: args => {
        if (tracker.currentWidget) {
          activeCellOf(app, tracker.currentWidget.content, args);
        }
        reveal(args.clicked ? 'cell' : (args.tab as string | undefined));
      }
    });
    palette?.addItem({ command: SHOW, category: trans.__('Cell History (forkernel)') });
    commands.addCommand(SEARCH, {
      label: trans.__('Search the History…'),
      caption: trans.__('In all texts that the cells of this notebook ever had, and in all their outputs'),
      isVisible: () => isForkernel(tracker.currentWidget),
      isEnabled: () => isForkernel(tracker.currentWidget),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => {
        reveal('cell');
        panel.showSearch();
      }
    });
    palette?.addItem({ command: SEARCH, category: trans.__('Cell History (forkernel)') });
    void settings?.load(ID);
    histories.forEach(history => {
      const onState = () => {
        if (history.connection.state !== 'none') {
          add();
        }
        commands.notifyCommandChanged(SHOW);
        commands.notifyCommandChanged(SEARCH);
      };
      history.connection.stateChanged.connect(onState);
      onState();
    });
    tracker.currentChanged.connect(() => commands.notifyCommandChanged(SHOW));

    return {
      addTab: tab => panel.addTab(tab),
      reveal,
      revealVersion: (cell, version) => {
        reveal('cell');
        panel.showVersion(cell, version);
      }
    };
  }
};

export default panelPlugin;
