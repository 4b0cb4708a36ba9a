import type { YCellType } from '@jupyter/ydoc';
import type * as Y from 'yjs';

/** What a cell has besides its text and its outputs, as nbformat has it. */
interface Extras {
  metadata: Record<string, unknown>;
  attachments: Record<string, unknown>;
}

/** A server takes messages of 10 MiB. What is larger the kernel reads from the saved notebook (bytes). */
const EXTRAS_MAX = 6 << 20;

/**
 * The attachments and the metadata of one cell, and whether the history has them. They are copied whenever they
 * change: the model of a cell that is gone has none.
 */
export class ExtrasLog {
  constructor(shared: YCellType, before?: ExtrasLog) {
    this._extras = extrasOf(shared);
    this._due = before
      ? before._due || JSON.stringify(before._extras) !== JSON.stringify(this._extras)
      : !isNone(this._extras);
  }

  /** The person has changed them since they were told. */
  get isChanged(): boolean {
    return this._changed;
  }

  /** Follow the cell; the result ends it. `onChange`: they were changed on this page. */
  watch(shared: YCellType, onChange: () => void): () => void {
    const { ymodel } = shared;
    const metadata = ymodel.get('metadata') as Y.Map<unknown> | undefined;
    const note = (keys: Set<unknown>, { local }: Y.Transaction, of: (key: unknown) => boolean) => {
      if ([...keys].some(of)) {
        this._extras = extrasOf(shared);
        if (local) {
          this._due = this._changed = true; // what others change their pages tell
          onChange();
        }
      }
    };
    const onMetadata = (event: Y.YMapEvent<unknown>, transaction: Y.Transaction) =>
      note(event.keysChanged, transaction, key => key !== 'trusted');
    const onModel = (event: Y.YMapEvent<unknown>, transaction: Y.Transaction) =>
      note(event.keysChanged, transaction, key => key === 'attachments');
    metadata?.observe(onMetadata);
    ymodel.observe(onModel);
    return () => {
      metadata?.unobserve(onMetadata);
      ymodel.unobserve(onModel);
    };
  }

  /** Tell them with the next text, also that there are none. */
  setDue(): void {
    this._due = true;
  }

  /** As JSON, where they have to be told; from then on they count as told. */
  take(): string | undefined {
    const json = this._due ? JSON.stringify(this._extras) : undefined;
    this._due = this._changed = false;
    return json !== undefined && new Blob([json]).size <= EXTRAS_MAX ? json : undefined;
  }

  private _extras: Extras;
  private _due: boolean;
  private _changed = false;
}

function extrasOf(shared: YCellType): Extras {
  const { trusted, ...metadata } = shared.getMetadata() as Record<string, unknown>;
  void trusted; // of this page, not of the notebook
  const attachments = shared.ymodel.get('attachments') as Extras['attachments'] | undefined;
  return { metadata, attachments: attachments ?? {} };
}

function isNone({ metadata, attachments }: Extras): boolean {
  return Object.keys(metadata).length === 0 && Object.keys(attachments).length === 0;
}
