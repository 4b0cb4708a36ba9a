import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';
import { ago, dateTime } from './words.js';

/** So many are seen at once; a longer list is closed at first. */
const OPEN_MAX = 3;

interface Deleted {
  key: string;
  name: ReactElement;
  time: number; // when it was seen last
}

interface Props {
  heading: string;
  items: readonly Deleted[]; // newest first
  now: number;
  trans: TranslationBundle;
  onBack: (key: string) => void;
}

/** What was deleted, each with the way to have it back. */
export function DeletedList({ heading, items, now, trans, onBack }: Props): ReactElement | null {
  return items.length === 0 ? null : (
    <details className="fk-Deleted" open={items.length <= OPEN_MAX}>
      <summary>{heading}</summary>
      <ul>
        {items.map(({ key, name, time }) => (
          <li key={key}>
            {name}
            <time className="fk-quiet" title={dateTime(time)}>
              {ago(time, now, trans)}
            </time>
            <button className="fk-Button" onClick={() => onBack(key)}>
              {trans.__('Bring back')}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
