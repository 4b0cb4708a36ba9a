// src/kernel/queue.ts: batches arrive in order and once, whatever becomes of the kernel, the answers and the page.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, jest, test } from '@jest/globals';
import { YNotebook } from '@jupyter/ydoc';
import { NotebookCapture } from '../lib/capture/notebook_capture.js';
import { hashText } from '../lib/capture/text.js';
import { EditQueue } from '../lib/kernel/queue.js';

beforeEach(() => jest.useFakeTimers({ now: 1_700_000_000_000, doNotFake: ['nextTick', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

const settle = async () => {
  for (let i = 0; i < 20; i++) {
    await Promise.resolve();
  }
};

/** What docs/comm.md says of the kernel's side. */
class Kernel {
  texts = new Map();
  history = [];
  highest = new Map();
  refuse = undefined;
  silent = false;

  send = async message => {
    if (this.silent) {
      return new Promise(() => undefined);
    }
    if (this.refuse) {
      return { type: 'reply', status: 'error', error: this.refuse };
    }
    const { client, sequence, edits, after = 0 } = message;
    assert.ok(edits.length <= 1000);
    const nonsense = edits.findIndex(edit => edit.cause === 'nonsense');
    if (nonsense >= 0) {
      return { type: 'reply', status: 'error', error: 'no such cause', edit: nonsense };
    }
    if (after > (this.highest.get(client) ?? 0)) {
      return { type: 'resend', sequence, cells: {} };
    }
    if (sequence <= (this.highest.get(client) ?? 0)) {
      return { type: 'acknowledge', sequence, repeated: true, heads: {} };
    }
    const texts = new Map(this.texts);
    const told = [];
    for (const edit of edits) {
      if (edit.kind !== 'text') {
        continue;
      }
      let { text } = edit;
      if (text === undefined) {
        const base = texts.get(edit.cell) ?? '';
        text = base.slice(0, edit.at) + edit.insert + base.slice(edit.at + edit.delete);
        if (hashText(base) !== edit.base || hashText(text) !== edit.hash) {
          return { type: 'resend', sequence, cells: { [edit.cell]: true } };
        }
      }
      texts.set(edit.cell, text);
      told.push(`${edit.cell}:${text}`);
    }
    this.texts = texts;
    this.history.push(...told);
    this.highest.set(client, sequence);
    return { type: 'acknowledge', sequence, repeated: false, heads: {} };
  };
}

class Store {
  batches = new Map();
  put = async batch => void this.batches.set(`${batch.client} ${batch.sequence}`, structuredClone(batch));
  remove = async (client, sequence) => void this.batches.delete(`${client} ${sequence}`);
  orphans = async document => [...this.batches.values()].filter(b => b.client !== 'me' && b.document === document);
  release = () => undefined;
}

function setup(client = 'me', store = new Store()) {
  const troubles = [];
  const leftOut = [];
  const queue = new EditQueue({
    client,
    store,
    document: () => 'a.ipynb',
    onTrouble: error => troubles.push(error),
    onLeftOut: edit => leftOut.push(edit.text)
  });
  return { queue, store, troubles, leftOut };
}

const long = text => text.repeat(20);
const edit = (text, cell = 'c') => ({ kind: 'text', cell, type: 'code', cause: 'typing', text, time: Date.now() });

describe('delivery', () => {
  test('in order, one batch at a time, later edits together', async () => {
    const kernel = new Kernel();
    const { queue, store } = setup();
    await queue.connect(kernel.send, 0);
    queue.add([edit(long('a'))]);
    queue.add([edit(long('b'))]);
    queue.add([edit(long('c'))]);
    await settle();
    assert.deepEqual(
      kernel.history,
      [long('a'), long('b'), long('c')].map(text => `c:${text}`)
    );
    assert.equal(kernel.highest.get('me'), 2);
    assert.ok(queue.isEmpty);
    jest.advanceTimersByTime(2000);
    assert.equal(store.batches.size, 0);
  });

  test('without a kernel edits are kept in the browser, and delivered once it is there', async () => {
    const kernel = new Kernel();
    const { queue, store } = setup();
    queue.add([edit('one')]);
    queue.add([edit('two')]);
    assert.equal(store.batches.size, 2);
    await queue.connect(kernel.send, 0);
    await settle();
    assert.deepEqual(kernel.history, ['c:one', 'c:two']);
    assert.equal(store.batches.size, 0);
  });

  test('what waits follows a rename', async () => {
    const store = new Store();
    let name = 'Untitled.ipynb';
    const queue = new EditQueue({ client: 'me', store, document: () => name });
    queue.add([edit('one')]);
    name = 'Analysis.ipynb';
    queue.renamed();
    assert.deepEqual(
      [...store.batches.values()].map(batch => batch.document),
      ['Analysis.ipynb']
    );
  });

  test('a kernel that does not answer: kept after a second, sent again to the next one', async () => {
    const kernel = new Kernel();
    const { queue, store } = setup();
    kernel.silent = true;
    await queue.connect(kernel.send, 0);
    queue.add([edit('one')]);
    assert.equal(store.batches.size, 0);
    jest.advanceTimersByTime(1001);
    assert.equal(store.batches.size, 1);
    queue.disconnect();
    const next = new Kernel();
    await queue.connect(next.send, 0);
    await settle();
    assert.deepEqual(next.history, ['c:one']);
    assert.equal(store.batches.size, 0);
  });

  test('what the kernel has recorded before it could say so is not sent again', async () => {
    const kernel = new Kernel();
    const { queue } = setup();
    queue.add([edit('one')]);
    const lost = async message => {
      await kernel.send(message);
      throw new Error('the connection was lost');
    };
    await queue.connect(lost, 0);
    await settle();
    queue.disconnect();
    await queue.connect(kernel.send, kernel.highest.get('me'));
    queue.add([edit('two')]);
    await settle();
    assert.deepEqual(kernel.history, ['c:one', 'c:two']);
  });

  test('a difference that does not fit is sent whole', async () => {
    const kernel = new Kernel();
    const { queue } = setup();
    await queue.connect(kernel.send, 0);
    queue.add([edit(long('one '))]);
    await settle();
    kernel.texts.set('c', 'what another page made of it');
    queue.add([edit(long('one ') + 'two'), edit('x', 'd')]);
    await settle();
    assert.deepEqual(kernel.history.slice(1), [`c:${long('one ')}two`, 'd:x']);
    assert.ok(queue.isEmpty);
  });

  test('one that does not fit while a run has sent later ones is recorded before them', async () => {
    const kernel = new Kernel();
    const { queue } = setup();
    await queue.connect(kernel.send, 0);
    queue.add([edit(long('one '))]);
    await settle();
    kernel.texts.set('c', 'what another page made of it');
    queue.add([edit(long('one ') + 'two')]);
    queue.add([edit(long('one ') + 'three')]);
    queue.flush();
    await settle();
    assert.deepEqual(kernel.history.slice(1), [`c:${long('one ')}two`, `c:${long('one ')}three`]);
    assert.ok(queue.isEmpty);
  });

  test('flush sends at once what waits behind another batch', async () => {
    const sent = [];
    const { queue } = setup();
    await queue.connect(message => (sent.push(message.sequence), new Promise(() => undefined)), 0);
    queue.add([edit('one')]);
    queue.add([edit('two')]);
    assert.deepEqual(sent, [1]);
    queue.flush();
    assert.deepEqual(sent, [1, 2]);
    queue.flush();
    assert.deepEqual(sent, [1, 2]);
  });

  test('a text that runs before the kernel listens is told as one that is there', async () => {
    const sent = [];
    const { queue } = setup();
    queue.add([edit('base'), edit('typed'), edit('other', 'd')]);
    queue.flush('c');
    await queue.connect(message => (sent.push(...message.edits), new Promise(() => undefined)), 0);
    assert.deepEqual(
      sent.map(one => one.cause),
      ['typing', 'file', 'typing']
    );
  });

  test('a history that cannot record is told once to the person and tried again', async () => {
    const kernel = new Kernel();
    const { queue, store, troubles } = setup();
    kernel.refuse = 'the disk is full';
    await queue.connect(kernel.send, 0);
    queue.add([edit('one')]);
    await settle();
    assert.deepEqual(troubles, ['the disk is full']);
    assert.equal(store.batches.size, 1);
    queue.add([edit('two')]);
    kernel.refuse = undefined;
    jest.advanceTimersByTime(5001);
    await settle();
    assert.deepEqual(kernel.history, ['c:one', 'c:two']);
    assert.equal(troubles.at(-1), undefined);
    assert.equal(store.batches.size, 0);
  });

  test('nothing overtakes a batch that was refused: not a later one, not by a flush', async () => {
    const kernel = new Kernel();
    const { queue, store } = setup();
    await queue.connect(kernel.send, 0);
    kernel.refuse = 'the disk is full';
    queue.add([edit('one')]);
    queue.add([edit('two')]);
    queue.flush(); // both are under way
    kernel.refuse = undefined;
    await settle();
    queue.add([edit('three')]);
    queue.flush();
    await settle();
    assert.deepEqual(kernel.history, []);
    jest.advanceTimersByTime(5001);
    await settle();
    assert.deepEqual(kernel.history, ['c:one', 'c:two', 'c:three']);
    assert.equal(store.batches.size, 0);
  });

  test('one is refused, and the next one that is under way with it is not', async () => {
    const kernel = new Kernel();
    const { queue } = setup();
    await queue.connect(message => {
      kernel.refuse = message.sequence === 1 && kernel.history.length === 0 && refusals-- > 0 ? 'busy' : undefined;
      return kernel.send(message);
    }, 0);
    let refusals = 1;
    queue.add([edit('one')]);
    queue.add([edit('two')]);
    queue.flush();
    await settle();
    jest.advanceTimersByTime(5001);
    await settle();
    assert.deepEqual(kernel.history, ['c:one', 'c:two']);
    assert.equal(kernel.highest.get('me'), 2);
  });

  test('no batch is larger than the kernel and the server take', async () => {
    const kernel = new Kernel();
    const sizes = [];
    const { queue, leftOut } = setup();
    const many = [...Array(2500).keys()].map(i => edit(`${i}`));
    queue.add(many);
    queue.add([1, 2, 3].map(i => edit(`${i}`.repeat(700_000))));
    queue.add([edit('x'.repeat(5 << 20)), edit('\u0001'.repeat(2 << 20)), edit('y')]);
    await queue.connect(message => (sizes.push(JSON.stringify(message).length), kernel.send(message)), 0);
    await settle();
    for (let i = 0; i < 20; i++) {
      await settle();
    }
    assert.equal(kernel.history.length, 2500 + 3 + 2);
    assert.ok(Math.max(...sizes) < 10 << 20, `${sizes}`);
    assert.deepEqual(
      leftOut.map(text => text.length),
      [2 << 20]
    ); // JSON makes it 12 MiB
    assert.ok(queue.isEmpty);
  });

  test('an edit that makes no sense to the kernel is left out, told, and blocks nothing', async () => {
    const kernel = new Kernel();
    const { queue, store, leftOut } = setup();
    queue.add([
      edit('one'),
      { ...edit('bad'), cause: 'nonsense' },
      edit('two'),
      { ...edit('worse'), cause: 'nonsense' }
    ]);
    queue.add([{ ...edit('alone'), cause: 'nonsense' }]);
    queue.add([edit('three')]);
    await queue.connect(kernel.send, 0);
    queue.flush();
    await settle();
    assert.deepEqual(kernel.history, ['c:one', 'c:two', 'c:three']);
    assert.deepEqual(leftOut, ['bad', 'worse', 'alone']);
    assert.ok(queue.isEmpty);
    assert.equal(store.batches.size, 0);
  });

  test('what the kernel recorded before its answer was lost is not told again after newer text', async () => {
    const kernel = new Kernel();
    const { queue } = setup();
    const deaf = async message => (await kernel.send(message), new Promise(() => undefined));
    await queue.connect(deaf, 0);
    queue.add([edit(long('one'))]);
    queue.add([edit(long('two'))]);
    queue.flush(); // both are recorded, and no answer comes
    await settle();
    queue.add([edit(long('three'))]);
    await queue.connect(kernel.send, 1); // the kernel says so of the first only: its messages took two ways
    queue.flush();
    await settle();
    assert.deepEqual(
      kernel.history,
      ['one', 'two', 'three'].map(word => `c:${long(word)}`)
    );
    assert.equal(kernel.texts.get('c'), long('three'));
    assert.ok(queue.isEmpty);
  });

  test('before a run: all that was typed is sent before flush returns, in order, as whole texts', async () => {
    const kernel = new Kernel();
    const sent = [];
    const { queue } = setup();
    const notebook = YNotebook.create({
      data: {
        cells: [{ cell_type: 'code', id: 'c', source: long('a'), metadata: {}, outputs: [] }],
        metadata: {},
        nbformat: 4,
        nbformat_minor: 5
      }
    });
    const capture = new NotebookCapture(notebook, { record: edits => queue.add(edits) });
    await queue.connect(message => (sent.push(...message.edits.filter(one => one.text)), kernel.send(message)), 0);
    notebook.cells[0].setSource(long('b'));
    capture.flush();
    notebook.cells[0].setSource(long('c'));
    capture.flush();
    queue.flush('c'); // the run is sent in the same turn of the event loop
    assert.deepEqual(
      sent.map(one => one.text),
      [long('a'), long('b'), long('c')]
    );
    await settle();
    assert.deepEqual(
      kernel.history,
      ['a', 'b', 'c'].map(letter => `c:${long(letter)}`)
    );
    capture.dispose();
    notebook.dispose();
  });

  test('a run that goes before edits which the kernel refused: its text is told as one that is there', async () => {
    const kernel = new Kernel();
    const sent = [];
    const { queue, store } = setup();
    await queue.connect(message => (sent.push(...message.edits), kernel.send(message)), 0);
    kernel.refuse = 'the disk is full';
    queue.add([edit('typed')]);
    await settle();
    queue.flush('c');
    assert.equal([...store.batches.values()][0].edits[0].cause, 'file');
    kernel.refuse = undefined;
    jest.advanceTimersByTime(5001);
    await settle();
    assert.deepEqual(
      sent.map(one => one.cause),
      ['typing', 'file']
    );
  });

  test('half a character is told as an unknown one', async () => {
    const kernel = new Kernel();
    const { queue } = setup();
    await queue.connect(kernel.send, 0);
    queue.add([edit(`${long('x')}\ud83d`), edit(`${long('x')}\ud83d\ude42`)]);
    await settle();
    assert.deepEqual(kernel.history, [`c:${long('x')}\ufffd`, `c:${long('x')}\ud83d\ude42`]);
  });

  test('a history that is switched off: nothing waits for it, here or in the browser', async () => {
    const store = new Store();
    setup('gone', store).queue.add([edit('old')]);
    const { queue } = setup('me', store);
    queue.add([edit('new')]);
    assert.equal(store.batches.size, 2);
    await queue.clear();
    assert.equal(store.batches.size, 0);
    assert.ok(queue.isEmpty);
  });

  test('a browser that keeps nothing', async () => {
    const kernel = new Kernel();
    const store = new Store();
    store.put = async () => undefined;
    store.orphans = () => Promise.reject(new Error('no locks, no database'));
    const { queue } = setup('me', store);
    queue.add([edit('one')]);
    await queue.connect(kernel.send, 0);
    queue.add([edit('two')]);
    await settle();
    assert.deepEqual(kernel.history, ['c:one', 'c:two']);
  });

  test('what pages left that are gone: each in the order of its numbers, one refused edit blocks no other', async () => {
    const kernel = new Kernel();
    const store = new Store();
    const left = (client, sequence, time, ...edits) =>
      store.put({ client, sequence, document: 'a.ipynb', edits: edits.map(one => ({ ...one, time })) });
    void left('late', 2, 300, edit('L2'));
    void left('late', 1, 310, edit('L1')); // clocks and undo steps: its first edit may be the later one
    void left('early', 1, 100, { ...edit('bad'), cause: 'nonsense' });
    void left('early', 2, 110, edit('E2'));
    const { queue } = setup('me', store);
    queue.add([edit('own')]);
    await queue.connect(kernel.send, 0);
    queue.flush(); // ours do not overtake them
    for (let i = 0; i < 5; i++) {
      await settle();
    }
    assert.deepEqual(kernel.history, ['c:E2', 'c:L1', 'c:L2', 'c:own']);
    assert.equal(store.batches.size, 0);
  });

  test('what a page that is gone has left goes first, under its own name', async () => {
    const kernel = new Kernel();
    const store = new Store();
    setup('gone', store).queue.add([edit('old')]);
    const { queue } = setup('me', store);
    queue.add([edit('new')]);
    await queue.connect(kernel.send, 0);
    await settle();
    assert.deepEqual(kernel.history, ['c:old', 'c:new']);
    assert.equal(kernel.highest.get('gone'), 1);
    assert.equal(store.batches.size, 0);
  });
});

test('any course of events: each text once, each cell in its order', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    let state = seed * 2654435761;
    const random = below => {
      state = Math.imul(state ^ (state >>> 15), 2246822519) >>> 0;
      state = (state + 0x9e3779b9) >>> 0;
      return state % below;
    };
    const kernel = new Kernel();
    const { queue, store } = setup();
    const expected = { a: [], b: [] };
    let answers = 0;
    // Messages are recorded in the order of sending; their answers may get lost with the connection.
    const send = async message => {
      kernel.refuse = random(6) === 0 ? 'the disk is full' : undefined;
      const answer = await kernel.send(message);
      return random(10) === 0 ? new Promise(() => undefined) : ((answers += 1), answer);
    };
    for (let i = 0; i < 40; i++) {
      const what = random(12);
      if (what < 6) {
        const cell = random(2) ? 'a' : 'b';
        const text = `${long(cell)} ${i}`;
        expected[cell].push(`${cell}:${text}`);
        queue.add([edit(text, cell)]);
      } else if (what < 8) {
        await settle();
      } else if (what === 8) {
        queue.flush();
      } else if (what === 9) {
        jest.advanceTimersByTime(random(2) ? 1500 : 5500);
      } else if (what === 10) {
        if (random(2)) {
          queue.disconnect();
        } else {
          kernel.texts.set(random(2) ? 'a' : 'b', 'what another page made of it');
        }
      } else {
        await queue.connect(send, kernel.highest.get('me') ?? 0);
      }
    }
    kernel.refuse = undefined;
    await queue.connect(kernel.send, kernel.highest.get('me') ?? 0);
    for (let i = 0; i < 5; i++) {
      await settle();
    }
    for (const cell of ['a', 'b']) {
      assert.deepEqual(
        kernel.history.filter(line => line.startsWith(cell)),
        expected[cell],
        `seed ${seed}`
      );
    }
    assert.ok(queue.isEmpty, `seed ${seed}`);
    await settle();
    assert.equal(store.batches.size, 0, `seed ${seed}`);
    queue.dispose();
  }
});
