import type * as nbformat from '@jupyterlab/nbformat';
import { Signal, type ISignal } from '@lumino/signaling';
import type { HistoryConnection } from '../kernel/connection.js';
import type { Run, RunOutputs, Version } from '../kernel/protocol.js';

/** Of each output of a run that is looked at; what is more is said not to be shown. */
const PREVIEW_BYTES = 1 << 20;

const THUMBNAIL_BYTES = 300_000;
const THUMBNAIL_MIMES = ['image/png', 'image/svg+xml', 'image/jpeg', 'image/gif'];
const RUNS_AT_ONCE = 64;

/** What is kept of what was looked at: walking up and down asks once. */
const KEPT_MAX = 100;

/** Texts, outputs and thumbnails of one notebook. Versions never change, and neither do runs that have ended. */
export class HistoryContents {
  constructor(connection: Pick<HistoryConnection, 'request'>) {
    this._connection = connection;
  }

  /** Thumbnails have come. */
  get thumbnailsCame(): ISignal<this, void> {
    return this._thumbnailsCame;
  }

  text(version: number): Promise<string> {
    return remember(this._texts, version, async () => {
      const answer = await this._connection.request<{ versions: Version[] }>('versions', { versions: [version] });
      return answer.versions[0]?.text ?? '';
    });
  }

  /** Of a version of another document. */
  async textIn(document: number, version: number): Promise<string> {
    const answer = await this._connection.request<{ versions: Version[] }>('versions', {
      versions: [version],
      document
    });
    return answer.versions[0]?.text ?? '';
  }

  /** To be looked at. */
  outputs(run: Run): Promise<RunOutputs> {
    const ask = () => this._connection.request<RunOutputs>('outputs', { run: run.run, limit_bytes: PREVIEW_BYTES });
    return run.status === 'running' ? ask() : remember(this._outputs, run.run, ask);
  }

  /** To be put into a cell. */
  wholeOutputs(run: Run): Promise<RunOutputs> {
    return this._connection.request<RunOutputs>('outputs', { run: run.run });
  }

  /** The address of a picture for an `img`; undefined: there is none, or not yet. */
  thumbnail(run: Run): string | undefined {
    return this._thumbnails.get(run.run) ?? undefined;
  }

  /** Ask for the thumbnails of those of these runs that have one. */
  async needThumbnails(runs: readonly Run[]): Promise<void> {
    const wanted = runs
      .filter(run => run.status !== 'running' && run.mime.some(mime => THUMBNAIL_MIMES.includes(mime)))
      .map(run => run.run)
      .filter(run => !this._thumbnails.has(run));
    wanted.forEach(run => this._thumbnails.set(run, null));
    for (let ids = wanted; ids.length > 0; ) {
      const now = ids.slice(0, RUNS_AT_ONCE);
      try {
        const answer = await this._connection.request<{ runs: RunOutputs[]; later: number[] }>('outputs', {
          runs: now,
          mimes: THUMBNAIL_MIMES,
          limit_bytes: THUMBNAIL_BYTES
        });
        answer.runs.forEach(({ run, outputs }) => this._thumbnails.set(run.run, pictureOf(outputs)));
        ids = [...answer.later, ...ids.slice(RUNS_AT_ONCE)];
        this._thumbnailsCame.emit();
      } catch {
        ids.forEach(run => this._thumbnails.delete(run)); // no kernel: asked for again when it is shown again
        return;
      }
    }
  }

  private _connection: Pick<HistoryConnection, 'request'>;
  private _texts = new Map<number, Promise<string>>();
  private _outputs = new Map<number, Promise<RunOutputs>>();
  private _thumbnails = new Map<number, string | null>(); // null: asked for, or none
  private _thumbnailsCame = new Signal<this, void>(this);
}

function remember<T>(kept: Map<number, Promise<T>>, key: number, ask: () => Promise<T>): Promise<T> {
  const known = kept.get(key);
  const answer = known ?? ask();
  kept.delete(key);
  kept.set(key, answer);
  if (!known) {
    answer.catch(() => kept.delete(key));
  }
  if (kept.size > KEPT_MAX) {
    kept.delete(kept.keys().next().value!);
  }
  return answer;
}

/** The last picture among outputs, as an address that an `img` shows without running anything that is in it. */
export function pictureOf(outputs: readonly nbformat.IOutput[]): string | null {
  for (const output of [...outputs].reverse()) {
    const data = (output.data ?? {}) as nbformat.IMimeBundle;
    const mime = THUMBNAIL_MIMES.find(one => one in data);
    if (mime) {
      const value = data[mime];
      const text = Array.isArray(value) ? value.join('') : String(value);
      return mime === 'image/svg+xml' ? svgAddress(text) : `data:${mime};base64,${text.replace(/\s/g, '')}`;
    }
  }
  return null;
}

/** In an `img`, scripts and links of an SVG are dead. */
export function svgAddress(svg: string): string {
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
}
