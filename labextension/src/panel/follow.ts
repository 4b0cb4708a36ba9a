import type { ISignal } from '@lumino/signaling';

/** A model that may be closed while somebody looks at it: then it has nothing left to be read. */
export interface Closable {
  readonly isDisposed: boolean;
}

/** After a change of a model, what is read from it is shown; never from within a keystroke (ms). */
const READ_MS = 200;

/** Read now, and after changes as long as the model is there, until the function that is returned is called. */
export function follow(model: Closable, changed: ISignal<unknown, unknown>, read: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const readIfThere = () => {
    if (!model.isDisposed) {
      read();
    }
  };
  const onChange = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      readIfThere();
    }, READ_MS);
  };
  changed.connect(onChange);
  readIfThere();
  return () => {
    clearTimeout(timer);
    changed.disconnect(onChange);
  };
}
