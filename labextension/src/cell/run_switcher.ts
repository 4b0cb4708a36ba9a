import type { TranslationBundle } from '@jupyterlab/translation';
import type { Run } from '../kernel/protocol.js';
import { ago, nowUs, statusWord } from '../panel/words.js';
import type { Runs } from './runs.js';
import { Stepper } from './stepper.js';

/** "‹ 2/3 ›" below the prompt of a cell's output: the runs of its text. */
export class RunSwitcher {
  constructor(trans: TranslationBundle, step: (step: number) => void) {
    this._trans = trans;
    this._stepper = new Stepper({ className: 'fk-Runs', label: trans.__('Outputs of the runs of this text'), step });
    this.node = this._stepper.node;
  }

  readonly node: HTMLElement;

  show({ runs, index }: Runs): void {
    const trans = this._trans;
    const place = index + 1;
    this._stepper.show(`${place}/${runs.length}`, trans.__('Output of run %1 of %2 of this text', place, runs.length));
    this._stepper.lead(
      { previous: this._words(runs[index - 1]), next: this._words(runs[index + 1]) },
      { previous: trans.__('Output of the run before'), next: trans.__('Output of the next run') }
    );
    // What is old must be said, and the way back seen; else it is only for who looks for it.
    this.node.classList.toggle('fk-mod-old', place < runs.length);
  }

  private _words(run: Run | undefined): string | undefined {
    if (!run) {
      return undefined;
    }
    const words = `${ago(run.started, nowUs(), this._trans)}, ${statusWord(run.status, this._trans)} [${run.count}]`;
    return words + (run.summary ? `\n${run.summary}` : '');
  }

  private _trans: TranslationBundle;
  private _stepper: Stepper;
}
