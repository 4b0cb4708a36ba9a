import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { useEffect, useState, type ReactElement } from 'react';
import { dayAndTime } from '../cell/day_and_time.js';
import type { Origin, Origins } from '../kernel/protocol.js';
import { bringNotebookBack } from '../whole/gone.js';
import { localPathOf } from './search.js';
import type { NotebookView, PanelServices } from './services.js';
import { dateTime } from './words.js';

interface Props {
  view: NotebookView;
  services: PanelServices;
  attempt: (action: () => Promise<string>) => Promise<void>;
}

/** That the notebook began beside another one, whose history is a step away; mostly nothing. */
export function OriginLine({ view, services, attempt }: Props): ReactElement | null {
  const { trans } = services;
  const { connection } = view.history;
  const [{ path, origins }, setOrigins] = useState<Origins>({ path: '', origins: [] });
  const read = () =>
    connection
      .request<Origins>('origin')
      .then(setOrigins)
      .catch(() => undefined); // it says no more than that it is one of its own
  useEffect(() => void read(), [view]);

  const open = (origin: Origin) =>
    attempt(async () => {
      const { contents } = services;
      const here = view.panel.context.path;
      const local = localPathOf(origin.path, path, contents.localPath(here));
      if (local === undefined) {
        return trans.__('%1 is outside of the folder that is open here.', origin.path);
      }
      const drive = contents.driveName(here);
      await services.open(drive ? `${drive}:${local}` : local);
      return '';
    });
  const bringBack = (origin: Origin) =>
    attempt(async () => {
      const made = await bringNotebookBack(view.history, services, origin);
      void read();
      return trans.__('Opened as %1.', made);
    });
  const join = (origin: Origin) =>
    attempt(async () => {
      if (!(await confirmJoin(origin, services))) {
        return '';
      }
      view.history.flush();
      try {
        const { text } = await connection.request<{ text: string }>('join', { document: origin.document });
        Notification.success(text, { autoClose: 8000 }); // the panel begins anew with the other history
      } finally {
        void read();
      }
      return '';
    });

  return origins.length === 0 ? null : (
    <ul className="fk-Origins" aria-label={trans.__('Where this notebook comes from')}>
      {origins.map(origin => (
        <li key={origin.document}>
          <span title={`${origin.path}, ${dateTime(origin.since)}`}>
            {origin.how === 'copy'
              ? trans.__('Began as a copy of %1, %2', origin.name, dayAndTime(origin.since, trans))
              : trans.__('Another notebook was here until %1', dayAndTime(origin.since, trans))}
          </span>
          {origin.there ? (
            <button className="fk-Button" onClick={() => void open(origin)}>
              {trans.__('Show its history')}
            </button>
          ) : (
            <>
              <button
                className="fk-Button"
                title={trans.__('Makes the file of %1 again', origin.name)}
                onClick={() => void bringBack(origin)}
              >
                {trans.__('Bring it back')}
              </button>
              <button
                className="fk-Button"
                title={trans.__('All that %1 ever had becomes the history of this notebook', origin.name)}
                onClick={() => void join(origin)}
              >
                {trans.__('Continue its history…')}
              </button>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

async function confirmJoin({ name }: Origin, { trans }: PanelServices): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('Continue the history of %1?', name),
    body: trans.__(
      'The cells stay as they are and become the newest versions of that history. What this notebook has recorded until now is kept, and each changed cell leads to it. This cannot be undone.'
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Continue its history') })
    ]
  });
  return button.accept;
}
