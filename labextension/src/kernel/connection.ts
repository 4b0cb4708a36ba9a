import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Run } from './protocol.js';

const TARGET = 'forkernel.history';

/** A live kernel answers within milliseconds, also while a cell runs (ms). */
const ANSWER_MS = 15_000;

type Data = Record<string, unknown>;

/** The kernel refused a question; the message is a sentence for the person. */
export class RefusedError extends Error {}

/** The kernel went away before it answered. */
export class LostError extends Error {
  constructor() {
    super('The kernel is not there. What you typed is kept and told to it when it is back.');
  }
}

/**
 * - `none`: no kernel, or one that is no forkernel: everything of this extension stays out of sight
 * - `waiting`: a forkernel that is starting, restarting or dead
 * - `open`: answers
 * - `off`: a forkernel without a history; `reason` says why
 */
export type ConnectionState = 'none' | 'waiting' | 'open' | 'off';

/** Our kernel specifications have such names; people's own may have others, and are known by what the kernel says. */
export function isOurName(kernelName: string | undefined): boolean {
  return kernelName !== undefined && /^forkernel\b/.test(kernelName);
}

/** The comm of one notebook with the history of its kernel; reopened whenever a kernel is there again. */
export class HistoryConnection {
  /** `path`: where the notebook lies below the server's root, now. */
  constructor(session: ISessionContext, client: string, path: () => string) {
    this._session = session;
    this._client = client;
    this._path = path;
    session.kernelChanged.connect(this._restart, this);
    session.statusChanged.connect(this._onStatus, this);
    session.connectionStatusChanged.connect(this._onConnection, this);
    this._restart();
  }

  dispose(): void {
    Signal.disconnectReceiver(this);
    this._lose('none');
    Signal.clearData(this);
  }

  get state(): ConnectionState {
    return this._state;
  }

  get reason(): string {
    return this._reason;
  }

  /** The person has switched the history off, as the last kernel said that was asked. */
  get isDisabled(): boolean {
    return this._isDisabled;
  }

  /** Which document of the history answers; numbers of versions and runs are that one's. */
  get document(): unknown {
    return this._document;
  }

  /** The number of this client's last batch that the kernel has recorded, as it said when it was opened. */
  get sequence(): number {
    return this._sequence;
  }

  /** The run that the kernel before this one was killed in, as long as this one has run nothing. */
  get cutOff(): Run | undefined {
    return this._cutOff;
  }

  get stateChanged(): ISignal<this, ConnectionState> {
    return this._stateChanged;
  }

  /** What the kernel tells unasked: `changed` messages and the like. */
  get told(): ISignal<this, Data> {
    return this._told;
  }

  /** Ask for `what`; rejects with RefusedError or LostError. */
  async request<T = Data>(what: string, members: Data = {}): Promise<T> {
    const answer = await this.send({ type: 'request', id: ++this._id, what, ...members });
    if (answer.status !== 'ok') {
      throw new RefusedError(String(answer.error));
    }
    return answer as T;
  }

  /** All cells of a notebook whose file has no ids for them. */
  async tellCells(cells: { cell: string; text: string }[]): Promise<void> {
    await this._tell({ type: 'cells', cells });
  }

  /** The notebook has another path: what comes after this is recorded there. A copy is a document of its own. */
  async tellPath(): Promise<void> {
    const answer = await this._tell({ type: 'path', ...this._place() });
    if (this._state === 'open' && answer?.document !== undefined && answer.document !== this._document) {
      this._restart(); // all that is known of versions and runs is the original's
    }
  }

  /** Resolves with undefined where the kernel is gone: it is told again with the next opening. */
  private async _tell(data: Data): Promise<Data | undefined> {
    try {
      return await this.send({ ...data, id: ++this._id });
    } catch (error) {
      if (!(error instanceof LostError)) {
        throw error;
      }
      return undefined;
    }
  }

  /** Send any message and resolve with its answer; rejects with LostError. */
  send<T = Data>(data: Data): Promise<T> {
    const comm = this._comm;
    if (!comm || comm.isDisposed) {
      return Promise.reject(new LostError());
    }
    return this._await(() => comm.send(data as never)) as Promise<T>;
  }

  private _await(send: () => Kernel.IShellFuture): Promise<Data> {
    return new Promise((resolve, reject) => {
      let id: string;
      try {
        id = send().msg.header.msg_id;
      } catch {
        reject(new LostError());
        return;
      }
      const timer = setTimeout(() => {
        if (this._answers.delete(id)) {
          reject(new LostError());
          this._restart();
        }
      }, ANSWER_MS);
      this._answers.set(id, {
        resolve: data => {
          clearTimeout(timer);
          resolve(data);
        },
        lose: () => {
          clearTimeout(timer);
          reject(new LostError());
        }
      });
    });
  }

  private _onMessage(comm: Kernel.IComm, message: KernelMessage.ICommMsgMsg): void {
    if (comm !== this._comm) {
      return;
    }
    const data = message.content.data as Data;
    const id = (message.parent_header as KernelMessage.IHeader).msg_id;
    const answer = data.type === 'changed' ? undefined : this._answers.get(id);
    if (answer) {
      this._answers.delete(id);
      answer.resolve(data);
    } else {
      if (data.type === 'changed' && data.path !== undefined) {
        void this.tellPath();
      }
      this._told.emit(data);
    }
  }

  private _onStatus(_: unknown, status: Kernel.Status): void {
    if (status === 'idle' || status === 'busy') {
      if (this._state === 'waiting' && !this._opening) {
        this._restart();
      }
    } else if (status !== 'unknown' && this._state !== 'none') {
      this._lose('waiting');
    }
  }

  private _onConnection(_: unknown, status: Kernel.ConnectionStatus): void {
    if (status === 'connected' && this._state === 'waiting' && !this._opening) {
      this._restart();
    } else if (status !== 'connected' && this._state === 'open') {
      this._lose('waiting');
    }
  }

  private _restart(): void {
    const kernel = this._session.session?.kernel;
    this._lose(kernel ? this._state : 'none');
    if (kernel) {
      void this._open(kernel);
    }
  }

  private async _open(kernel: Kernel.IKernelConnection): Promise<void> {
    const opening = (this._opening = {});
    if (isOurName(kernel.name)) {
      this._set('waiting'); // one that starts says what it is only when it has started
    }
    const overtaken = () => this._opening !== opening;
    try {
      const info = await kernel.info;
      if (overtaken()) {
        return;
      }
      if (info.implementation !== 'forkernel') {
        this._set('none');
        return;
      }
      this._set('waiting');
      const comm = this._carrier(kernel).createComm(TARGET);
      this._comm = comm;
      comm.onMsg = message => this._onMessage(comm, message);
      comm.onClose = () => {
        if (comm !== this._comm) {
          return;
        }
        if (this._state === 'open') {
          this._restart(); // it has forgotten this one
        } else {
          this._reason = 'This kernel does not answer questions about its history.';
          this._lose('off'); // not 'waiting': asking again would have it close the next one
        }
      };
      const welcome = await this._await(() => comm.open({ version: 1, client: this._client, ...this._place() }));
      if (overtaken()) {
        return;
      }
      this._sequence = Number(welcome.sequence ?? 0);
      this._document = welcome.document;
      this._reason = String(welcome.error ?? '');
      this._isDisabled = welcome.disabled === true;
      this._cutOff = welcome.cut_off as Run | undefined;
      this._set(welcome.status === 'ok' ? 'open' : 'off');
    } catch (error) {
      if (!overtaken() && !(error instanceof LostError)) {
        console.warn('forkernel: cannot reach the history', error);
      }
    } finally {
      if (!overtaken()) {
        this._opening = undefined;
      }
    }
  }

  /** In one page only the first connection to a kernel carries comms: that of another notebook, or of a console. */
  private _carrier(kernel: Kernel.IKernelConnection): Kernel.IKernelConnection {
    return kernel.handleComms ? kernel : (this._own = kernel.clone({ handleComms: true }));
  }

  /** Where the notebook lies, and which requests are its own where several share the kernel. */
  private _place(): Data {
    return { path: this._path(), session: this._session.session?.kernel?.clientId };
  }

  private _lose(state: ConnectionState): void {
    this._opening = undefined;
    const comm = this._comm;
    this._comm = undefined;
    if (comm) {
      close(comm);
    }
    this._own?.dispose();
    this._own = undefined;
    const answers = [...this._answers.values()];
    this._answers.clear();
    this._set(state === 'open' ? 'waiting' : state);
    answers.forEach(answer => answer.lose());
  }

  private _set(state: ConnectionState): void {
    if (state !== this._state) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  private _session: ISessionContext;
  private _client: string;
  private _path: () => string;
  private _state: ConnectionState = 'none';
  private _reason = '';
  private _isDisabled = false;
  private _sequence = 0;
  private _document?: unknown;
  private _cutOff?: Run;
  private _id = 0;
  private _comm?: Kernel.IComm;
  private _own?: Kernel.IKernelConnection; // where the notebook's carries no comms
  private _opening?: object;
  private _answers = new Map<string, { resolve: (data: Data) => void; lose: () => void }>();
  private _stateChanged = new Signal<this, ConnectionState>(this);
  private _told = new Signal<this, Data>(this);
}

/** Tell the kernel, too, where it can be told: it would keep the comm, and tell it of every change. */
function close(comm: Kernel.IComm): void {
  try {
    comm.close();
  } catch {
    comm.dispose();
  }
}
