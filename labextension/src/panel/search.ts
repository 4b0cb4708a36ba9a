import type { HistoryConnection } from '../kernel/connection.js';
import type { Found } from '../kernel/protocol.js';

/** Where to look for a text. */
export type Scope = 'cell' | 'notebook' | 'everywhere';

export interface FoundPage {
  found: Found[];
  document: string; // the path of the notebook that was asked
}

/** Page by page, newest version first; stop iterating to stop asking. */
export async function* searchHistory(
  connection: Pick<HistoryConnection, 'request'>,
  text: string,
  everywhere = false
): AsyncGenerator<FoundPage> {
  let from: unknown = undefined;
  do {
    const answer: FoundPage & { next: unknown } = await connection.request('search', {
      text,
      limit: 200,
      ...(everywhere ? { everywhere } : {}),
      ...(from === undefined ? {} : { from })
    });
    from = answer.next;
    yield answer;
  } while (from !== null);
}

/**
 * Where a notebook is for the front end, which knows its own by a path in the server's folder and the others, as the
 * kernel does, by where they are on the disk; undefined: outside of that folder.
 *
 * @param here the path of a notebook on the disk
 * @param local the same as the front end has it
 */
export function localPathOf(path: string, here: string, local: string): string | undefined {
  const root = here.endsWith(`/${local}`) ? here.slice(0, -local.length) : undefined;
  return root !== undefined && path.startsWith(root) ? path.slice(root.length) : undefined;
}
