import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { RefusedError } from '../kernel/connection.js';
import { applyLimits, type Limits } from '../limits/limits.js';
import type { NotebookHistory } from '../notebook_history.js';
import { IHistories } from '../tokens.js';

const ID = '@forkernel/labextension:limits';

const limits: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Limits on what is kept of outputs, in the settings editor.',
  autoStart: true,
  requires: [IHistories, ISettingRegistry],
  optional: [ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    histories: IHistories,
    registry: ISettingRegistry,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('forkernel');
    const open = new Set<NotebookHistory>();
    let wanted: Limits = {};
    let told: Limits = {};
    let trouble = '';
    /** All notebooks share the history: any of them may tell it. */
    const apply = async () => {
      const [history] = open;
      const [now, before] = [wanted, told];
      if (!history || JSON.stringify(now) === JSON.stringify(before)) {
        return; // told when a notebook is open
      }
      try {
        told = now;
        await applyLimits(history, now, before, trans);
        trouble = '';
      } catch (error) {
        if (!(error instanceof RefusedError)) {
          told = before; // the kernel went: the next one is told
        } else if (error.message !== trouble) {
          trouble = error.message;
          Notification.error(trouble, { autoClose: 15_000 });
        }
      }
    };
    histories.forEach(history => {
      const onState = () => {
        if (history.isOpen) {
          open.add(history);
          void apply();
        } else {
          open.delete(history);
        }
      };
      history.connection.stateChanged.connect(onState);
      history.panel.disposed.connect(() => open.delete(history));
      onState();
    });
    void registry.load(ID).then(loaded => {
      const read = () => {
        wanted = loaded.composite as Record<string, string>;
        void apply();
      };
      loaded.changed.connect(read);
      read();
    });
  }
};

export default limits;
