import type { TranslationBundle } from '@jupyterlab/translation';
import { HeaderLine, makeButton } from '../header_line.js';
import type { Run, Told } from '../kernel/protocol.js';
import type { NotebookHistory } from '../notebook_history.js';

interface Options {
  trans: TranslationBundle;
  isWanted: () => boolean;
  resume: () => void;
}

/**
 * After the kernel itself was killed and another one has taken its place: what is kept, and the way back to the variables.
 * Goes when something runs.
 */
export class KilledLine extends HeaderLine {
  constructor(history: NotebookHistory, { trans, isWanted, resume }: Options) {
    super(history.panel, trans);
    this.addClass('fk-KilledLine');
    const { connection } = history;
    const { sessionContext } = history.panel;
    let died = false; // on this page's watch, not by the person's wish
    let said: number | undefined; // the run that was cut off; a lost connection does not say it again
    this.buttons.append(makeButton(trans.__('Bring the variables back'), resume));
    const show = () => {
      const { cutOff } = connection;
      if (connection.state === 'open' && (died || (cutOff && cutOff.run !== said)) && isWanted()) {
        died = false;
        said = cutOff?.run;
        const heading = document.createElement('strong');
        heading.textContent = trans.__('The kernel was killed, and nothing that it printed is lost.');
        this.words.replaceChildren(heading, ` ${whatIsKept(cutOff, trans)}`);
        this.open();
      }
    };
    sessionContext.statusChanged.connect((_, status) => {
      if (status === 'autorestarting') {
        died = true;
      }
    }, this);
    connection.stateChanged.connect(show, this);
    connection.told.connect((_, data) => {
      const told = data as unknown as Told;
      if (told.type === 'state' || (told.type === 'changed' && told.status !== undefined)) {
        this.hide();
      }
    }, this);
    show();
  }
}

function whatIsKept(run: Run | undefined, trans: TranslationBundle): string {
  const outputs = run
    ? trans.__('Run [%1] was cut off; what it had printed by then is in the history.', run.count)
    : trans.__('No cell was running.');
  return `${outputs} ${trans.__('The variables are gone; the cells that made them can be run again.')}`;
}
