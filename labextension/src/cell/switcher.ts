import type { Version } from '../kernel/protocol.js';
import { ago, nowUs, statusWord } from '../panel/words.js';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Branches } from './branches.js';

export interface SwitcherOptions {
  trans: TranslationBundle;
  step: (step: number) => void;
  /** What a person would see change, a few words; asked for when the switcher is looked at. */
  compare: (version: number) => Promise<string>;
}

/** "‹ 2/3 ›" in the corner of a cell's input: the branches of its text. */
export class Switcher {
  constructor(options: SwitcherOptions) {
    const { trans } = options;
    this._options = options;
    this.node = document.createElement('div');
    this.node.className = 'fk-Switcher';
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-label', trans.__('Branches of this cell'));
    this.node.dataset.lmSuppressShortcuts = 'true'; // Enter presses a button here
    this._previous = this._button('‹', -1);
    this._label = document.createElement('span');
    this._label.className = 'fk-Switcher-label';
    this._next = this._button('›', 1);
    this.node.append(this._previous, this._label, this._next);
    // The focus stays where it was, so that Ctrl-Z works at once.
    this.node.addEventListener('mousedown', event => event.preventDefault());
    this.node.addEventListener('keydown', event => this._onKey(event));
    for (const looked of ['pointerenter', 'focusin']) {
      this.node.addEventListener(looked, () => this._describe());
    }
  }

  readonly node: HTMLElement;

  show(branches: Branches, versions: readonly Version[]): void {
    const { trans } = this._options;
    this._branches = branches;
    this._versions = new Map(versions.map(version => [version.version, version]));
    const count = branches.siblings.length;
    const place = branches.index < 0 ? '–' : String(branches.index + 1);
    this._label.textContent = `${place}/${count}`;
    this._label.title =
      branches.index < 0
        ? trans.__('%1 branches go from this text', count)
        : trans.__('Branch %1 of %2 of this cell', place, count);
    for (const button of [this._previous, this._next]) {
      const target = this._target(button);
      // Not `disabled`: that would drop the focus of whoever steps by keyboard.
      button.setAttribute('aria-disabled', String(target === undefined));
      button.title = target === undefined ? '' : this._words(target, button);
      button.setAttribute('aria-label', button.title || this._direction(button));
    }
    if (this.node.matches(':hover, :focus-within')) {
      this._describe();
    }
  }

  private _button(sign: string, step: number): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = sign;
    button.dataset.step = String(step);
    button.addEventListener('click', () => this._press(button));
    return button;
  }

  private _press(button: HTMLButtonElement): void {
    this._options.step(Number(button.dataset.step));
  }

  private _onKey(event: KeyboardEvent): void {
    const button = event.key === 'ArrowLeft' ? this._previous : event.key === 'ArrowRight' ? this._next : undefined;
    if (button && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      event.stopPropagation();
      button.focus();
      this._press(button);
    }
  }

  private _target(button: HTMLButtonElement): number | undefined {
    const { index, siblings } = this._branches!;
    return siblings[index + Number(button.dataset.step)]?.version;
  }

  private _direction(button: HTMLButtonElement): string {
    const { trans } = this._options;
    return button === this._previous ? trans.__('Previous branch') : trans.__('Next branch');
  }

  private _words(target: number, button: HTMLButtonElement, compared?: string): string {
    const { trans } = this._options;
    const version = this._versions.get(target);
    if (!version) {
      return this._direction(button);
    }
    const run = version.runs.at(-1);
    const parts = [ago(Math.max(version.created, run?.started ?? 0), nowUs(), trans)];
    parts.push(run ? `${statusWord(run.status, trans)} [${run.count}]` : trans.__('never run'));
    const what = version.label || compared || version.summary;
    return `${this._direction(button)}: ${parts.join(', ')}${what ? `\n${what}` : ''}`;
  }

  private _describe(): void {
    for (const button of [this._previous, this._next]) {
      const target = this._target(button);
      if (target !== undefined) {
        void this._options.compare(target).then(compared => {
          if (this._target(button) === target) {
            button.title = this._words(target, button, compared);
            button.setAttribute('aria-label', button.title);
          }
        });
      }
    }
  }

  private _options: SwitcherOptions;
  private _previous: HTMLButtonElement;
  private _next: HTMLButtonElement;
  private _label: HTMLElement;
  private _branches?: Branches;
  private _versions = new Map<number, Version>();
}
