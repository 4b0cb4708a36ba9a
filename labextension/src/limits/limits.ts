import type { TranslationBundle } from '@jupyterlab/translation';
import { RefusedError } from '../kernel/connection.js';
import type { Setting } from '../kernel/protocol.js';
import type { NotebookHistory } from '../notebook_history.js';

/** What the settings editor says: text by the name of the limit. */
export type Limits = Readonly<Record<string, string>>;

/** "4M" as a number; undefined: it is none. */
export function parseAmount(text: string): number | undefined {
  const found = /^(\d{1,15})\s*([KMG]?)$/i.exec(text.trim());
  return found ? Number(found[1]) * 1024 ** ['', 'K', 'M', 'G'].indexOf(found[2].toUpperCase()) : undefined;
}

/** As people type it: "4M", "1500". */
export function amountWords(amount: number, isBytes: boolean): string {
  const units = ['', 'K', 'M', 'G'];
  let unit = 0;
  while (isBytes && amount > 0 && amount % 1024 === 0 && unit < 3) {
    amount /= 1024;
    unit++;
  }
  return `${amount}${units[unit]}`;
}

/** Why a limit cannot be what was typed; undefined: it can. */
export function troubleOf(setting: Setting, text: string, trans: TranslationBundle): string | undefined {
  const amount = parseAmount(text);
  const fits = amount !== undefined && amount >= setting.least && amount <= setting.most;
  return fits && (setting.bytes || /^\d+$/.test(text.trim()))
    ? undefined
    : trans.__(
        '“%1” is no value for %2: it is from %3 to %4, or empty.',
        text,
        setting.name,
        amountWords(setting.least, setting.bytes),
        amountWords(setting.most, setting.bytes)
      );
}

/**
 * Makes the limits for all notebooks what the editor says; one that was there before and is empty now is taken off. Rejects
 * with a RefusedError where one makes no sense; the others are set all the same.
 */
export async function applyLimits(
  { connection }: NotebookHistory,
  limits: Limits,
  before: Limits,
  trans: TranslationBundle
): Promise<void> {
  const { settings } = await connection.request<{ settings: Setting[] }>('settings');
  const troubles: string[] = [];
  for (const setting of settings) {
    const text = (limits[setting.name] ?? '').trim();
    const wasThere = (before[setting.name] ?? '').trim() !== '';
    if (text === '' && !wasThere) {
      continue; // as the history has it
    }
    const trouble = text === '' ? undefined : troubleOf(setting, text, trans);
    const value = text === '' ? 0 : parseAmount(text)!;
    if (trouble) {
      troubles.push(trouble);
    } else if (value !== setting.all) {
      await connection.request('set', { name: setting.name, value });
    }
  }
  if (troubles.length > 0) {
    throw new RefusedError(troubles.join(' '));
  }
}
