import { Notification } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Block, Run, Version } from '../kernel/protocol.js';
import { mayRestore } from '../may_restore.js';
import type { NotebookHistory } from '../notebook_history.js';
import { ago, nowUs } from '../panel/words.js';
import { branchAt, branchesOf, type Branches } from './branches.js';
import { runsOf, type Runs, type VersionRun } from './runs.js';
import { timelineOf } from './timeline.js';

/** As far back as is looked at the cell. */
export const VERSIONS_MAX = 500;

/** The steps that a person takes at the cells of one notebook: to another branch, in time, to the output of another run. */
export class CellSteps {
  constructor(
    private _history: NotebookHistory,
    private _trans: TranslationBundle,
    private _announce: (words: string) => void
  ) {}

  branches(cell: string, versions: readonly Version[]): Branches | undefined {
    return branchesOf(versions, this._left.get(cell));
  }

  runs(cell: Cell, versions: readonly Version[]): Runs | undefined {
    const { restorer, seen } = this._history;
    const { model } = cell;
    const old = restorer.oldOutputs(model);
    return model.type === 'code' ? runsOf(versions, old ? (old.run?.run ?? 0) : seen.of(model)) : undefined;
  }

  /** A step to another branch of the cell's text; 1: the next one. */
  stepBranch(cell: Cell, step: number): Promise<void> {
    return this._inTurn(async () => {
      const id = cell.model.id;
      const versions = await this._current(cell);
      const branches = this.branches(id, versions);
      const target = branches && branchAt(branches, step);
      if (!branches) {
        this._announce(this._trans.__('This cell has no other branch.'));
      } else if (!target) {
        this._announce(
          step < 0 ? this._trans.__('This is the first branch.') : this._trans.__('This is the last branch.')
        );
      } else if (await this._show(cell, target.version)) {
        const own = branches.branches[branches.index];
        if (own) {
          const left = this._left.get(id) ?? new Map<number, number>();
          this._left.set(id, left.set(own.tip, own.version));
        }
        await this._tree(cell).load(VERSIONS_MAX);
        const place = branches.branches.indexOf(target) + 1;
        this._say(
          this._trans.__('branch %1 of %2', place, branches.branches.length),
          versions.find(one => one.version === target.version)?.created
        );
      }
    });
  }

  /** A step in time, whatever the branch; -1: the version before. */
  stepTime(cell: Cell, step: number): Promise<void> {
    return this._inTurn(async () => {
      const { versions, index } = timelineOf(await this._current(cell));
      // A text that is no version, as from a file that somebody else wrote, comes after all versions.
      const target = versions[(index < 0 ? versions.length : index) + step];
      if (!target) {
        this._announce(
          step < 0 ? this._trans.__('There is no older version.') : this._trans.__('This is the newest version.')
        );
      } else if (await this._show(cell, target.version)) {
        this._say(this._trans.__('version %1 of %2', index + step + 1, versions.length), target.created);
      }
    });
  }

  /** A step to the output of another run, with the text that was run; -1: the run before. */
  stepRun(cell: Cell, step: number): Promise<void> {
    return this._inTurn(async () => {
      const runs = this.runs(cell, await this._current(cell));
      const target = runs?.runs[runs.index + step];
      if (!runs || !target) {
        this._announce(
          step < 0
            ? this._trans.__('This cell has no earlier output.')
            : this._trans.__('This is the output of the last run.')
        );
      } else if (await this._showRun(cell, target)) {
        const place = this._trans.__('output of run %1 of %2', runs.index + step + 1, runs.runs.length);
        const isOther = target.version !== runs.runs[runs.index]?.version;
        this._say(isOther ? this._trans.__('%1, with its text', place) : place, target.run.started);
      }
    });
  }

  /** The output of a run of the text that the cell has. */
  showRun(cell: Cell, run: Run | undefined): Promise<void> {
    return this._inTurn(async () => {
      if (run) {
        await this._history.restorer.showRun(cell.model, run);
        this._say(this._trans.__('output of run [%1]', run.count), run.started);
      }
    });
  }

  /** What the cell would show differently with a version, in a few words. */
  async compare(cell: Cell, version: number): Promise<string> {
    const { head } = this._tree(cell);
    if (head === version) {
      return '';
    }
    const key = `${head} ${version}`; // versions never change
    let words = this._compared.get(key);
    if (words === undefined) {
      try {
        const diff = await this._history.connection.request<{ summary: string; blocks: Block[] }>('diff', {
          left: head,
          right: version
        });
        const changed = diff.blocks.find(block => block.kind === 'changed');
        const [added] = changed?.added ?? [];
        const [removed] = changed?.removed ?? [];
        const line = added !== undefined ? `+ ${added.trim()}` : removed !== undefined ? `− ${removed.trim()}` : '';
        words = [diff.summary, line.slice(0, 100)].filter(Boolean).join(': ');
        this._compared.set(key, words);
      } catch {
        return '';
      }
    }
    return words;
  }

  private _tree(cell: Cell) {
    return this._history.trees.of(cell.model.id);
  }

  /** The versions after all that was typed until now. */
  private _current(cell: Cell): Promise<readonly Version[]> {
    this._history.flush();
    return this._tree(cell).load(VERSIONS_MAX);
  }

  /** False: the person would rather not. */
  private async _showRun(cell: Cell, { run, version }: VersionRun): Promise<boolean> {
    if (!version.head && !(await this._show(cell, version.version))) {
      return false;
    }
    if (version.head || version.runs.at(-1)?.run !== run.run) {
      await this._history.restorer.showRun(cell.model, run);
    }
    return true;
  }

  /** Put a version into its cell; false: the person would rather not. */
  private async _show(cell: Cell, version: number): Promise<boolean> {
    if (!(await mayRestore(this._history.panel, cell.model.id, this._trans))) {
      return false;
    }
    await this._history.restorer.restore(version);
    return true;
  }

  private _say(place: string, time: number | undefined): void {
    this._announce([place, time ? ago(time, nowUs(), this._trans) : ''].filter(Boolean).join(', '));
  }

  /** One after the other: each starts from what the one before has shown. */
  private _inTurn(action: () => Promise<void>): Promise<void> {
    this._turn = this._turn.then(action).catch(error => {
      const words = error instanceof Error ? error.message : String(error);
      Notification.warning(words, { autoClose: 6000 });
      this._announce(words);
    });
    return this._turn;
  }

  private _left = new Map<string, Map<number, number>>(); // by cell, where its branches were left, by their tips
  private _turn = Promise.resolve();
  private _compared = new Map<string, string>();
}
