import type { SharedCell, YMarkdownCell } from '@jupyter/ydoc';
import { Notification } from '@jupyterlab/apputils';
import type { ICellModel } from '@jupyterlab/cells';
import type * as nbformat from '@jupyterlab/nbformat';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Extras } from './kernel/protocol.js';

/** Attachments and metadata as a new cell takes them. */
export function cellExtras({ metadata, attachments }: Extras): Pick<SharedCell.Cell, 'metadata'> & {
  attachments?: nbformat.IAttachments;
} {
  const some = attachments && Object.keys(attachments).length > 0;
  return { metadata: (metadata ?? {}) as SharedCell.Cell['metadata'], ...(some && { attachments }) };
}

/** Without what would hide the cell from who has just asked for it. */
export function visible({ metadata, ...others }: Extras): Extras {
  const { collapsed, jupyter, ...rest } = (metadata ?? {}) as Record<string, unknown>;
  void [collapsed, jupyter];
  return { ...others, metadata: rest as Extras['metadata'] };
}

/** What a text that comes back refers to is there again; what the cell has now stays as it is. */
export function addAttachments(cell: ICellModel, { attachments }: Extras): void {
  const shared = cell.sharedModel as unknown as YMarkdownCell;
  if (cell.type === 'code' || !attachments) {
    return;
  }
  const now = shared.getAttachments() ?? {};
  if (Object.keys(attachments).some(name => !(name in now))) {
    shared.setAttachments({ ...attachments, ...now });
  }
}

/** What was not kept is said, with its size. */
export function sayLeftOut({ extras_left_out }: Extras, trans: TranslationBundle): void {
  if (extras_left_out) {
    const { bytes, hash } = extras_left_out;
    const text = trans.__(
      'The attachments and metadata of this cell were not kept: %1 bytes are more than the limit on pictures (hash %2)',
      bytes.toLocaleString(),
      hash
    );
    Notification.warning(text, { autoClose: false });
  }
}
