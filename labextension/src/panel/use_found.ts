import { useEffect, useState } from 'react';
import type { Found } from '../kernel/protocol.js';
import { searchHistory, type Scope } from './search.js';
import type { NotebookView } from './services.js';

/** Whoever types on within this time has not said yet what to search for (ms). */
const TYPING_MS = 200;

/** Nobody reads more; a tree that is filtered is to have all of its own. */
const FOUND_MAX = 2000;

export interface Search {
  found: readonly Found[] | undefined; // undefined: nothing is searched for
  searching: boolean;
  document: string; // the path of this notebook on the disk; "": not known yet
}

/** What has a text, in itself or in its outputs. */
export function useFound(view: NotebookView, text: string, scope: Scope): Search {
  const [found, setFound] = useState<readonly Found[]>();
  const [document, setDocument] = useState('');
  const [searching, setSearching] = useState(false);
  const everywhere = scope === 'everywhere';
  useEffect(() => {
    setFound(undefined);
    setSearching(text !== '');
    if (text === '') {
      return;
    }
    let overtaken = false;
    const timer = setTimeout(async () => {
      let all: Found[] = [];
      try {
        for await (const page of searchHistory(view.history.connection, text, everywhere)) {
          if (overtaken) {
            return;
          }
          all = [...all, ...page.found];
          setDocument(page.document);
          setFound(all);
          if (scope !== 'cell' && all.length >= FOUND_MAX) {
            break;
          }
        }
      } catch {
        // The kernel went away; what was found until then stays.
      }
      if (!overtaken) {
        setSearching(false);
      }
    }, TYPING_MS);
    return () => {
      overtaken = true;
      clearTimeout(timer);
    };
  }, [view, text, scope]);
  return { found, searching, document };
}

/** Of one cell, by version; what is in a text goes before what is in an output. */
export function foundIn(cell: string, found: readonly Found[] | undefined): ReadonlyMap<number, Found> | undefined {
  const of = new Map<number, Found>();
  found
    ?.filter(one => one.cell === cell && one.document === undefined)
    .filter(one => one.where === 'text' || !of.has(one.version))
    .forEach(one => of.set(one.version, one));
  return found && of;
}
