import type { TranslationBundle } from '@jupyterlab/translation';
import type { CellType } from '../kernel/protocol.js';

/** Names are cut there (characters). */
const NAME_MAX = 60;

/** What people know a cell by: its heading, or else its first line that says something. */
export function cellName(text: string, type: CellType, trans: TranslationBundle): string {
  const lines = text.split('\n').map(line => line.trim());
  const heading = type === 'markdown' ? lines.find(line => /^#{1,6}\s/.test(line)) : undefined;
  const name =
    heading?.replace(/^#+\s+/, '').replace(/\s+#+$/, '') ??
    lines.find(line => line !== '' && !/^#\s*include\b/.test(line)) ??
    lines.find(line => line !== '');
  if (!name) {
    return trans.__('empty cell');
  }
  return name.length > NAME_MAX ? `${name.slice(0, NAME_MAX - 1)}…` : name;
}
