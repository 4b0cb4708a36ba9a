import { useEffect, useState } from 'react';
import type { Found } from '../kernel/protocol.js';
import { searchHistory } from './search.js';
import type { NotebookView } from './services.js';

/** Whoever types on within this time has not said yet what to search for (ms). */
const TYPING_MS = 200;

/** The versions of a cell that have a text, in themselves or in their outputs. */
export function useFound(view: NotebookView, cell: string, text: string) {
  const [found, setFound] = useState<ReadonlyMap<number, Found>>();
  const [searching, setSearching] = useState(false);
  useEffect(() => {
    setFound(undefined);
    setSearching(text !== '');
    if (text === '') {
      return;
    }
    let overtaken = false;
    const timer = setTimeout(async () => {
      const all = new Map<number, Found>();
      try {
        for await (const page of searchHistory(view.history.connection, text)) {
          if (overtaken) {
            return;
          }
          page
            .filter(one => one.cell === cell && (one.where === 'text' || !all.has(one.version)))
            .forEach(one => all.set(one.version, one));
          setFound(new Map(all));
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
  }, [view, cell, text]);
  return { found, searching };
}
