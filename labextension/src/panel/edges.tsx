import { useEffect, useState, type ReactElement } from 'react';
import type { Edge } from '../kernel/protocol.js';
import type { CellTree } from '../tree/cell_tree.js';
import { bringBack } from './actions.js';
import type { NotebookView, PanelServices } from './services.js';

interface Props {
  view: NotebookView;
  services: PanelServices;
  tree: CellTree;
  attempt: (action: () => Promise<string>) => Promise<void>;
}

/** What the cell's texts came from in other cells, and what became of them there; each leads to the other cell's tree. */
export function Edges({ view, services, tree, attempt }: Props): ReactElement | null {
  const { trans } = services;
  const [looked, setLooked] = useState<{ edge: Edge; text: string }>();
  const { origins, pieces } = tree;
  useEffect(() => setLooked(undefined), [tree, origins, pieces]);
  if (origins.length + pieces.length === 0) {
    return null;
  }
  const walk = (edge: Edge) =>
    edge.deleted
      ? attempt(async () => {
          setLooked({ edge, text: await view.contents.text(edge.other) });
          return '';
        })
      : services.revealVersion(edge.cell, edge.other);
  const restore = (edge: Edge) =>
    attempt(async () => {
      await bringBack(view, services, edge.cell);
      services.revealVersion(edge.cell, edge.other);
      return trans.__('The cell is back.');
    });
  const row = (edge: Edge, words: string) => (
    <li key={`${edge.version} ${edge.other}`}>
      <button className="fk-Edge" onClick={() => void walk(edge)} title={edge.summary}>
        {words}
      </button>
    </li>
  );
  const origin = ({ version, other, summary, deleted }: Edge) =>
    deleted
      ? trans.__('v%1 from v%2 of “%3”, a deleted cell', version, other, summary || trans.__('empty'))
      : trans.__('v%1 from v%2 of “%3”', version, other, summary || trans.__('empty'));
  const piece = ({ version, other, summary, deleted }: Edge) =>
    deleted
      ? trans.__('v%1 went into v%2 of “%3”, a deleted cell', version, other, summary || trans.__('empty'))
      : trans.__('v%1 went into v%2 of “%3”', version, other, summary || trans.__('empty'));
  return (
    <div className="fk-Edges">
      <ul aria-label={trans.__('Other cells that texts came from or went to')}>
        {origins.map(edge => row(edge, origin(edge)))}
        {pieces.map(edge => row(edge, piece(edge)))}
      </ul>
      {looked && (
        <div role="group" aria-label={trans.__('Version %1 of a deleted cell', looked.edge.other)}>
          <pre className="fk-EdgeText">{looked.text}</pre>
          <button className="fk-Button fk-mod-main" onClick={() => void restore(looked.edge)}>
            {trans.__('Bring back the cell')}
          </button>
          <button className="fk-Button" onClick={() => setLooked(undefined)}>
            {trans.__('Close')}
          </button>
        </div>
      )}
    </div>
  );
}
