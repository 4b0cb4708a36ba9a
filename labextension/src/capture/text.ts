/** Differences and hashes of texts, as docs/comm.md has them: in UTF-16 code units. */

export interface Splice {
  at: number;
  delete: number;
  insert: string;
}

/** FNV-1a with 32 bits, a code unit a step. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}

const isHighSurrogate = (unit: number) => (unit & 0xfc00) === 0xd800;
const isLowSurrogate = (unit: number) => (unit & 0xfc00) === 0xdc00;

/** The smallest splice that leads from one text to the other and cuts no surrogate pair. */
export function spliceBetween(before: string, after: string): Splice {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) {
    start++;
  }
  if (start > 0 && isHighSurrogate(before.charCodeAt(start - 1))) {
    start--;
  }
  let end = 0;
  while (
    end < shorter - start &&
    before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
  ) {
    end++;
  }
  if (end > 0 && isLowSurrogate(before.charCodeAt(before.length - end))) {
    end--;
  }
  return { at: start, delete: before.length - end - start, insert: after.slice(start, after.length - end) };
}

/** A Yjs delta. */
export type Delta = readonly { readonly insert?: unknown; readonly delete?: number; readonly retain?: number }[];

export function applyDelta(text: string, delta: Delta): string {
  let result = '';
  let at = 0;
  for (const part of delta) {
    if (typeof part.insert === 'string') {
      result += part.insert;
    } else if (part.delete !== undefined) {
      at += part.delete;
    } else if (part.retain !== undefined) {
      result += text.slice(at, at + part.retain);
      at += part.retain;
    }
  }
  return result + text.slice(at);
}
