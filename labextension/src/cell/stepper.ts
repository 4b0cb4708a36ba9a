import type { LabIcon } from '@jupyterlab/ui-components';

export interface StepperOptions {
  className: string;
  icon: LabIcon; // what sort of things it steps through
  label: string; // what it steps through
  step: (step: number) => void;
  looked?: () => void; // somebody wants to know more
}

/** What the two buttons lead to, in words; undefined: nothing is there. */
export interface Ways {
  previous: string | undefined;
  next: string | undefined;
}

/** "‹ 2/3 ›" with a small picture, beside a prompt of a cell. */
export class Stepper {
  constructor(options: StepperOptions) {
    this.node = document.createElement('div');
    this.node.className = `fk-Stepper ${options.className}`;
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-label', options.label);
    this.node.dataset.lmSuppressShortcuts = 'true'; // Enter presses a button here
    const button = (sign: string, step: number) => {
      const made = document.createElement('button');
      made.type = 'button';
      made.textContent = sign;
      made.addEventListener('click', () => options.step(step));
      return made;
    };
    this._previous = button('‹', -1);
    this._place = document.createElement('span');
    this._icon = options.icon.element({ tag: 'span', className: 'fk-Stepper-icon', width: '11px', height: '11px' });
    this._icon.setAttribute('aria-hidden', 'true');
    this._next = button('›', 1);
    this.node.append(this._previous, this._icon, this._place, this._next);
    // The focus stays where it was, so that Ctrl-Z works at once.
    this.node.addEventListener('mousedown', event => event.preventDefault());
    this.node.addEventListener('keydown', event => this._onKey(event));
    for (const looked of ['pointerenter', 'focusin']) {
      this.node.addEventListener(looked, () => options.looked?.());
    }
  }

  readonly node: HTMLElement;

  /** Somebody has it under the mouse, or the focus in it. */
  get isLookedAt(): boolean {
    return this.node.matches(':hover, :focus-within');
  }

  show(place: string, title: string): void {
    this._place.textContent = place;
    this._place.title = this._icon.title = title;
  }

  /** @param names what the buttons are where they lead nowhere */
  lead(ways: Ways, names: { previous: string; next: string }): void {
    const describe = (button: HTMLButtonElement, way: string | undefined, name: string) => {
      // Not `disabled`: that would drop the focus of whoever steps by keyboard.
      button.setAttribute('aria-disabled', String(way === undefined));
      button.title = way === undefined ? '' : `${name}: ${way}`;
      button.setAttribute('aria-label', button.title || name);
    };
    describe(this._previous, ways.previous, names.previous);
    describe(this._next, ways.next, names.next);
  }

  private _onKey(event: KeyboardEvent): void {
    const button = event.key === 'ArrowLeft' ? this._previous : event.key === 'ArrowRight' ? this._next : undefined;
    if (button && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      event.stopPropagation();
      button.focus();
      button.click();
    }
  }

  private _previous: HTMLButtonElement;
  private _icon: HTMLElement;
  private _place: HTMLElement;
  private _next: HTMLButtonElement;
}
