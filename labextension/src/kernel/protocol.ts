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

/** What a version changed: lines, and the first of them. */
export interface Change {
  added: number;
  removed: number;
  summary: string;
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

export interface Found {
  where: 'text' | 'output';
  version: number;
  cell: string;
  matches: number;
  line: number;
  excerpt: string;
  run?: number;
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
