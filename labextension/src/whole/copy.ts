import type * as nbformat from '@jupyterlab/nbformat';
import type { Contents } from '@jupyterlab/services';

/** Names that are tried before the one that the server has given stays. */
const NAMES_MAX = 20;

/** "3 May 14.00", in the person's own time; without signs that a file system refuses. */
export function whenWords(time: number, now = Date.now()): string {
  const date = new Date(time / 1000);
  const month = date.toLocaleDateString(undefined, { month: 'short' }).replace(/[/\\:.]/g, '');
  const year = date.getFullYear() === new Date(now).getFullYear() ? '' : ` ${date.getFullYear()}`;
  const two = (number: number) => String(number).padStart(2, '0');
  return `${date.getDate()} ${month}${year} ${two(date.getHours())}.${two(date.getMinutes())}`;
}

/** "Analysis (3 May 14.00).ipynb": of which notebook, and of when. */
export function nameOfThen(path: string, when: string): string {
  const base = path.slice(path.lastIndexOf('/') + 1).replace(/\.ipynb$/, '');
  return `${base} (${when}).ipynb`;
}

/** The n-th name to try: "Analysis (3 May 14.00) 2.ipynb". */
export function nthName(name: string, n: number): string {
  return n === 1 ? name : name.replace(/\.ipynb$/, ` ${n}.ipynb`);
}

/** The folder of a path, with its drive. */
export function folderOf(contents: Contents.IManager, path: string): string {
  const drive = contents.driveName(path);
  const local = contents.localPath(path);
  const folder = local.slice(0, Math.max(0, local.lastIndexOf('/')));
  return drive ? `${drive}:${folder}` : folder;
}

/**
 * A new file in `folder` under this name, or the next one that is free. Nothing is ever written over: the server gives
 * the file a name that no other has, and refuses to rename it to one that is taken. Returns its path.
 */
export async function saveAsNew(
  contents: Contents.IManager,
  folder: string,
  name: string,
  content: nbformat.INotebookContent
): Promise<string> {
  const made = await contents.newUntitled({ path: folder, type: 'notebook' });
  await contents.save(made.path, { type: 'notebook', format: 'json', content });
  for (let n = 1; n <= NAMES_MAX; n++) {
    const wanted = (folder === '' || folder.endsWith(':') ? folder : `${folder}/`) + nthName(name, n);
    try {
      return (await contents.rename(made.path, wanted)).path;
    } catch (error) {
      if ((error as { response?: Response }).response?.status !== 409) {
        throw error;
      }
    }
  }
  return made.path;
}
