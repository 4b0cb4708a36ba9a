import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement, RefObject } from 'react';

export interface FilterState {
  text: string;
  runs: boolean;
  errors: boolean;
  pinned: boolean;
}

export const NO_FILTER: FilterState = { text: '', runs: false, errors: false, pinned: false };

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
    const none = next.text === '' && !next.runs && !next.errors && !next.pinned;
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
    <div className="fk-Filter" role="search">
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
            set({ text: '' });
            onLeave();
          } else {
            return;
          }
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <div className="fk-Filter-line">
        {toggle('runs', trans.__('Runs'), trans.__('Only what was run'))}
        {toggle('errors', trans.__('Errors'), trans.__('Only what failed'))}
        {toggle('pinned', trans.__('Pinned'), trans.__('Only what is pinned or has a label'))}
        <span className="fk-quiet fk-Filter-note" aria-live="polite">
          {note}
        </span>
      </div>
    </div>
  );
}
