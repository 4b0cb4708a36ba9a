import { useEffect, useState, type ReactElement } from 'react';
import type { Edge } from '../kernel/protocol.js';
import type { CellTree } from '../tree/cell_tree.js';
import { bringBack } from './actions.js';
import type { NotebookView, PanelServices } from './services.js';
import { nameOf } from './words.js';

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
  const look = (edge: Edge) =>
    attempt(async () => {
      const { contents } = view;
      const { document, other } = edge;
      setLooked({ edge, text: await (document ? contents.textIn(document, other) : contents.text(other)) });
      return '';
    });
  const walk = (edge: Edge) =>
    edge.deleted || edge.document ? look(edge) : services.revealVersion(edge.cell, edge.other);
  const restore = (edge: Edge) =>
    attempt(async () => {
      await bringBack(view, services, edge.cell);
      services.revealVersion(edge.cell, edge.other);
      return trans.__('The cell is back.');
    });
  const row = (edge: Edge, words: string) => (
    <li key={`${edge.version} ${edge.other}`}>
      <button className="fk-Edge" onClick={() => void walk(edge)} title={edge.path ?? edge.summary}>
        {words}
      </button>
    </li>
  );
  const origin = ({ version, other, path, summary, deleted }: Edge) => {
    if (path) {
      return trans.__('v%1 from v%2 in %3: “%4”', version, other, nameOf(path), summary || trans.__('empty'));
    }
    return deleted
      ? trans.__('v%1 from v%2 of “%3”, a deleted cell', version, other, summary || trans.__('empty'))
      : trans.__('v%1 from v%2 of “%3”', version, other, summary || trans.__('empty'));
  };
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
        <div
          role="group"
          aria-label={
            looked.edge.path
              ? trans.__('Version %1 in %2', looked.edge.other, nameOf(looked.edge.path))
              : trans.__('Version %1 of a deleted cell', looked.edge.other)
          }
        >
          <pre className="fk-EdgeText">{looked.text}</pre>
          {!looked.edge.document && (
            <button className="fk-Button fk-mod-main" onClick={() => void restore(looked.edge)}>
              {trans.__('Bring back the cell')}
            </button>
          )}
          <button className="fk-Button" onClick={() => setLooked(undefined)}>
            {trans.__('Close')}
          </button>
        </div>
      )}
    </div>
  );
}
