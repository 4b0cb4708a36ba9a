/** What the kernel answers over the comm; the words are those of docs/comm.md, times are whole microseconds. */

export type RunStatus = 'running' | 'ok' | 'error' | 'interrupted' | 'aborted' | 'killed';

export interface Run {
  run: number;
  count: number;
  status: RunStatus;
  started: number;
  ended: number;
  outputs: number;
  parent: number;
  summary: string;
  label: string;
  pinned: boolean;
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
  text?: string; // where it was asked for
}
