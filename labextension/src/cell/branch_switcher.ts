import type { TranslationBundle } from '@jupyterlab/translation';
import type { Version } from '../kernel/protocol.js';
import { historyTreeIcon } from '../panel/icon.js';
import { ago, nowUs, statusWord } from '../panel/words.js';
import { branchAt, type Branches } from './branches.js';
import { Stepper } from './stepper.js';

export interface BranchSwitcherOptions {
  trans: TranslationBundle;
  step: (step: number) => void;
  /** What a person would see change, a few words; asked for when the switcher is looked at. */
  compare: (version: number) => Promise<string>;
}

/** "‹ 2/3 ›" with a branch, below the prompt of a cell's input: the branches of its text. */
export class BranchSwitcher {
  constructor(options: BranchSwitcherOptions) {
    const { trans, step } = options;
    this._options = options;
    this._stepper = new Stepper({
      className: 'fk-Switcher',
      label: trans.__('Branches of this cell'),
      icon: historyTreeIcon,
      step,
      looked: () => void this._compare()
    });
    this.node = this._stepper.node;
  }

  readonly node: HTMLElement;

  show(branches: Branches, versions: readonly Version[]): void {
    const { trans } = this._options;
    this._branches = branches;
    this._versions = versions;
    this._compared.clear();
    const count = branches.branches.length;
    this.node.classList.toggle('fk-mod-words', branches.index < 0);
    if (branches.index < 0) {
      const title = trans.__(
        'From here the text went %1 ways: the cell is at the place where its branches part',
        count
      );
      this._stepper.show(trans.__('%1 ways', count), title);
    } else {
      const place = branches.index + 1;
      this._stepper.show(`${place}/${count}`, trans.__('Branch %1 of %2 of this cell', place, count));
    }
    this._lead();
    if (this._stepper.isLookedAt) {
      void this._compare();
    }
  }

  private _lead(): void {
    const { trans } = this._options;
    const names = { previous: trans.__('Previous branch'), next: trans.__('Next branch') };
    this._stepper.lead({ previous: this._words(-1), next: this._words(1) }, names);
  }

  private _words(step: number): string | undefined {
    const { trans } = this._options;
    const target = branchAt(this._branches!, step);
    const version = this._versions.find(one => one.version === target?.version);
    if (!version) {
      return undefined;
    }
    const run = version.runs.at(-1);
    const words = [ago(Math.max(version.created, run?.started ?? 0), nowUs(), trans)];
    words.push(run ? `${statusWord(run.status, trans)} [${run.count}]` : trans.__('never run'));
    const what = version.label || this._compared.get(version.version) || version.summary;
    return words.join(', ') + (what ? `\n${what}` : '');
  }

  private async _compare(): Promise<void> {
    const branches = this._branches!;
    for (const step of [-1, 1]) {
      const target = branchAt(branches, step);
      if (target) {
        const words = await this._options.compare(target.version);
        if (this._branches === branches) {
          this._compared.set(target.version, words);
          this._lead();
        }
      }
    }
  }

  private _options: BranchSwitcherOptions;
  private _stepper: Stepper;
  private _branches?: Branches;
  private _versions: readonly Version[] = [];
  private _compared = new Map<number, string>();
}
