import type * as nbformat from '@jupyterlab/nbformat';

/** What is compared of a text that was not sent whole (code units): what is there before the cut. */
const BEFORE_CUT = 16_000;

/** Pages apply these to what is printed. */
const OVERWRITES = /[\r\b]/;

/**
 * Does a cell show what the record of a run has, as far as that was sent? Run numbers and metadata do not count, nor
 * does the order in which two streams took turns.
 *
 * @param leftOut bytes that are missing of each output of the record
 */
export function showsAll(
  page: readonly nbformat.IOutput[],
  record: readonly nbformat.IOutput[],
  leftOut: readonly number[]
): boolean {
  for (const name of ['stdout', 'stderr']) {
    const isOf = (output: nbformat.IOutput) => output.output_type === 'stream' && output.name === name;
    const cut = record.some((output, i) => isOf(output) && leftOut[i] > 0);
    if (!sameText(textOf(page.filter(isOf)), textOf(record.filter(isOf)), cut)) {
      return false;
    }
  }
  const isOther = (output: nbformat.IOutput) => output.output_type !== 'stream';
  const cuts = leftOut.filter((_, i) => isOther(record[i]));
  const shown = page.filter(isOther);
  const made = record.filter(isOther);
  return shown.length === made.length && made.every((output, i) => sameOutput(shown[i], output, cuts[i] > 0));
}

function sameText(page: string, record: string, cut: boolean): boolean {
  if (OVERWRITES.test(record)) {
    return (page === '') === (record === '');
  }
  return cut ? page.slice(0, BEFORE_CUT) === record.slice(0, BEFORE_CUT) : page === record;
}

function sameOutput(page: nbformat.IOutput, record: nbformat.IOutput, cut: boolean): boolean {
  if (page.output_type === 'error' || record.output_type === 'error') {
    return page.output_type === record.output_type && page.ename === record.ename && page.evalue === record.evalue;
  }
  const [shown, made] = [page.data, record.data].map(data => (data ?? {}) as Record<string, unknown>);
  const both = Object.keys(made).filter(mime => mime in shown);
  return cut || (both.length > 0 && both.every(mime => valueOf(shown[mime]) === valueOf(made[mime])));
}

function textOf(outputs: readonly nbformat.IOutput[]): string {
  return outputs.map(output => joined(output.text)).join('');
}

/** Files break long values into lines, and a base64 text may end in one. */
function valueOf(value: unknown): string {
  const text = joined(value);
  return typeof text === 'string' ? text.trim() : JSON.stringify(text);
}

function joined(value: unknown): unknown {
  return Array.isArray(value) && value.every(part => typeof part === 'string') ? value.join('') : (value ?? '');
}
