import type { TranslationBundle } from '@jupyterlab/translation';
import type { Run } from '../kernel/protocol.js';
import { ago, bytesWords, nowUs, statusWord } from '../panel/words.js';
import { dayAndTime } from './day_and_time.js';

const OLD_CLASS = 'fk-mod-oldOutputs';

/** Above the outputs of a cell: which earlier run they are from. */
export class OldOutputsLine {
  constructor(trans: TranslationBundle) {
    this._trans = trans;
    this._node = document.createElement('div');
    this._node.className = 'fk-OldOutputs';
  }

  show(place: HTMLElement, run: Run, leftOut: number): void {
    const trans = this._trans;
    const parts = [trans.__('Output of %1', dayAndTime(run.started, trans)), trans.__('run [%1]', run.count)];
    if (run.status !== 'ok') {
      parts.push(statusWord(run.status, trans));
    }
    const words = [parts.join(', ')];
    if (leftOut > 0) {
      words.push(trans.__('%1 left out', bytesWords(leftOut)));
    }
    this._node.textContent = words.join(' · ');
    this._node.title = trans.__(
      'From the history (%1); this text has not been run since. Run the cell for new output.',
      ago(run.started, nowUs(), trans)
    );
    place.classList.add(OLD_CLASS);
    if (this._node.parentElement !== place) {
      place.append(this._node); // the styles put it above
    }
  }

  remove(): void {
    this._node.parentElement?.classList.remove(OLD_CLASS);
    this._node.remove();
  }

  private _trans: TranslationBundle;
  private _node: HTMLElement;
}
