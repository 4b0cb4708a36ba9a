import type * as nbformat from '@jupyterlab/nbformat';
import type { Contents } from '@jupyterlab/services';
import type { GoneNotebook } from '../kernel/protocol.js';
import { RefusedError } from '../kernel/connection.js';
import type { NotebookHistory } from '../notebook_history.js';
import type { HistoryServices } from '../panel/services.js';
import { folderOf, saveAsNew } from './copy.js';

/** What is needed to make a file. */
type Services = Pick<HistoryServices, 'contents' | 'trans' | 'open'>;

/**
 * Notebooks that the history knows and whose file is not there; none where the kernel does not know, or has just gone.
 *
 * @param everywhere not only those that lay in this notebook's folder
 */
export async function readGone({ connection }: NotebookHistory, everywhere = false): Promise<GoneNotebook[]> {
  try {
    return (await connection.request<{ gone: GoneNotebook[] }>('gone', { everywhere })).gone;
  } catch {
    return [];
  }
}

/** Whether it lay where the server has this path: the server does not say where its folder is. */
export function placeOnServer({ path }: Pick<GoneNotebook, 'path'>, local: string): boolean {
  return path.endsWith(`/${local.replace(/^\/+/, '')}`);
}

/**
 * Makes the file of a notebook that is gone anew, under its name where that is free and its folder is one of the
 * server's, else beside the notebook that answers. Opens it; returns its path.
 */
export async function bringNotebookBack(
  history: NotebookHistory,
  services: Services,
  gone: Pick<GoneNotebook, 'document' | 'path' | 'name'>,
  wanted?: string
): Promise<string> {
  const { notebook } = await history.connection.request<{ notebook: nbformat.INotebookContent }>('notebook', {
    format: 'nbformat',
    time: 0,
    document: gone.document
  });
  if (!notebook) {
    throw new RefusedError(services.trans.__('The history has no cells of %1.', gone.name));
  }
  const { contents } = services;
  const folder = wanted === undefined ? folderOf(contents, history.panel.context.path) : folderOf(contents, wanted);
  const path = await saveAsNew(contents, folder, gone.name, notebook);
  await services.open(path);
  return path;
}

/** False: something is there. */
export async function isMissing(contents: Contents.IManager, path: string): Promise<boolean> {
  try {
    await contents.get(path, { content: false });
    return false;
  } catch (error) {
    return (error as { response?: Response }).response?.status === 404;
  }
}
