import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';
import type { Version } from '../kernel/protocol.js';

interface Props {
  version: Version;
  trans: TranslationBundle;
  restore: () => void;
  insert: () => void;
  pin: () => void;
  label: () => void;
}

/** What can be done with the selected version of a cell. */
export function VersionActions({ version, trans, restore, insert, pin, label }: Props): ReactElement {
  return (
    <div className="fk-Actions" role="group" aria-label={trans.__('Version %1', version.version)}>
      <button
        className="fk-Button fk-mod-main"
        onClick={restore}
        title={trans.__('Put v%1 into the cell (Enter)', version.version)}
      >
        {trans.__('Restore')}
      </button>
      <button className="fk-Button" onClick={insert} title={trans.__('Into a new cell below (Shift+Enter)')}>
        {trans.__('Insert below')}
      </button>
      <button
        className="fk-Button"
        onClick={pin}
        aria-pressed={version.pinned}
        title={trans.__('Keep it in sight (P)')}
      >
        {version.pinned ? trans.__('Unpin') : trans.__('Pin')}
      </button>
      <button className="fk-Button" onClick={label} title={trans.__('Give it a name (L)')}>
        {trans.__('Label')}
      </button>
    </div>
  );
}
