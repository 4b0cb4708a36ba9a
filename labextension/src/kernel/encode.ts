import type { Edit } from '../capture/notebook_capture.js';
import { hashText, spliceBetween } from '../capture/text.js';

/** An edit as docs/comm.md has it. */
export type WireEdit = Record<string, unknown>;

/** Shorter texts are sent whole: the two hashes of a difference cost as much. */
const WHOLE_BELOW = 64;

/**
 * Makes messages of edits: texts as differences from what was sent last for their cell. Knows what was sent over one
 * comm; a new comm has a new encoder.
 */
export class Encoder {
  /** `whole`: no differences, so that the kernel cannot find that one does not fit. */
  encode(edits: readonly Edit[], whole: boolean): WireEdit[] {
    return edits.map(edit => {
      const time = Math.round(edit.time * 1000);
      if (edit.kind !== 'text') {
        return { ...edit, time };
      }
      const { text, ...rest } = edit;
      const base = whole ? undefined : this._sent.get(edit.cell);
      this._sent.set(edit.cell, text);
      if (base === undefined || text.length < WHOLE_BELOW) {
        return { ...rest, time, text };
      }
      return { ...rest, time, base: hashText(base), ...spliceBetween(base, text), hash: hashText(text) };
    });
  }

  private _sent = new Map<string, string>();
}
