import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker, INotebookWidgetFactory, type NotebookWidgetFactory } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { viewOf, type NotebookView, type HistoryServices } from '../panel/services.js';
import { IHistories } from '../tokens.js';
import { showBringBack, type OutputsBack } from '../whole/bring_back_dialog.js';
import { GoneOffer } from '../whole/gone_offer.js';
import { showNotebookHistory } from '../whole/history_dialog.js';

const ID = '@forkernel/labextension:whole';
const HISTORY = 'forkernel:notebook-history';
const BRING_BACK = 'forkernel:bring-back';

/** Knows which outputs are missing. */
const OUTPUTS_BACK = 'forkernel:bring-outputs-back';

const OPEN = 'docmanager:open';

/** JupyterLab's own, which leaves nothing in the history that could be seen later. */
const CLEAR_ALL = 'notebook:clear-all-cell-outputs';

const whole: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Going back with the whole notebook, and bringing back what is not in it any more.',
  autoStart: true,
  requires: [IHistories, INotebookTracker],
  optional: [INotebookWidgetFactory, IEditorLanguageRegistry, ITranslator, ISettingRegistry, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    histories: IHistories,
    tracker: INotebookTracker,
    factory: NotebookWidgetFactory.IFactory | null,
    languages: IEditorLanguageRegistry | null,
    translator: ITranslator | null,
    settings: ISettingRegistry | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('forkernel');
    const { commands } = app;
    const services: HistoryServices = {
      trans,
      languages,
      contents: app.serviceManager.contents,
      open: async path => void (await commands.execute('docmanager:open', { path }))
    };
    let loaded: ISettingRegistry.ISettings | undefined;
    void settings?.load(ID).then(its => (loaded = its));

    const offer = new GoneOffer(services, () => loaded?.composite.offerGone !== false);
    histories.forEach(history => offer.add(history));
    factory?.widgetCreated.connect((_, tab) => offer.watchTab(tab));

    const current = () => {
      const notebook = tracker.currentWidget;
      return notebook ? histories.of(notebook) : undefined;
    };
    const isForkernel = () => {
      const state = current()?.connection.state;
      return state !== undefined && state !== 'none';
    };
    const outputsBack = (): OutputsBack | undefined =>
      commands.hasCommand(OUTPUTS_BACK)
        ? { isEnabled: () => commands.isEnabled(OUTPUTS_BACK), execute: () => commands.execute(OUTPUTS_BACK) }
        : undefined;
    const add = (id: string, label: string, caption: string, show: (view: NotebookView) => Promise<void>) => {
      commands.addCommand(id, {
        label,
        caption,
        isEnabled: () => current()?.isOpen === true,
        isVisible: isForkernel,
        describedBy: { args: { type: 'object', properties: {} } },
        execute: async () => {
          const history = current();
          try {
            await (history && show(viewOf(history)));
          } catch (error) {
            Notification.warning(error instanceof Error ? error.message : String(error), { autoClose: 10_000 });
          }
        }
      });
      palette?.addItem({ command: id, category: trans.__('Notebook Operations') });
    };
    add(
      HISTORY,
      trans.__('Notebook History…'),
      trans.__('The notebook as it was, at moments that mean something, and going back there'),
      view => showNotebookHistory(view, services)
    );
    add(
      BRING_BACK,
      trans.__('Bring Back…'),
      trans.__('Deleted cells, missing outputs and notebooks that are gone'),
      view => showBringBack(view, services, outputsBack())
    );
    histories.forEach(history =>
      history.connection.stateChanged.connect(() => {
        commands.notifyCommandChanged(HISTORY);
        commands.notifyCommandChanged(BRING_BACK);
      })
    );
    commands.commandExecuted.connect((_, { id, args, result }) => {
      if (id === OPEN && typeof args.path === 'string') {
        offer.watchOpening(result, args.path);
      }
      const history = id === CLEAR_ALL ? current() : undefined;
      if (history?.isOpen) {
        history.connection
          .request('moment', { kind: 'clear-outputs', time: Date.now() * 1000 - 1 })
          .catch(() => undefined); // the outputs are kept all the same
      }
    });
  }
};

export default whole;
