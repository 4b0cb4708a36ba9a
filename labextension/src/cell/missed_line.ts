import type { TranslationBundle } from '@jupyterlab/translation';
import type { Run } from '../kernel/protocol.js';
import { ago, nowUs } from '../panel/words.js';
import { dayAndTime } from './day_and_time.js';
import type { Missed } from './missed_runs.js';

interface Options {
  trans: TranslationBundle;
  show: () => void;
  dismiss: () => void;
}

/** At a cell: the run whose outputs it does not show, and the way to them. */
export class MissedLine {
  constructor({ trans, show, dismiss }: Options) {
    this._trans = trans;
    this._words = document.createElement('span');
    const button = (className: string, words: string, title: string, onClick: () => void) => {
      const made = document.createElement('button');
      made.type = 'button';
      made.className = className;
      made.textContent = words;
      made.title = title;
      made.addEventListener('click', onClick);
      made.addEventListener('mousedown', event => event.preventDefault()); // the focus stays in the notebook
      return made;
    };
    const cross = button('fk-Missed-dismiss', '✕', trans.__('Dismiss'), dismiss);
    cross.setAttribute('aria-label', cross.title);
    this.node.className = 'fk-Missed';
    this.node.dataset.lmSuppressShortcuts = 'true'; // Enter presses a button here
    this.node.append(
      this._words,
      ' · ',
      button('fk-Missed-show', trans.__('show'), trans.__('Put the output of this run into the cell'), show),
      cross
    );
  }

  readonly node = document.createElement('div');

  show({ run, isQuiet }: Missed, showsOther: boolean): void {
    const trans = this._trans;
    const words = runWords(run, trans);
    this._words.textContent = showsOther ? trans.__('%1; this is not its output', words) : words;
    this._words.title = trans.__(
      'What it printed and showed is in the history (%1).',
      ago(run.started, nowUs(), trans)
    );
    this.node.classList.toggle('fk-mod-quiet', isQuiet);
  }

  private _trans: TranslationBundle;
  private _words: HTMLElement;
}

function runWords({ count, status, started, ended }: Run, trans: TranslationBundle): string {
  const at = dayAndTime(status === 'running' ? started : ended, trans);
  switch (status) {
    case 'running':
      return trans.__('run [%1] has been running since %2', count, at);
    case 'ok':
      return trans.__('run [%1] finished at %2', count, at);
    case 'interrupted':
      return trans.__('run [%1] was interrupted at %2', count, at);
    case 'error':
      return trans.__('run [%1] ended with an error at %2', count, at);
    default:
      return trans.__('run [%1] was cut off at %2', count, at);
  }
}
