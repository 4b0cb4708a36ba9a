import type { ReactElement } from 'react';

/** Characters before what was found, at most: a narrow row is to have it, too. */
const CONTEXT = 16;

/** A text from a little before the part that was found, which is marked wherever it is. */
export function Marked({ text, part }: { text: string; part: string }): ReactElement {
  const places = placesOf(text, part);
  if (places.length === 0) {
    return <>{text}</>;
  }
  const from = places[0] > CONTEXT ? wordAfter(text, places[0] - CONTEXT, places[0]) : 0;
  const ends = [from, ...places.map(at => at + part.length)];
  return (
    <>
      {from > 0 && '…'}
      {places.map((at, i) => (
        <span key={at}>
          {text.slice(ends[i], at)}
          <mark>{text.slice(at, at + part.length)}</mark>
        </span>
      ))}
      {text.slice(ends.at(-1))}
    </>
  );
}

/** Where the next word begins, before `end`; else as it is. */
function wordAfter(text: string, at: number, end: number): number {
  const found = /(?<=\W)\w/.exec(text.slice(at, end));
  return found ? at + found.index : at;
}

/** Case is ignored, as the kernel does it. */
function placesOf(text: string, part: string): number[] {
  const fold = (all: string) => all.replace(/[A-Z]/g, letter => letter.toLowerCase());
  const [folded, wanted] = [fold(text), fold(part)];
  const places: number[] = [];
  for (let at = folded.indexOf(wanted); at >= 0 && wanted !== ''; at = folded.indexOf(wanted, at + wanted.length)) {
    places.push(at);
  }
  return places;
}
