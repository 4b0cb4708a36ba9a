/** What a list of versions says of each: what is different, and not what all of them begin with. */
import type { Change } from '../kernel/protocol.js';

/** A part of a row's text. */
export interface Piece {
  kind: 'same' | 'removed' | 'added' | 'sign';
  text: string;
}

/** Numbers are one word, whatever is in them. */
const WORD = /\p{N}[\p{L}\p{N}_.]*|[\p{L}_][\p{L}\p{N}_]*|\s+|[^]/gu;

/** What is shown in front of a difference, at most (UTF-16 units). */
const CONTEXT = 14;

/** What saves less room is not left out (UTF-16 units). */
const SAVED_MIN = 4;

/** Less in common (of the longer line), and it is another line. */
const ALIKE = 1 / 3;

function wordsOf(text: string): string[] {
  return text.match(WORD) ?? [];
}

function lengthOf(words: readonly string[]): number {
  return words.reduce((sum, word) => sum + word.trim().length, 0);
}

/** A line that was changed, as "… growth = 0.04 → 0.05;"; undefined: the two lines are not the same line. */
export function linePieces(before: string, after: string): Piece[] | undefined {
  const old = wordsOf(before.trim());
  const now = wordsOf(after.trim());
  const shorter = Math.min(old.length, now.length);
  let front = 0;
  while (front < shorter && old[front] === now[front]) {
    front++;
  }
  let back = 0;
  while (back < shorter - front && old[old.length - 1 - back] === now[now.length - 1 - back]) {
    back++;
  }
  const common = lengthOf(now.slice(0, front)) + lengthOf(now.slice(now.length - back));
  if (common === 0 || common < ALIKE * Math.max(lengthOf(old), lengthOf(now))) {
    return undefined;
  }
  const removed = old.slice(front, old.length - back).join('');
  const added = now.slice(front, now.length - back).join('');
  const pieces: Piece[] = [
    { kind: 'same', text: shortFront(now.slice(0, front)) },
    { kind: 'removed', text: removed },
    { kind: 'sign', text: removed && added ? ' → ' : '' },
    { kind: 'added', text: added },
    { kind: 'same', text: now.slice(now.length - back).join('') }
  ];
  return pieces.filter(piece => piece.text !== '');
}

/** The last words of a beginning. */
function shortFront(words: readonly string[]): string {
  let length = 0;
  let first = words.length;
  while (first > 0 && length + words[first - 1].length <= CONTEXT) {
    length += words[--first].length;
  }
  const kept = words.slice(first).join('');
  return first === 0 ? kept : `… ${kept.replace(/^[\s,;)\]}]+/, '')}`;
}

/** A line from where it is different from both its neighbours: the words that it shares with one of them are left out. */
export function apartFrom(text: string, neighbours: readonly string[]): string {
  const words = wordsOf(text);
  const shared = neighbours.map(other => {
    const others = wordsOf(other);
    let at = 0;
    while (at < words.length && words[at] === others[at]) {
      at++;
    }
    return at === words.length ? 0 : at; // the same line: there is nothing to tell them apart by
  });
  const front = words.slice(0, Math.max(0, ...shared));
  const begin = shortFront(front);
  return front.join('').length - begin.length < SAVED_MIN ? text : begin + words.slice(front.length).join('');
}

/** What a version is about in one line: `summary` where it has no parent, or it is not known yet what it changed. */
export function changePieces(change: Change | undefined, summary: string): Piece[] {
  const { before = '', after = '' } = change ?? {};
  const line = after.trim() || before.trim();
  if (!change || line === '') {
    return [{ kind: 'same', text: change?.summary ?? summary }];
  }
  const pieces = before && after ? linePieces(before, after) : undefined;
  return (
    pieces ?? [after ? { kind: 'added', text: '+ ' } : { kind: 'removed', text: '− ' }, { kind: 'same', text: line }]
  );
}

/** The same, of lines that are new as a whole without what they share with the rows above and below. */
export function piecesApart(own: readonly Piece[], neighbours: readonly (readonly Piece[])[]): readonly Piece[] {
  const line = wholeLine(own);
  if (line === undefined) {
    return own;
  }
  const others = neighbours.map(wholeLine).filter(other => other !== undefined);
  return [...own.slice(0, -1), { kind: 'same', text: apartFrom(line, others) }];
}

function wholeLine(pieces: readonly Piece[]): string | undefined {
  const last = pieces.at(-1);
  return last?.kind === 'same' && pieces.slice(0, -1).every(piece => piece.text.length === 2) ? last.text : undefined;
}

export function textOf(pieces: readonly Piece[]): string {
  return pieces.map(piece => piece.text).join('');
}
