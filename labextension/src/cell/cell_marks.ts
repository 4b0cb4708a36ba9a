import type { Cell, CodeCell, CodeCellModel } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { NotebookHistory } from '../notebook_history.js';
import { BranchSwitcher } from './branch_switcher.js';
import { VERSIONS_MAX, type CellSteps } from './cell_steps.js';
import { MissedLine } from './missed_line.js';
import type { MissedRuns } from './missed_runs.js';
import { OldOutputsLine } from './old_outputs_line.js';
import { RunSwitcher } from './run_switcher.js';

export interface CellSettings {
  switcher: boolean;
  oldOutputs: boolean;
}

/** What the history shows at one cell, as long as it is in the window: its branches, its runs, whose the outputs are. */
export class CellMarks {
  constructor(
    private _cell: Cell,
    private _history: NotebookHistory,
    private _steps: CellSteps,
    private _missed: MissedRuns,
    private _trans: TranslationBundle,
    public settings: CellSettings
  ) {}

  /** The cell came into the window. */
  appear(): void {
    if (!this._unwatch) {
      const tree = this._history.trees.of(this._cell.model.id);
      tree.changed.connect(this.draw, this);
      const unwatch = [tree.watch(VERSIONS_MAX), this._missed.watch(this._cell.model)];
      this._unwatch = () => {
        tree.changed.disconnect(this.draw, this);
        unwatch.forEach(stop => stop());
      };
    }
    this.draw();
  }

  /** It is out of the window, or no more. */
  disappear(): void {
    this._unwatch?.();
    this._unwatch = undefined;
  }

  draw(): void {
    if (!this._cell.isDisposed) {
      this._drawBranches();
      this._drawRuns();
      this._drawLine();
      this._drawMissed();
    }
  }

  private get _versions() {
    return this.settings.switcher ? this._history.trees.of(this._cell.model.id).versions : [];
  }

  private _drawBranches(): void {
    const branches = this._steps.branches(this._cell.model.id, this._versions);
    if (branches) {
      this._branches ??= new BranchSwitcher({
        trans: this._trans,
        step: step => void this._steps.stepBranch(this._cell, step),
        compare: version => this._steps.compare(this._cell, version)
      });
      this._branches.show(branches, this._versions);
    }
    place(this._branches?.node, branches && this._cell.inputArea?.parent?.node);
  }

  private _drawRuns(): void {
    const runs = this._steps.runs(this._cell, this._versions);
    if (runs) {
      this._runs ??= new RunSwitcher(this._trans, step => void this._steps.stepRun(this._cell, step));
      this._runs.show(runs);
    }
    place(this._runs?.node, runs && this._outputs);
  }

  private _drawLine(): void {
    const { model } = this._cell;
    const there = this.settings.oldOutputs && this._history.connection.state !== 'none';
    const old = there ? this._history.restorer.oldOutputs(model) : undefined;
    if (old?.run && this._outputs && (model as CodeCellModel).outputs.length > 0) {
      this._line ??= new OldOutputsLine(this._trans);
      this._line.show(this._outputs, old.run, old.leftOut);
    } else {
      this._line?.remove();
    }
  }

  private _drawMissed(): void {
    const { model } = this._cell;
    const there = this.settings.oldOutputs && this._history.connection.state !== 'none';
    const isSaid = this._history.restorer.oldOutputs(model) !== undefined; // whose they are, by the other line
    const missed = there && !isSaid ? this._missed.of(model) : undefined;
    if (missed) {
      this._missedLine ??= new MissedLine({
        trans: this._trans,
        show: () => void this._steps.showRun(this._cell, this._missed.of(model)?.run),
        dismiss: () => this._missed.dismiss(model)
      });
      this._missedLine.show(missed, (model as CodeCellModel).outputs.length > 0);
    }
    const where = missed?.isQuiet ? this._cell.inputArea?.parent?.node : this._outputs;
    this._outputs?.classList.toggle('fk-mod-missed', missed !== undefined && !missed.isQuiet);
    place(this._missedLine?.node, missed && where);
  }

  private get _outputs(): HTMLElement | undefined {
    return this._cell.model.type === 'code' ? (this._cell as CodeCell).outputArea?.parent?.node : undefined;
  }

  private _branches?: BranchSwitcher;
  private _runs?: RunSwitcher;
  private _line?: OldOutputsLine;
  private _missedLine?: MissedLine;
  private _unwatch?: () => void;
}

function place(node: HTMLElement | undefined, where: HTMLElement | undefined): void {
  if (!where) {
    node?.remove();
  } else if (node && node.parentElement !== where) {
    where.append(node);
  }
}
