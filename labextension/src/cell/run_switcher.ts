import type { TranslationBundle } from '@jupyterlab/translation';
import { ago, nowUs, statusWord } from '../panel/words.js';
import { runsIcon } from './icons.js';
import type { Runs, VersionRun } from './runs.js';
import { Stepper } from './stepper.js';

/** "‹ 2/3 ›" with a clock, below the prompt of a cell's output: the runs of the cell. */
export class RunSwitcher {
  constructor(trans: TranslationBundle, step: (step: number) => void) {
    this._trans = trans;
    const label = trans.__('Outputs of the runs of this cell');
    this._stepper = new Stepper({ className: 'fk-Runs', label, icon: runsIcon, step });
    this.node = this._stepper.node;
  }

  readonly node: HTMLElement;

  show({ runs, index, isCertain }: Runs): void {
    const trans = this._trans;
    const place = index + 1;
    const isNone = index === runs.length;
    const count = runs.length;
    if (isNone) {
      const title = trans.__('The text of the cell was never run. Other texts of it were, and left %1 outputs.', count);
      this._stepper.show(trans.__('%1 outputs', count), title);
    } else {
      this._stepper.show(`${place}/${count}`, trans.__('Output %1 of %2 of this cell', place, count));
    }
    const here = runs[index]?.version;
    this._stepper.lead(
      { previous: this._words(runs[index - 1], here), next: this._words(runs[index + 1], here) },
      { previous: trans.__('Output of the run before'), next: trans.__('Output of the next run') }
    );
    // What is old must be said, and the way back seen; what may be the same picture is only for who looks for it.
    this.node.classList.toggle('fk-mod-old', place < count || isNone);
    this.node.classList.toggle('fk-mod-words', isNone);
    this.node.classList.toggle('fk-mod-certain', isCertain);
  }

  private _words(there: VersionRun | undefined, here: VersionRun['version'] | undefined): string | undefined {
    if (!there) {
      return undefined;
    }
    const trans = this._trans;
    const { run, version } = there;
    const words = [`${ago(run.started, nowUs(), trans)}, ${statusWord(run.status, trans)} [${run.count}]`];
    if (run.summary) {
      words.push(run.summary);
    }
    if (version !== here) {
      words.push(trans.__('with its text: %1', version.label || version.summary));
    }
    return words.join('\n');
  }

  private _trans: TranslationBundle;
  private _stepper: Stepper;
}
