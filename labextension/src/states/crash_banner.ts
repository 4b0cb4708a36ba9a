import type { TranslationBundle } from '@jupyterlab/translation';
import { HeaderLine, makeButton } from '../header_line.js';
import type { Told } from '../kernel/protocol.js';
import type { NotebookHistory } from '../notebook_history.js';

interface Options {
  trans: TranslationBundle;
  isWanted: () => boolean;
  showStates: () => void;
}

/** After a crash: what was kept. Goes with the next cell that runs well, and with the kernel that it tells of. */
export class CrashBanner extends HeaderLine {
  constructor(history: NotebookHistory, { trans, isWanted, showStates }: Options) {
    super(history.panel, trans);
    this.addClass('fk-CrashBanner');
    this.buttons.append(makeButton(trans.__('Show states'), showStates));
    const headings = {
      complete: trans.__('The cell crashed, and nothing is lost.'),
      partly: trans.__('The program was lost.')
    };
    history.connection.told.connect((_, data) => {
      const told = data as unknown as Told;
      if (told.type === 'recovered' && isWanted()) {
        const heading = document.createElement('strong');
        heading.textContent = told.complete ? headings.complete : headings.partly;
        this.words.replaceChildren(heading, ` ${told.text}`);
        this.toggleClass('fk-mod-partly', !told.complete);
        this.open();
      } else if (told.type === 'changed' && told.status === 'ok') {
        this.hide();
      }
    }, this);
    const { sessionContext } = history.panel;
    sessionContext.kernelChanged.connect(this.hide, this);
    sessionContext.statusChanged.connect((_, status) => /restarting$/.test(status) && this.hide(), this);
  }
}
