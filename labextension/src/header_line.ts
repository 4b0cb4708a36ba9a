import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { MessageLoop, type Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

/** A line above a notebook, where it covers nothing: words, buttons, and a cross that puts it out of sight. */
export class HeaderLine extends Widget {
  constructor(
    private _panel: NotebookPanel,
    trans: TranslationBundle
  ) {
    super();
    this.addClass('fk-HeaderLine');
    this.node.setAttribute('role', 'status');
    this.words = document.createElement('p');
    this.buttons = document.createElement('span');
    this.buttons.className = 'fk-HeaderLine-buttons';
    const dismiss = makeButton('✕', () => this.dismiss());
    dismiss.classList.add('fk-HeaderLine-dismiss');
    dismiss.title = trans.__('Dismiss');
    dismiss.setAttribute('aria-label', dismiss.title);
    const line = document.createElement('div');
    line.className = 'fk-HeaderLine-line';
    line.append(this.words, this.buttons, dismiss);
    this.body = document.createElement('div');
    this.body.className = 'fk-HeaderLine-body';
    this.body.append(line);
    this.node.append(this.body);
    this.hide();
    this._panel.disposed.connect(() => this.dispose());
  }

  /** Show it; call it again when what is in it has another height. */
  open(): void {
    if (!this.isAttached) {
      this._panel.contentHeader.addWidget(this);
    }
    this.show();
    this._grow();
  }

  dismiss(): void {
    this.hide();
  }

  dispose(): void {
    Signal.disconnectReceiver(this);
    super.dispose();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._grow();
  }

  protected onResize(): void {
    this._grow();
  }

  /** The header of a notebook is as high as the least height of what is in it. */
  private _grow(): void {
    const height = `${this.body.offsetHeight}px`;
    if (this.isVisible && this.node.style.minHeight !== height) {
      this.node.style.minHeight = height;
      if (this.parent) {
        MessageLoop.postMessage(this.parent, Widget.Msg.FitRequest);
      }
    }
  }

  protected readonly words: HTMLElement;
  protected readonly buttons: HTMLElement;
  protected readonly body: HTMLElement;
}

export function makeButton(words: string, onClick: () => void): HTMLButtonElement {
  const button = document.createElement('button');
  button.className = 'fk-Button';
  button.textContent = words;
  button.addEventListener('click', onClick);
  return button;
}
