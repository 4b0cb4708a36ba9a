import type { HistoryConnection } from '../kernel/connection.js';
import type { Block, Change } from '../kernel/protocol.js';

/** How many numbers one question may have. */
const CHANGES_AT_ONCE = 200;

/** What versions changed in their parents' texts, as far as somebody has asked. */
export class VersionChanges {
  /** @param came what was asked for has come */
  constructor(
    private _connection: Pick<HistoryConnection, 'request'>,
    private _came: () => void
  ) {}

  get(version: number): Change | undefined {
    return this._changes.get(version);
  }

  set(version: number, change: Change): void {
    this._changes.set(version, change);
  }

  /** The numbers mean other versions. */
  forget(): void {
    this._changes.clear();
    this._asked.clear();
  }

  /** Ask what these versions changed, where that is not known. */
  async need(versions: readonly number[]): Promise<void> {
    const missing = versions.filter(version => !this._changes.has(version) && !this._asked.has(version));
    if (missing.length === 0) {
      return;
    }
    const now = missing.slice(0, CHANGES_AT_ONCE);
    now.forEach(version => this._asked.add(version));
    try {
      const answer = await this._connection.request<{ changes: (Change & { version: number })[]; later: number[] }>(
        'changes',
        { versions: now }
      );
      answer.changes.forEach(change => this._changes.set(change.version, change));
      answer.later.forEach(version => this._asked.delete(version));
      this._came();
      if (answer.changes.length > 0) {
        await this.need(answer.later);
      }
    } catch {
      now.forEach(version => this._asked.delete(version)); // a row says less; it is asked for again when it is shown
    }
  }

  private _changes = new Map<number, Change>();
  private _asked = new Set<number>();
}

/** No directive of C, no comment, not blank: as the kernel chooses the lines that stand for a change. */
function tells(line: string): boolean {
  return line.trim() !== '' && !/^\s*(#\s*[a-z]|\/\/|\/\*)/.test(line);
}

/** In few words, as the kernel says it of single versions. */
export function changeOf(blocks: readonly Block[]): Change {
  const change: Change = { added: 0, removed: 0, summary: '', before: '', after: '' };
  const firstOf = (lines: string[]) => lines.find(tells) ?? lines.find(line => line.trim() !== '') ?? '';
  for (const block of blocks) {
    if (block.kind === 'changed') {
      change.added += block.added.length;
      change.removed += block.removed.length;
      if (change.before === '' && change.after === '') {
        change.before = firstOf(block.removed);
        change.after = firstOf(block.added);
      }
    }
  }
  change.summary = change.after ? `+ ${change.after.trim()}` : change.before && `- ${change.before.trim()}`;
  return change;
}
