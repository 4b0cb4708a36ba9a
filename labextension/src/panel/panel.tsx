import type { Cell } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import type { KeyboardEvent, ReactElement } from 'react';
import type { IHistories, IHistoryTab } from '../tokens.js';
import { CellTab } from './cell_tab.js';
import { historyTreeIcon } from './icon.js';
import { NotebookTab } from './notebook_tab.js';
import { viewOf, type NotebookView, type PanelServices } from './services.js';

/** The kernel answers before that, or there is no row (ms). */
const FOCUS_MS = 1000;

interface Tab extends Pick<IHistoryTab, 'id' | 'label' | 'rank'> {
  render(view: NotebookView): ReactElement;
}

/** The panel in the side bar: what the history has of the notebook that has the focus, in tabs. */
export class HistoryPanel extends ReactWidget {
  constructor(
    private _tracker: INotebookTracker,
    private _histories: IHistories,
    private _services: PanelServices
  ) {
    super();
    const { trans } = _services;
    this.id = 'forkernel-history';
    this.addClass('fk-Panel');
    this.title.icon = historyTreeIcon;
    this.title.caption = trans.__('History of the cells');
    this.node.setAttribute('aria-label', trans.__('History of the cells'));
    this._tabs = [
      { id: 'cell', label: trans.__('Cell'), rank: 10, render: view => this._renderCell(view) },
      {
        id: 'notebook',
        label: trans.__('Notebook'),
        rank: 20,
        render: view => <NotebookTab key={view.panel.id} view={view} services={_services} />
      }
    ];
    _tracker.currentChanged.connect(this._again, this);
    _tracker.activeCellChanged.connect(this._onCell, this);
    _histories.forEach(history => {
      history.connection.stateChanged.connect(this._again, this);
      history.troubleChanged.connect(this._again, this);
      this._again();
    });
  }

  dispose(): void {
    Signal.disconnectReceiver(this);
    super.dispose();
  }

  addTab(tab: IHistoryTab): void {
    this._tabs.push({ ...tab, render: ({ history, panel }) => tab.render(history, panel) });
    this._tabs.sort((left, right) => left.rank - right.rank);
    this._again();
  }

  showTab(id: string): void {
    if (this._tabs.some(tab => tab.id === id)) {
      this._tab = id;
      this._again();
    }
  }

  showVersion(cell: string, version: number): void {
    const notebook = this._tracker.currentWidget?.content;
    const index = notebook?.widgets.findIndex(widget => widget.model.id === cell) ?? -1;
    if (notebook && index >= 0) {
      notebook.activeCellIndex = index;
      void notebook.scrollToItem(index, 'smart');
      this._wanted = { cell, version, count: this._wanted.count + 1 };
      this.showTab('cell');
      this._focusRow(`[data-version="${version}"]`);
    }
  }

  /** Put the focus into the field of the search, which is for all cells. */
  showSearch(): void {
    cancelAnimationFrame(this._focusing);
    this._searchAsked = true;
    this.showTab('cell');
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._again();
  }

  protected onBeforeHide(message: Message): void {
    super.onBeforeHide(message);
    requestAnimationFrame(() => this._again()); // nothing is asked for that nobody sees
  }

  protected onActivateRequest(): void {
    if (!this._searchAsked) {
      this._focusRow();
    }
  }

  protected render(): ReactElement {
    const { trans } = this._services;
    const tab = this._tabs.find(one => one.id === this._tab) ?? this._tabs[0];
    const leave = (event: KeyboardEvent) => {
      const notebook = this._tracker.currentWidget;
      if (event.key === 'Escape' && !event.defaultPrevented && notebook) {
        this._services.focusCell(notebook);
      }
    };
    const onKeyDown = (event: KeyboardEvent) => {
      const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
      if (step !== 0) {
        const next = this._tabs[(this._tabs.indexOf(tab) + step + this._tabs.length) % this._tabs.length];
        this.showTab(next.id);
        this.node.querySelector<HTMLElement>(`#fk-tab-${next.id}`)?.focus();
      }
      leave(event);
    };
    return (
      <>
        <div className="fk-Tabs" role="tablist" aria-label={trans.__('History')} onKeyDown={onKeyDown}>
          {this._tabs.map(one => (
            <button
              key={one.id}
              id={`fk-tab-${one.id}`}
              role="tab"
              className="fk-Tab"
              aria-selected={one === tab}
              aria-controls="fk-tabpanel"
              tabIndex={one === tab ? 0 : -1}
              onClick={() => this.showTab(one.id)}
            >
              {one.label}
            </button>
          ))}
        </div>
        <div
          className="fk-TabPanel"
          id="fk-tabpanel"
          role="tabpanel"
          aria-labelledby={`fk-tab-${tab.id}`}
          onKeyDown={leave}
        >
          {this.isVisible && this._renderTab(tab)}
        </div>
      </>
    );
  }

  private _renderTab(tab: Tab): ReactElement {
    const { trans } = this._services;
    const panel = this._tracker.currentWidget;
    const history = panel && this._histories.of(panel);
    const empty = (text: string, more?: string) => (
      <div className="fk-Empty">
        <p>{text}</p>
        {more && <p className="fk-quiet">{more}</p>}
      </div>
    );
    switch (history?.connection.state) {
      case 'open':
        return (
          <>
            {history.trouble && <p className="fk-Trouble">{history.trouble}</p>}
            {tab.render(this._viewOf(panel!, history))}
          </>
        );
      case 'waiting':
        return empty(trans.__('The kernel is starting.'), trans.__('What you type meanwhile is kept and told to it.'));
      case 'off':
        return empty(trans.__('There is no history of this notebook.'), history.trouble);
      default:
        return empty(
          trans.__('Every text that a cell ever had, with its outputs, is shown here.'),
          panel
            ? trans.__('The kernel of this notebook does not keep a history: choose a forkernel for that.')
            : trans.__('Open a notebook with a forkernel.')
        );
    }
  }

  private _renderCell(view: NotebookView): ReactElement {
    const { trans } = this._services;
    const cell: Cell | null = view.panel.content.activeCell;
    if (!cell) {
      return <p className="fk-Empty">{trans.__('Select a cell to see its versions.')}</p>;
    }
    const wanted = this._wanted.cell === cell.model.id ? this._wanted : { version: 0, count: 0 };
    return (
      <CellTab
        key={`${cell.model.id} ${wanted.count}`}
        view={view}
        services={this._services}
        cell={cell}
        wanted={wanted.version}
        searchAsked={this._searchAsked}
        onSearch={() => {
          this._searchAsked = false;
          this._again();
        }}
      />
    );
  }

  private _viewOf(panel: NotebookPanel, history: NotebookView['history']): NotebookView {
    let view = this._views.get(panel);
    if (view?.document !== history.connection.document || !view) {
      view = viewOf(history);
      this._views.set(panel, view);
    }
    return view;
  }

  private _onCell(): void {
    if (this._tab === 'cell') {
      this._again();
    }
  }

  private _again(): void {
    if (this.isAttached) {
      this.update();
    }
  }

  /** Focus the selected row as soon as it is there: it may have to be asked for first. */
  private _focusRow(which = ''): void {
    const row = `#fk-tabpanel[aria-labelledby="fk-tab-${this._tab}"] [tabindex="0"][aria-selected="true"]${which}`;
    const deadline = performance.now() + FOCUS_MS;
    const attempt = () => {
      const target = this.node.querySelector<HTMLElement>(row);
      if (target) {
        target.focus({ preventScroll: true });
      } else if (performance.now() < deadline && this.isVisible) {
        this._focusing = requestAnimationFrame(attempt);
      } else {
        this.node.querySelector<HTMLElement>('.fk-Tab[aria-selected="true"]')?.focus();
      }
    };
    cancelAnimationFrame(this._focusing);
    this._focusing = requestAnimationFrame(attempt);
  }

  private _tabs: Tab[];
  private _tab = 'cell';
  private _views = new WeakMap<NotebookPanel, NotebookView>();
  private _wanted = { cell: '', version: 0, count: 0 };
  private _focusing = 0;
  private _searchAsked = false; // the field of the search is to have the focus as soon as it is there
}
