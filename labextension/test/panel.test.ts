// src/panel: what the panel shows, without the page.
import assert from 'node:assert/strict';
import { test } from '@jest/globals';
import { Signal } from '@lumino/signaling';
import { PageHeads } from '../lib/page/page_heads.js';
import { placeOf, withUntouched } from '../lib/panel/place.js';
import { RefusedError } from '../lib/kernel/connection.js';
import { HistoryContents, pictureOf } from '../lib/panel/contents.js';
import { follow } from '../lib/panel/follow.js';
import { logGroups, logRows } from '../lib/panel/log_rows.js';
import { joinLog } from '../lib/panel/notebook_log.js';
import { foundRows } from '../lib/panel/found_rows.js';
import { localPathOf, searchHistory } from '../lib/panel/search.js';
import { ago, bytesWords, runWords } from '../lib/panel/words.js';
import { CellTree, mergePage } from '../lib/tree/cell_tree.js';
import { CellTrees } from '../lib/tree/cell_trees.js';
import { expandRows, foldTyping, keepRows } from '../lib/tree/fold.js';
import { changeOf } from '../lib/tree/version_changes.js';

const trans = {
  __: (text, ...words) => text.replace(/%(\d)/g, (_, n) => String(words[n - 1])),
  _n: (one, many, n) => (n === 1 ? one : many).replace('%1', String(n))
};
const version = (number, parent = number - 1, more = {}) => ({
  version: number,
  parent,
  created: number * 1_000_000,
  cause: 'typing',
  head: false,
  summary: `s${number}`,
  label: '',
  pinned: false,
  runs: [],
  ...more
});

/** What docs/comm.md says of the kernel's side, for one cell. */
class Kernel {
  count = 0;
  head = 0;
  asked = [];
  cells = [{ cell: 'c', versions: 2, runs: 0 }];

  request = async (what, { before = Infinity, limit = 200, versions = [] } = {}) => {
    this.asked.push(what);
    if (what === 'cells') {
      return { cells: this.cells };
    }
    const one = number => version(number, number - 1, { head: number === this.head });
    if (what === 'tree') {
      const end = Math.min(this.count, before - 1);
      const start = Math.max(0, end - limit);
      return { versions: Array.from({ length: end - start }, (_, i) => one(start + i + 1)), more: start > 0 };
    }
    return { versions: versions.map(one) };
  };
}

const until = async what => {
  for (let i = 0; i < 300 && !what(); i++) {
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  assert.ok(what());
};
const numbers = list => list.map(one => one.version ?? one);

test('times are words', () => {
  const now = 1_700_000_000_000_000;
  const words = seconds => ago(now - seconds * 1_000_000, now, trans);
  assert.deepEqual([-5, 3, 30, 200, 7300, 100_000, 300_000].map(words), [
    'just now',
    'just now',
    '30 s ago',
    '3 min ago',
    '2 h ago',
    'yesterday',
    '3 days ago'
  ]);
});

test('sizes and runs are words', () => {
  assert.deepEqual([0, 999, 1200, 45_000, 1_200_000].map(bytesWords), ['0 B', '999 B', '1.2 kB', '45 kB', '1.2 MB']);
  assert.equal(runWords([], trans), '');
  assert.equal(
    runWords(
      [
        { status: 'error', count: 2 },
        { status: 'ok', count: 3 }
      ],
      trans
    ),
    'ok [3] ×2'
  );
});

test('the first versions are there after one question, the others come', async () => {
  const kernel = new Kernel();
  kernel.count = kernel.head = 5000;
  const tree = new CellTree('c', kernel, async () => 'more');
  const seen = [];
  tree.changed.connect(() => seen.push(tree.versions.length));
  const stop = tree.watch();
  await until(() => tree.isComplete);
  assert.equal(seen[0], 60);
  assert.equal(tree.versions.length, 5000);
  assert.ok(tree.versions.every((one, i) => one.version === i + 1));
  assert.equal(tree.head, 5000);
  kernel.count = 5001;
  kernel.head = 40; // an old version was restored
  tree.invalidate({ newest: true, head: 40 });
  await until(() => tree.head === 40);
  assert.deepEqual(numbers(tree.versions.filter(one => one.head)), [40]);
  stop();
  const asked = kernel.asked.length;
  tree.invalidate({ newest: true });
  await new Promise(resolve => setTimeout(resolve, 150));
  assert.equal(kernel.asked.length, asked); // nobody looks
  tree.dispose();
});

test('more new versions than a page has leave no hole', async () => {
  const kernel = new Kernel();
  kernel.count = kernel.head = 10;
  const tree = new CellTree('c', kernel, async () => 'more');
  tree.watch();
  await until(() => tree.isComplete);
  kernel.count = kernel.head = 1000;
  tree.invalidate({ newest: true });
  await until(() => tree.isComplete && tree.versions.length === 1000);
  assert.ok(tree.versions.every((one, i) => one.version === i + 1));
  tree.dispose();
});

/** The trees of a notebook whose history has met one cell. */
const treesOf = kernel => {
  const told = new Signal({});
  const stateChanged = new Signal({});
  const connection = { ...kernel, state: 'open', told, stateChanged };
  return { told, stateChanged, connection, trees: new CellTrees(connection, new Signal({}), new PageHeads()) };
};
const settled = () => new Promise(resolve => setTimeout(resolve, 300));

test('what the kernel tells reaches the tree that it is about', async () => {
  const kernel = new Kernel();
  kernel.count = kernel.head = 3;
  const { told, trees } = treesOf(kernel);
  const tree = trees.of('c');
  tree.watch();
  await until(() => tree.isComplete);
  kernel.asked.length = 0;
  told.emit({ type: 'changed', heads: { other: 7 } });
  told.emit({ type: 'changed', heads: { c: 3 } });
  told.emit({ type: 'changed', run: 1, cell: 'c', version: 3, status: 'ok' });
  await until(() => kernel.asked.length > 0);
  assert.deepEqual(kernel.asked, ['tree']); // several changes are one question
  trees.dispose();
});

test('of a cell that the history has not met nothing is asked, until it has', async () => {
  const kernel = new Kernel();
  kernel.cells = [];
  const { told, trees } = treesOf(kernel);
  const tree = trees.of('c');
  tree.watch();
  trees.of('d').watch(500);
  await until(() => tree.isLoaded);
  assert.deepEqual([tree.versions.length, tree.error], [0, undefined]);
  await settled();
  assert.deepEqual(kernel.asked, ['cells']);
  kernel.count = kernel.head = 1;
  told.emit({ type: 'changed', heads: { c: 1 } });
  await until(() => tree.versions.length === 1);
  trees.dispose();
});

test('a refused question is not asked again before something happens', async () => {
  const kernel = new Kernel();
  const ask = kernel.request;
  kernel.request = async (what, members) => {
    const answer = await ask(what, members);
    return what === 'tree' ? Promise.reject(new RefusedError('no')) : answer;
  };
  const { told, trees } = treesOf(kernel);
  const tree = trees.of('c');
  tree.watch(500);
  await until(() => tree.error === 'no');
  assert.deepEqual(await tree.load(500), []);
  await settled();
  assert.deepEqual(kernel.asked, ['cells', 'tree', 'tree']);
  told.emit({ type: 'changed', heads: { c: 1 } });
  await settled();
  assert.equal(kernel.asked.length, 4);
  trees.dispose();
});

test('who looks less deep reads less', async () => {
  const kernel = new Kernel();
  kernel.count = 5000;
  kernel.head = 4999;
  const { trees } = treesOf(kernel);
  const tree = trees.of('c');
  tree.watch(500);
  await until(() => tree.versions.length > 500);
  await settled();
  assert.ok(tree.versions.length < 2000 && !tree.isComplete);
  const stop = tree.watch();
  await until(() => tree.isComplete);
  stop();
  kernel.cells = [{ cell: 'one', versions: 1, runs: 1 }];
  const other = treesOf(kernel).trees;
  kernel.asked.length = 0;
  other.of('one').watch(500);
  await settled();
  assert.deepEqual(kernel.asked, ['cells'], 'one version that ran once is all on the page');
  trees.dispose();
  other.dispose();
});

test('pages are merged by number, the newer one wins', () => {
  const merged = mergePage(
    [version(1), version(3), version(5)],
    [version(2), version(3, 2, { label: 'new' }), version(9)]
  );
  assert.deepEqual(numbers(merged), [1, 2, 3, 5, 9]);
  assert.equal(merged[2].label, 'new');
});

test('folded typing is shown step by step where it is wanted', () => {
  const rows = foldTyping([1, 2, 3, 4].map(number => version(number, number - 1, { head: number === 4 })));
  const short = list => list.map(row => `${row.version.version}<${row.parent}+${row.folded.length}`).join(' ');
  assert.equal(short(rows), '1<0+0 4<1+2');
  assert.equal(short(expandRows(rows, new Set([4]))), '1<0+0 2<1+0 3<2+0 4<3+0');
});

test('filtered versions hang on the nearest one that is left', () => {
  const rows = keepRows(
    [1, 2, 3, 4].map(number => version(number)),
    one => one.version % 2 === 0
  );
  assert.deepEqual(
    rows.map(row => [row.version.version, row.parent]),
    [
      [2, 0],
      [4, 2]
    ]
  );
});

test('searching asks on while there is more, also after an empty page', async () => {
  const pages = [
    { found: [], next: 'x' },
    { found: [{ version: 3 }], next: null }
  ];
  const froms = [];
  const request = async (_, { from }) => (froms.push(from), pages.shift());
  const found = [];
  for await (const page of searchHistory({ request }, 'text')) {
    found.push(...numbers(page.found));
  }
  assert.deepEqual([found, froms], [[3], [undefined, 'x']]);
});

test('what was found is grouped by notebook and cell, and equal lines are one row', () => {
  const one = (cell, version, excerpt, more = {}) => ({
    where: 'text',
    cell,
    version,
    excerpt,
    summary: `s${version}`,
    ...more
  });
  const found = [
    one('a', 9, 'int x;'),
    one('b', 8, 'x + 1'),
    one('a', 7, 'int x;'),
    one('a', 7, 'int x;', { where: 'output', run: 3 }),
    one('a', 5, 'x = 2'),
    one('a', 4, 'x', { document: '/home/me/old.ipynb' })
  ];
  const short = row =>
    row.kind === 'line'
      ? `${row.found.version} ${row.found.where} ×${row.versions}`
      : row.kind === 'cell'
        ? row.name
        : row.document;
  const names = new Map([['a', 'Growth']]);
  assert.deepEqual(foundRows(found.slice(0, 5), undefined, names).map(short), [
    'Growth',
    '9 text ×2',
    '7 output ×1',
    '5 text ×1',
    's8',
    '8 text ×1'
  ]);
  assert.deepEqual(foundRows(found.slice(4), 'here.ipynb', names).map(short), [
    'here.ipynb',
    'Growth',
    '5 text ×1',
    '/home/me/old.ipynb',
    's4',
    '4 text ×1'
  ]);
});

test('other notebooks are found from where this one is', () => {
  assert.equal(localPathOf('/home/me/b/old.ipynb', '/home/me/a/here.ipynb', 'a/here.ipynb'), 'b/old.ipynb');
  assert.equal(localPathOf('/elsewhere/old.ipynb', '/home/me/here.ipynb', 'here.ipynb'), undefined);
  assert.equal(localPathOf('/home/me/old.ipynb', '/home/me/linked.ipynb', 'here.ipynb'), undefined);
});

test('thumbnails are asked for once, the last picture of a run', async () => {
  const run = (number, mime) => ({ run: number, status: 'ok', mime });
  const asked = [];
  const request = async (_, { runs }) => {
    asked.push(runs);
    return {
      runs: runs.map(one => ({ run: { run: one }, outputs: [{ data: { 'image/png': 'AA\n==' } }], left_out: [] })),
      later: []
    };
  };
  const contents = new HistoryContents({ request });
  const runs = [run(1, ['text/plain']), run(2, ['image/png'])];
  await contents.needThumbnails(runs);
  await contents.needThumbnails(runs);
  assert.deepEqual(asked, [[2]]);
  assert.equal(contents.thumbnail(runs[1]), 'data:image/png;base64,AA==');
  assert.equal(pictureOf([{ data: { 'text/plain': 'x' } }]), null);
  assert.match(pictureOf([{ data: { 'image/svg+xml': ['<svg>', '</svg>'] } }]), /^data:image\/svg\+xml.*%3Csvg%3E/);
});

const event = (time, more = {}) => ({
  event: 'version',
  time: time * 1_000_000,
  cell: 'c',
  from: time - 1,
  to: time,
  cause: 'typing',
  summary: '',
  ...more
});

const rowsOf = group => group.rows.map(row => `${row.event.event} ${row.oldest.from}-${row.event.to} ×${row.steps}`);
const run = (time, number, more = {}) => event(time, { event: 'run', from: number, to: number, cause: 'run', ...more });

test('the time line is in groups by day, kernel and break', () => {
  const day = 100_000;
  const events = [
    event(2 * day + 9000),
    event(2 * day + 20),
    event(2 * day + 10, { cause: 'paste' }),
    event(day),
    event(3)
  ];
  const groups = logGroups(events, []);
  assert.deepEqual(
    groups.map(group => [group.to / 1e6, group.from / 1e6]),
    [
      [2 * day + 9000, 2 * day + 9000],
      [2 * day + 20, 2 * day + 10],
      [day, day],
      [3, 3]
    ]
  );
  const session = { session: 2, started: (2 * day + 15) * 1e6, ended: 0 };
  const parted = logGroups(events, [session]);
  assert.deepEqual(
    parted.map(group => group.begins),
    [false, true, false, false, false]
  );
  const read = logGroups([event(20), event(12, { cause: 'file' })], [{ session: 1, started: 15e6, ended: 0 }]);
  assert.deepEqual([read.length, read[0].begins], [1, true], 'a kernel begins by reading the file');
  assert.equal(logGroups([], []).length, 0);
});

test('what was typed for a run is in the row of the run', () => {
  const [group] = logGroups([run(10, 9), event(9), event(8), run(7, 7), event(6, { to: 5 })], []);
  assert.deepEqual(rowsOf(group), ['run 7-9 ×3', 'run 7-7 ×1', 'version 5-5 ×1']);
  assert.equal(group.rows[0].made.to, 9);
  assert.deepEqual([group.runs, group.edits], [2, 3]);
});

test('typing in one go, steps of undo, and what a file brought are one row each', () => {
  const move = (time, from, to) => event(time, { event: 'move', from, to, cause: 'undo' });
  const file = (time, cell) => event(time, { cause: 'file', cell, from: 0 });
  const [group] = logGroups(
    [move(30, 7, 6), move(29, 8, 7), event(28), event(27), event(26, { cell: 'd' }), file(3, 'a'), file(2, 'b')],
    []
  );
  assert.deepEqual(rowsOf(group), ['move 8-6 ×2', 'version 26-28 ×2', 'version 25-26 ×1', 'version 0-3 ×2']);
});

test('a closed group is its heading', () => {
  const groups = logGroups([event(90_003), event(3)], []);
  const kinds = isOpen => logRows(groups, isOpen).map(row => row.kind);
  assert.deepEqual(
    kinds(group => group.to > 90_000e6),
    ['group', 'event', 'group']
  );
  assert.deepEqual(
    kinds(() => false),
    ['group', 'group']
  );
});

test('a new page goes on where the time line is known', () => {
  const known = [event(3), event(2), event(1)];
  assert.deepEqual(
    joinLog([event(5), event(4), event(3)], known).map(one => one.to),
    [5, 4, 3, 2, 1]
  );
  assert.equal(joinLog([event(9), event(8)], known), undefined);
});

test('a cell comes back behind the cell that it was behind', () => {
  assert.equal(placeOf({ after: 'b', index: 9 }, ['a', 'b', 'c']), 2);
  assert.equal(placeOf({ after: '', index: 0 }, ['a']), 0);
  assert.equal(placeOf({ after: 'gone', index: 1 }, ['a', 'b']), 1);
  assert.equal(placeOf({ after: null, index: null }, ['a', 'b']), 2);
});

test('what several steps of typing changed together', () => {
  const changed = (removed, added) => ({ kind: 'changed', left: 1, right: 1, removed, added });
  assert.deepEqual(changeOf([{ kind: 'equal', left: 1, right: 1, lines: ['x'] }, changed(['a'], ['', '  b'])]), {
    added: 2,
    removed: 1,
    summary: '+ b',
    before: 'a',
    after: '  b'
  });
  assert.equal(changeOf([changed([], ['#include <a.h>', '// so', 'f();'])]).after, 'f();');
  assert.equal(changeOf([changed([], ['', '#include <a.h>'])]).after, '#include <a.h>');
  assert.deepEqual(changeOf([changed(['a'], [])]), { added: 0, removed: 1, summary: '- a', before: 'a', after: '' });
});

test('cells that were never touched are in the notebook as it was', () => {
  const cells = ids => [...ids].map(id => ({ id }));
  const ids = list => list.map(one => one.id).join('');
  assert.equal(ids(withUntouched(cells('bd'), cells('abcdef'), new Set('bd'))), 'abcdef');
  assert.equal(ids(withUntouched(cells('xb'), cells('abc'), new Set('xbc'))), 'axb'); // c came later, x went
  assert.equal(ids(withUntouched([], cells('ab'), new Set())), 'ab');
});

test('a cell that is closed is not read any more', async () => {
  const cell = { isDisposed: false, outputs: ['a'] };
  const changed = new Signal(cell);
  const read = [];
  const stop = follow(cell, changed, () => read.push(cell.outputs.at(-1)));
  assert.deepEqual(read, ['a']);
  cell.outputs.push('b');
  changed.emit();
  changed.emit(); // at once with the one before
  await until(() => read.length > 1);
  assert.deepEqual(read, ['a', 'b']);
  changed.emit(); // its outputs go, and then the cell
  Object.assign(cell, { isDisposed: true, outputs: null });
  await new Promise(resolve => setTimeout(resolve, 300));
  assert.deepEqual(read, ['a', 'b']);
  stop();
  follow(cell, changed, () => assert.fail('there is nothing to read'))();
});
