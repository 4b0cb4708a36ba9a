/** A screen reader says what changes in a region that it knows: the time between making one and using it (ms). */
const NOTICED_MS = 100;

/** Words for screen readers only, said when the reader has nothing more urgent. Nothing is there until there are some. */
export function makeAnnouncer(): (words: string) => void {
  let node: HTMLElement | undefined;
  return words => {
    node ??= addRegion();
    node.textContent = ''; // the same words twice are said twice
    setTimeout(() => (node!.textContent = words), NOTICED_MS);
  };
}

function addRegion(): HTMLElement {
  const node = document.createElement('div');
  node.className = 'fk-Announcer';
  node.setAttribute('role', 'status');
  node.setAttribute('aria-live', 'polite');
  document.body.append(node);
  return node;
}
