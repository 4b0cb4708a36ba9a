import type { Version } from '../kernel/protocol.js';
import { foldTyping } from '../tree/fold.js';

export interface Timeline {
  versions: Version[]; // that are worth a stop, oldest first
  index: number; // of the head; -1: there is none
}

/** The versions of a cell in the order in which they were made, whatever their branch; runs of typing are one stop. */
export function timelineOf(versions: readonly Version[]): Timeline {
  const stops = foldTyping(versions)
    .map(row => row.version)
    .sort((a, b) => a.version - b.version);
  return { versions: stops, index: stops.findIndex(version => version.head) };
}
