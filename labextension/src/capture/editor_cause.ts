import { EditorState, Transaction, type Extension } from '@codemirror/state';
import type { Cause } from './cell_log.js';

let last: Cause = 'typing';

/**
 * What made the change that an editor is applying. CodeMirror says it of a transaction, the shared model does not; the
 * one leads to the other synchronously.
 */
export function editorCause(): Cause {
  return last;
}

/** For every editor of the application: costs one look at an annotation a transaction. */
export const noteEditorCause: Extension = EditorState.transactionExtender.of(transaction => {
  if (transaction.docChanged) {
    last = causeOf(transaction.annotation(Transaction.userEvent));
  }
  return null;
});

/** User events are named "input.paste", "delete.cut", "input.type.compose", …; programs have none. */
export function causeOf(userEvent: string | undefined): Cause {
  if (userEvent === undefined) {
    return 'program';
  }
  if (/^input\.(paste|drop)/.test(userEvent)) {
    return 'paste';
  }
  return userEvent.startsWith('delete.cut') ? 'cut' : 'typing';
}
