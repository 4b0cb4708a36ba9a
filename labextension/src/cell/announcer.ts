/** Words for screen readers only, said when the reader has nothing more urgent. */
export function makeAnnouncer(): (words: string) => void {
  const node = document.createElement('div');
  node.className = 'fk-Announcer';
  node.setAttribute('role', 'status');
  node.setAttribute('aria-live', 'polite');
  document.body.append(node);
  return words => {
    node.textContent = '';
    // The same words twice are said twice.
    requestAnimationFrame(() => (node.textContent = words));
  };
}
