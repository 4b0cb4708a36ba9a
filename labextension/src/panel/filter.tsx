import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement, RefObject } from 'react';
import type { Scope } from './search.js';

export interface FilterState {
  text: string;
  scope: Scope;
  runs: boolean;
  errors: boolean;
  pinned: boolean;
}

export const NO_FILTER: FilterState = { text: '', scope: 'cell', runs: false, errors: false, pinned: false };

interface Props {
  state: FilterState;
  onChange: (state: FilterState) => void;
  inputRef: RefObject<HTMLInputElement>;
  trans: TranslationBundle;
  note: string;
  onLeave: () => void; // back to the tree
}

export function Filter({ state, onChange, inputRef, trans, note, onLeave }: Props): ReactElement {
  const set = (change: Partial<FilterState>) => {
    const next = { ...state, ...change };
    const none = next.text === '' && next.scope === 'cell' && !next.runs && !next.errors && !next.pinned;
    onChange(none ? NO_FILTER : next);
  };
  const toggle = (name: 'runs' | 'errors' | 'pinned', label: string, title: string) => (
    <button
      className="fk-Toggle"
      aria-pressed={state[name]}
      title={title}
      onClick={() => set({ [name]: !state[name] })}
    >
      {state[name] ? '✓ ' : ''}
      {label}
    </button>
  );
  return (
    <div className={`fk-Filter ${state.text || state.scope !== 'cell' ? 'fk-mod-searching' : ''}`} role="search">
      <div className="fk-Filter-search">
        <input
          ref={inputRef}
          type="search"
          className="fk-Input"
          placeholder={trans.__('Search texts and outputs')}
          aria-label={trans.__('Search texts and outputs')}
          value={state.text}
          onChange={event => set({ text: event.target.value })}
          onKeyDown={event => {
            if (event.key === 'Enter' || event.key === 'ArrowDown') {
              onLeave();
            } else if (event.key === 'Escape') {
              onChange(NO_FILTER);
              onLeave();
            } else {
              return;
            }
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        <select
          className="fk-Input fk-Filter-scope"
          aria-label={trans.__('Search in')}
          value={state.scope}
          onChange={event => set({ scope: event.target.value as Scope })}
        >
          <option value="cell">{trans.__('this cell')}</option>
          <option value="notebook">{trans.__('this notebook')}</option>
          <option value="everywhere">{trans.__('all notebooks')}</option>
        </select>
      </div>
      <div className="fk-Filter-line">
        {state.scope === 'cell' && (
          <>
            {toggle('runs', trans.__('Runs'), trans.__('Only what was run'))}
            {toggle('errors', trans.__('Errors'), trans.__('Only what failed'))}
            {toggle('pinned', trans.__('Pinned'), trans.__('Only what is pinned or has a label'))}
          </>
        )}
        <span className="fk-quiet fk-Filter-note" aria-live="polite">
          {note}
        </span>
      </div>
    </div>
  );
}
