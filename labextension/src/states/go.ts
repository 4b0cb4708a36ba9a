import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { State } from '../kernel/protocol.js';
import type { ProgramStates } from './program_states.js';

/** Go to the state that a run left, 0: to a fresh program. Asks first where cells are run again; words for the person. */
export async function goToState(program: ProgramStates, run: number, trans: TranslationBundle): Promise<string> {
  const state = program.states.find(one => one.run === run);
  if (state?.available === 'gone') {
    return trans.__('There is no way back to this state: %1.', state.how.replace(/^gone: /, ''));
  }
  if (
    run === 0 &&
    !(await confirm(trans.__('Start with a fresh program?'), freshWords(trans), trans.__('Start'), trans))
  ) {
    return '';
  }
  if (state?.available === 'again' && !(await confirmAgain(state, trans))) {
    return '';
  }
  return program.go('goto', { run });
}

/** Take the last run back: its variables, not its text. */
export async function undoRun(program: ProgramStates, trans: TranslationBundle): Promise<string> {
  const current = program.states.find(one => one.run === program.current);
  const before = program.states.find(one => one.run === current?.parent);
  if (before?.available === 'again' && !(await confirmAgain(before, trans))) {
    return '';
  }
  return program.go('undo');
}

export async function resume(program: ProgramStates, trans: TranslationBundle): Promise<string> {
  const words = trans.__(
    'The cells that the program of the last kernel had run are run again, one after the other. You can stop it on the way.'
  );
  const title = trans.__('Bring back the program of the last kernel?');
  return (await confirm(title, words, trans.__('Bring Back'), trans)) ? program.go('resume') : '';
}

function confirmAgain(state: State, trans: TranslationBundle): Promise<boolean> {
  const words = trans.__(
    'Going to the state after run [%1] %2. What the cells do outside of the program, such as writing files, they do again.',
    state.count,
    state.how
  );
  return confirm(trans.__('Run cells again?'), words, trans.__('Run Again'), trans);
}

function freshWords(trans: TranslationBundle): string {
  return trans.__('Nothing is defined then. The states of now stay in the list, and you can go back to them.');
}

async function confirm(title: string, body: string, accept: string, trans: TranslationBundle): Promise<boolean> {
  const buttons = [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.okButton({ label: accept })];
  return (await showDialog({ title, body, buttons })).button.accept;
}
