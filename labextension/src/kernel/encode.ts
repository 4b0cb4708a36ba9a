import type { Edit } from '../capture/notebook_capture.js';
import { hashText, spliceBetween } from '../capture/text.js';

/** An edit as docs/comm.md has it. */
export type WireEdit = Record<string, unknown>;

/** Shorter texts are sent whole: the two hashes of a difference cost as much. */
const WHOLE_BELOW = 64;

/** Half a character: no message can carry it. */
const LONE_SURROGATES = /\p{Surrogate}/gu;

/**
 * Makes messages of edits: a text as the difference from what was sent before it for its cell, or whole where nothing
 * was. A new encoder is needed whenever the kernel may not have what was sent.
 */
export class Encoder {
  encode(edits: readonly Edit[]): WireEdit[] {
    return edits.map(edit => {
      const time = Math.round(edit.time * 1000);
      if (edit.kind !== 'text') {
        return { ...edit, time };
      }
      const { text: typed, extras, ...members } = edit;
      const rest = extras === undefined ? members : { ...members, extras: JSON.parse(extras) as unknown };
      const text = typed.replace(LONE_SURROGATES, '\ufffd');
      const base = this._sent.get(edit.cell);
      this._sent.set(edit.cell, text);
      if (base === undefined || text.length < WHOLE_BELOW) {
        return { ...rest, time, text };
      }
      return { ...rest, time, base: hashText(base), ...spliceBetween(base, text), hash: hashText(text) };
    });
  }

  private _sent = new Map<string, string>();
}
