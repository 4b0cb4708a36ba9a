// src/kernel/queue.ts: batches arrive in order and once, whatever becomes of the kernel, the answers and the page.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { hashText } from '../lib/capture/text.js';
import { EditQueue } from '../lib/kernel/queue.js';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_700_000_000_000 }));
afterEach(() => mock.timers.reset());

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
    const { client, sequence, edits } = message;
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
  const queue = new EditQueue({ client, store, document: () => 'a.ipynb', onTrouble: e => troubles.push(e) });
  return { queue, store, troubles };
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
    mock.timers.tick(2000);
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

  test('a kernel that does not answer: kept after a second, sent again to the next one', async () => {
    const kernel = new Kernel();
    const { queue, store } = setup();
    kernel.silent = true;
    await queue.connect(kernel.send, 0);
    queue.add([edit('one')]);
    assert.equal(store.batches.size, 0);
    mock.timers.tick(1001);
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

  test('one that does not fit while a run has sent later ones is given a new number, and lost never', async () => {
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
    assert.deepEqual(kernel.history.slice(1).sort(), [`c:${long('one ')}three`, `c:${long('one ')}two`]);
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
    mock.timers.tick(5001);
    await settle();
    assert.deepEqual(kernel.history, ['c:one', 'c:two']);
    assert.equal(troubles.at(-1), undefined);
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
        mock.timers.tick(1500);
      } else if (what === 10) {
        queue.disconnect();
      } else {
        await queue.connect(send, kernel.highest.get('me') ?? 0);
      }
    }
    await queue.connect(kernel.send, kernel.highest.get('me') ?? 0);
    await settle();
    queue.flush();
    await settle();
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
