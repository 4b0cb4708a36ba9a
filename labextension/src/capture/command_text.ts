/** Cells of nothing but %fk, which leave no trace in the history; the kernel says the same in kernel/fk_text.h. */

const COMMAND = /^%fk(\s|$)/;
const BEGUN = /^%f?$/;

function lines(text: string): string[] {
  return text
    .split('\n')
    .map(line => line.trimStart())
    .filter(line => line !== '');
}

/** Nothing but commands for the history. */
export function isCommands(text: string): boolean {
  const found = lines(text);
  return found.length > 0 && found.every(line => COMMAND.test(line));
}

/** Perhaps on the way there: blank, or with a line that begins a command. */
export function mayBecomeCommands(text: string): boolean {
  const found = lines(text);
  return found.every(line => COMMAND.test(line) || BEGUN.test(line)) && !isCommands(text);
}
