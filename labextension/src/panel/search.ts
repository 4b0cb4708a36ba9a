import type { HistoryConnection } from '../kernel/connection.js';
import type { Found } from '../kernel/protocol.js';

/** Page by page, newest version first; stop iterating to stop asking. */
export async function* searchHistory(
  connection: Pick<HistoryConnection, 'request'>,
  text: string
): AsyncGenerator<Found[]> {
  let from: unknown = undefined;
  do {
    const answer: { found: Found[]; next: unknown } = await connection.request('search', {
      text,
      limit: 200,
      ...(from === undefined ? {} : { from })
    });
    from = answer.next;
    yield answer.found;
  } while (from !== null);
}
