import type { ILabShell } from '@jupyterlab/application';
import type { IStateDB } from '@jupyterlab/statedb';
import { MessageLoop } from '@lumino/messaging';
import { SplitPanel, type Widget } from '@lumino/widgets';
import { shareOut } from './share_out.js';

/** What the panel is given when it is opened for the first time (px). */
const WANTED = 460;

/** A side bar that is wider was made so by a person (px). */
const NARROW = 300;

/** Below that no cell can be read: the side bar on the left makes room (px). */
const NOTEBOOK_MIN = 400;

const KEY = 'forkernel:panel-had-room';

/**
 * JupyterLab opens a side bar as narrow as it may be, which is too narrow for texts beside a tree. The panel is given
 * more once in a workspace, never more than the notebook has; from then on the width is the person's own.
 */
export class PanelRoom {
  constructor(
    private _panel: Widget,
    private _shell: ILabShell,
    private _state: IStateDB | null
  ) {
    MessageLoop.installMessageHook(_panel, (_, message) => {
      if (message.type === 'after-show') {
        requestAnimationFrame(() => this._onShown());
      } else if (message.type === 'before-hide') {
        this._giveBack();
      }
      return true;
    });
  }

  private _onShown(): void {
    const split = this._split;
    if (!split || !this._panel.isVisible) {
      return;
    }
    const [notebook, area] = split.widgets.slice(-2);
    if (notebook.node.clientWidth < NOTEBOOK_MIN && !this._shell.leftCollapsed) {
      this._shell.collapseLeft();
      this._tookLeft = true;
    }
    if (area.node.clientWidth <= NARROW) {
      void this._giveOnce(split);
    }
  }

  private async _giveOnce(split: SplitPanel): Promise<void> {
    if (this._given) {
      return;
    }
    this._given = true;
    if (!(await this._state?.fetch(KEY).catch(() => true))) {
      void this._state?.save(KEY, true).catch(() => undefined);
      split.setRelativeSizes(shareOut(split.relativeSizes(), split.node.clientWidth, WANTED));
    }
  }

  /** The side bar on the left is there again, if it went for the panel and nobody has opened it since. */
  private _giveBack(): void {
    if (this._tookLeft && this._shell.leftCollapsed) {
      this._shell.expandLeft();
    }
    this._tookLeft = false;
  }

  /** What the side bars and the notebooks are in; undefined: the panel is somewhere else. */
  private get _split(): SplitPanel | undefined {
    for (let widget = this._panel.parent; widget; widget = widget.parent) {
      if (widget instanceof SplitPanel) {
        return widget.id === 'jp-main-split-panel' && widget.widgets.at(-1)!.contains(this._panel) ? widget : undefined;
      }
    }
    return undefined;
  }

  private _given = false;
  private _tookLeft = false;
}
