import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { MessageLoop, type Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import type { Told } from '../kernel/protocol.js';
import type { NotebookHistory } from '../notebook_history.js';

interface Options {
  trans: TranslationBundle;
  isWanted: () => boolean;
  showStates: () => void;
}

/**
 * After a crash: what was kept, above the notebook, where it covers nothing. Goes with the next cell that runs well, and
 * with the kernel that it tells of.
 */
export class CrashBanner extends Widget {
  constructor(history: NotebookHistory, { trans, isWanted, showStates }: Options) {
    super();
    this.addClass('fk-CrashBanner');
    this.node.setAttribute('role', 'status');
    this._words = document.createElement('p');
    const states = document.createElement('button');
    states.className = 'fk-Button';
    states.textContent = trans.__('Show states');
    states.addEventListener('click', showStates);
    const dismiss = document.createElement('button');
    dismiss.className = 'fk-Button fk-CrashBanner-dismiss';
    dismiss.textContent = '✕';
    dismiss.title = trans.__('Dismiss');
    dismiss.setAttribute('aria-label', dismiss.title);
    dismiss.addEventListener('click', () => this.hide());
    this._body = document.createElement('div');
    this._body.className = 'fk-CrashBanner-body';
    this._body.append(this._words, states, dismiss);
    this.node.append(this._body);
    this.hide();
    const headings = {
      complete: trans.__('The cell crashed, and nothing is lost.'),
      partly: trans.__('The program was lost.')
    };
    history.connection.told.connect((_, data) => {
      const told = data as unknown as Told;
      if (told.type === 'recovered' && isWanted()) {
        const heading = document.createElement('strong');
        heading.textContent = told.complete ? headings.complete : headings.partly;
        this._words.replaceChildren(heading, ` ${told.text}`);
        this.toggleClass('fk-mod-partly', !told.complete);
        attach(this, history.panel);
        this.show();
      } else if (told.type === 'changed' && told.status === 'ok') {
        this.hide();
      }
    }, this);
    const { sessionContext } = history.panel;
    sessionContext.kernelChanged.connect(this.hide, this);
    sessionContext.statusChanged.connect((_, status) => /restarting$/.test(status) && this.hide(), this);
    history.panel.disposed.connect(() => this.dispose());
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
    const height = `${this._body.offsetHeight}px`;
    if (this.isVisible && this.node.style.minHeight !== height) {
      this.node.style.minHeight = height;
      if (this.parent) {
        MessageLoop.postMessage(this.parent, Widget.Msg.FitRequest);
      }
    }
  }

  private _words: HTMLElement;
  private _body: HTMLElement;
}

function attach(banner: Widget, panel: NotebookPanel): void {
  if (!banner.isAttached) {
    panel.contentHeader.addWidget(banner);
  }
}
