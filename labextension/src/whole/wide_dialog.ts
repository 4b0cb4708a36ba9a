import { Dialog } from '@jupyterlab/apputils';

/** Of a button that is no dialog's main one: it is not filled. */
export const SECOND = 'fk-mod-second';

/** A dialog whose body has controls of its own: the keys are theirs as long as the focus is there. */
export class WideDialog<T> extends Dialog<T> {
  constructor(options: Partial<Dialog.IOptions<T>>) {
    super(options);
    this.addClass('fk-WideDialog');
  }

  handleEvent(event: Event): void {
    const body = this.node.querySelector('.jp-Dialog-body');
    const isBodys = event.target instanceof Node && body?.contains(event.target);
    const { key } = event as KeyboardEvent;
    if (event.type === 'keydown' && isBodys && key !== 'Escape') {
      return;
    }
    super.handleEvent(event);
  }

  /** Buttons are found by the class that they were given. */
  enable(button: string, isEnabled: boolean): void {
    const node = this.node.querySelector<HTMLButtonElement>(`.jp-Dialog-button.${button}`);
    if (node) {
      node.disabled = !isEnabled;
    }
  }
}
