import type { Cause } from './cell_log.js';

/**
 * What makes a change that comes from no editor. JupyterLab's search and replace goes past the editors, too; whoever
 * replaces has the focus in its box.
 */
export function programCause(): Cause {
  return document.activeElement?.closest('.jp-DocumentSearch-overlay') ? 'replace' : 'program';
}
