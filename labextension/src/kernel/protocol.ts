/** What the kernel answers over the comm; words and units are those of docs/comm.md: times in microseconds. */
import type * as nbformat from '@jupyterlab/nbformat';

export type RunStatus = 'running' | 'ok' | 'error' | 'interrupted' | 'aborted' | 'killed';
export type CellType = 'code' | 'markdown' | 'raw';

export interface Run {
  run: number;
  count: number;
  status: RunStatus;
  started: number;
  ended: number;
  outputs: number;
  dropped: number;
  mime: string[];
  parent: number;
  summary: string;
  label: string;
  pinned: boolean;
}

/** What a version changed: lines, and the first of them, as it was and is ("": there was none). */
export interface Change {
  added: number;
  removed: number;
  summary: string;
  before: string;
  after: string;
}

export interface Version {
  version: number;
  parent: number; // 0: none
  created: number;
  cause: string;
  head: boolean;
  summary: string;
  label: string;
  pinned: boolean;
  runs: Run[]; // oldest first
  change?: Change; // where it was asked for
  text?: string; // where it was asked for
}

/** A version of this cell came from one of another cell, or went into it. */
export interface Edge {
  version: number; // of this cell
  document?: number; // of another notebook, that has the other one
  path?: string; // where that lies, or lay last; absolute
  cell: string; // the other one
  other: number; // its version
  summary: string;
  deleted: boolean; // the other cell is
  cause: string;
  time: number;
}

export interface CellInfo {
  cell: string;
  type: CellType;
  head: number;
  summary: string;
  versions: number;
  runs: number;
  created: number;
  deleted: number; // 0: it is there
  last_run: number;
}

/** What a cell shows as the history has it, beside the text that was asked with. */
export interface CellHead {
  cell: string;
  head: number;
  hash: number; // of the head's text
  edited: number; // when that was made
  version: number; // with the text that was sent, 0: none; else the head
  before: number; // the head that a file took the place of; 0: it was no file
  run: Run | null; // the last one of `version`
}

/** The outputs of one run, and how many bytes of each are missing. */
export interface RunOutputs {
  run: Run;
  outputs: nbformat.IOutput[];
  left_out: number[];
}

/** What a cell has besides its text; missing where nothing was ever told. */
export interface Extras {
  metadata?: nbformat.ICell['metadata'];
  attachments?: nbformat.IAttachments;
  extras_left_out?: { bytes: number; hash: string }; // they were not kept
}

/** The answer to `restore` and `undelete`: the version whose text the cell has now. */
export interface Restored extends Version, Extras {
  cell: string;
  text: string;
  before: number; // what the cell showed
  outputs: nbformat.IOutput[];
  left_out: number[];
}

export interface Undeleted extends Restored {
  cell_type: CellType;
  after: string | null;
  index: number | null;
}

export type Block =
  | { kind: 'equal'; left: number; right: number; lines: string[] }
  | { kind: 'changed'; left: number; right: number; removed: string[]; added: string[] };

export interface LogEvent {
  event: 'version' | 'move' | 'delete' | 'undelete' | 'run';
  time: number;
  cell: string;
  from: number;
  to: number;
  cause: string;
  summary: string;
  run?: number;
  count?: number;
  status?: RunStatus;
  ended?: number;
}

/** A kernel at work on the notebook; `ended` 0: it runs. */
export interface Session {
  session: number;
  started: number;
  ended: number;
}

export interface Found {
  where: 'text' | 'output';
  version: number;
  cell: string;
  summary: string; // of the version's text
  time: number;
  matches: number;
  line: number;
  excerpt: string;
  document?: string; // the path of another notebook than the one that was asked
  run?: number; // these three: of an output
  count?: number;
  mime?: string;
}

export interface State {
  run: number;
  parent: number;
  count: number;
  version: number;
  defines: string;
  effects: string;
  available: 'live' | 'again' | 'gone';
  how: string;
  again_cells: number;
  again_us: number;
  bytes: number;
  started?: number;
}

export type MomentKind =
  | 'now' // the page's own
  | 'saved'
  | 'restore'
  | 'clear-outputs'
  | 'session'
  | 'run-all'
  | 'restart-run-all'
  | 'change'
  | 'replace'
  | 'delete'
  | 'file';

/** A time of the notebook that means something. */
export interface Moment {
  kind: MomentKind;
  time: number; // the notebook at this time is what is meant
  about: number; // of `restore` a time, of `session` its number, else how many cells
  cells: number; // that were edited since the moment before it
  runs: number; // that began since then
}

/** A notebook of which there is no file. */
/** A document that a notebook began beside, and may go on. */
export interface Origin {
  document: number;
  how: 'copy' | 'place'; // copied from it, or came to its path
  path: string; // absolute, where it lies, or lay last
  name: string;
  there: boolean; // its file is
  since: number; // when the notebook began
}

export interface Origins {
  path: string; // of the notebook that was asked about, absolute
  origins: Origin[];
}

export interface GoneNotebook {
  document: number;
  path: string; // absolute, where it lay last
  name: string;
  last_seen: number;
  cells: number; // deleted ones, too
  versions: number;
  runs: number;
}

/** One limit on what is kept of outputs. */
export interface Setting {
  name: string;
  meaning: string;
  bytes: boolean; // else it is a count
  standard: number;
  least: number;
  most: number;
  in_force: number; // for this notebook
  notebook: number; // set for it; 0: not set
  all: number; // set for all notebooks
}

/** Told unasked. */
export type Told =
  | {
      type: 'changed';
      heads?: Record<string, number>;
      run?: number;
      cell?: string;
      version?: number;
      status?: RunStatus;
      file?: boolean;
      head?: number;
      state?: number;
      elsewhere?: boolean;
      runs?: { run: number; cell: string; version: number; status: RunStatus }[];
      layout?: boolean;
      marks?: boolean;
    }
  | { type: 'state'; running: true; wanted: number; at: number; of: number }
  | { type: 'state'; running: false; wanted: number; run: number; arrived: boolean; report: string; error?: string }
  | { type: 'recovered'; complete: boolean; cell_run: number; run: number; text: string };
