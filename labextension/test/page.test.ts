// src/page and src/cell: what is on the page beside what the history has.
import assert from 'node:assert/strict';
import { test } from '@jest/globals';
import { Signal } from '@lumino/signaling';
import { runsOf } from '../lib/cell/runs.js';
import { showsAll } from '../lib/cell/shows_all.js';
import { hashText } from '../lib/capture/text.js';
import { beforeReload, beyondFile } from '../lib/page/beyond.js';
import { Comparison } from '../lib/page/comparison.js';
import { newerWords } from '../lib/page/newer_words.js';
import { PageHeads } from '../lib/page/page_heads.js';
import { SeenRuns } from '../lib/page/seen_runs.js';
import { CellTree } from '../lib/tree/cell_tree.js';

const trans = {
  __: (text, ...words) => text.replace(/%(\d)/g, (_, n) => String(words[n - 1])),
  _n: (one, many, n) => (n === 1 ? one : many).replace('%1', String(n))
};

const info = (cell, more = {}) => ({
  cell,
  type: 'code',
  head: 3,
  summary: cell,
  versions: 2,
  runs: 0,
  created: 50,
  deleted: 0,
  last_run: 0,
  ...more
});
const head = (cell, more = {}) => ({ cell, head: 3, hash: 7, edited: 200, version: 3, before: 0, run: null, ...more });
const told = newer => newer.map(one => `${one.kind} ${one.cell} v${one.version} @${one.time}`);

test('what the history has beyond the file', () => {
  const here = [
    { id: 'a', hashes: [1] },
    { id: 'b', hashes: [1, 7] },
    { id: 'c', hashes: [1] },
    { id: 'd', hashes: [1] },
    { id: 'new', hashes: [5] }
  ];
  const heads = [head('a'), head('b'), head('c', { edited: 90 }), head('d')];
  const cells = [
    info('a'),
    info('b'),
    info('c'),
    info('d', { deleted: 300 }),
    info('e', { created: 250 }),
    info('f'), // taken out of the file by somebody else
    info('g', { created: 250, deleted: 260 })
  ];
  assert.deepEqual(told(beyondFile(here, heads, cells, 100)), [
    'edited a v3 @200',
    'deleted d v3 @300',
    'added e v3 @250'
  ]);
  assert.deepEqual(beyondFile(here, heads, cells, 1000), []);
});

test('what a page had before its file was read again', () => {
  const heads = [head('a', { before: 9 }), head('b')];
  const cells = [
    info('a'),
    info('b'),
    info('gone', { deleted: 1, head: 5 }),
    info('back'),
    info('first', { versions: 1 })
  ];
  const newer = beforeReload({ come: ['back', 'first'], gone: ['gone', 'unknown'] }, heads, cells, 500);
  assert.deepEqual(told(newer), ['edited a v9 @500', 'added gone v5 @500', 'deleted back v3 @500']);
});

test('how it is said', () => {
  const newer = (...kinds) => kinds.map(kind => ({ kind }));
  const words = (why, ...kinds) => newerWords({ why, newer: newer(...kinds) }, '16:03', trans);
  assert.equal(words('opened', 'edited', 'edited'), '2 cells were edited after the last save, at 16:03.');
  assert.equal(
    words('opened', 'edited', 'added', 'deleted'),
    '1 cell was edited and 1 cell was added and 1 cell was deleted after the last save, at 16:03.'
  );
  assert.equal(words('reloaded', 'edited', 'added'), '2 cells were newer than this file.');
});

test('a run counts as seen when all of it came to this page', () => {
  const seen = new SeenRuns();
  const cell = { outputs: { changed: new Signal({}) } };
  assert.equal(seen.told(cell, 1, 'running'), false, 'another page runs it');
  seen.sent(cell);
  assert.equal(seen.isWaiting(cell), true);
  assert.equal(seen.told(cell, 2, 'running'), true);
  seen.told(cell, 2, 'ok');
  seen.done(cell);
  assert.equal(seen.of(cell), 2);
  cell.outputs.changed.emit(undefined);
  assert.equal(seen.of(cell), undefined, 'somebody changed them');
  assert.equal(seen.hasShown(cell, 2), true);
  seen.sent(cell);
  seen.told(cell, 3, 'running');
  seen.disconnected();
  seen.told(cell, 3, 'ok');
  seen.done(cell);
  assert.equal(seen.of(cell), undefined, 'something may be missing');
});

test('the same cell twice in the queue', () => {
  const seen = new SeenRuns();
  const cell = { outputs: { changed: new Signal({}) } };
  seen.sent(cell);
  seen.sent(cell);
  seen.told(cell, 1, 'running');
  seen.told(cell, 1, 'ok');
  seen.done(cell);
  assert.equal(seen.of(cell), 1);
  seen.told(cell, 2, 'running');
  seen.told(cell, 2, 'error');
  seen.done(cell);
  assert.equal(seen.of(cell), 2);
  assert.equal(seen.isWaiting(cell), false);
});

test('a page that shows what the record has', () => {
  const out = (text, name = 'stdout') => ({ output_type: 'stream', name, text });
  const picture = (data, more = {}) => ({
    output_type: 'display_data',
    data: { 'image/png': data, ...more },
    metadata: {}
  });
  const same = (page, record, leftOut = record.map(() => 0)) => showsAll(page, record, leftOut);
  assert.ok(same([out(['a\n', 'b\n'])], [out('a\nb\n')]));
  assert.ok(!same([out('a\n')], [out('a\nb\n')]), 'the middle of the run');
  assert.ok(same([out('a\n'), out('x', 'stderr'), out('b\n')], [out('x', 'stderr'), out('a\nb\n')]));
  assert.ok(same([out('100 %')], [out('1 %\r100 %')]), 'pages overwrite');
  assert.ok(!same([], [out('1 %\r100 %')]));
  assert.ok(same([picture('abc\n')], [picture('abc')]));
  assert.ok(!same([picture('abc')], [picture('abd')]));
  assert.ok(!same([picture('abc')], [picture('abc'), picture('abc')]));
  assert.ok(same([picture('abcdef', { 'text/plain': 'x' })], [picture('abcdef')]));
  assert.ok(same([out('a'.repeat(20_000))], [out('a'.repeat(17_000) + '[cut]')], [3000]));
  assert.ok(!same([out('b'.repeat(20_000))], [out('a'.repeat(17_000) + '[cut]')], [3000]));
  const error = evalue => ({ output_type: 'error', ename: 'E', evalue, traceback: [] });
  assert.ok(same([error('x')], [error('x')]));
  assert.ok(!same([error('x')], [error('y')]));
});

test('earlier outputs of other texts', () => {
  const run = (number, summary, more = {}) => ({
    run: number,
    status: 'ok',
    outputs: 1,
    mime: ['text/plain'],
    summary,
    ...more
  });
  const version = (number, runs, isHead = false) => ({ version: number, head: isHead, runs });
  const shown = (versions, old) => {
    const found = runsOf(versions, old);
    return found && `${found.index + 1}/${found.runs.length}${found.isCertain ? '' : '?'}`;
  };
  assert.equal(shown([version(1, [run(1, '2')]), version(2, [run(2, '3')], true)]), '2/2', 'edit, run, edit, run');
  assert.equal(shown([version(1, [run(1, '2')]), version(2, [run(2, '2')], true)]), undefined, 'the same output');
  assert.equal(
    shown([version(1, [run(1, '2')]), version(2, [run(2, '3')]), version(3, [], true)]),
    '2/2',
    'not run yet'
  );
  assert.equal(shown([version(1, [run(1, '2')], true), version(2, [run(2, '3')])], 1), '1/2', 'flipped');
  assert.equal(
    shown([version(1, [run(1, '2')]), version(2, [run(2, '3')]), version(3, [], true)], 0),
    '3/2',
    'a text that was never run is back, and shows none'
  );
  assert.equal(shown([version(1, [run(1, '2'), run(2, '2')]), version(2, [run(3, '3')], true)]), '2/2', 'neighbours');
  assert.equal(shown([version(1, [run(1, '2'), run(2, '2')], true), version(2, [run(3, '3')])], 1), '1/3');
  const picture = { mime: ['image/png'] };
  assert.equal(shown([version(1, [run(1, 'png', picture)]), version(2, [run(2, 'png', picture)], true)]), '2/2?');
});

test('the version in the cell is what the page says', async () => {
  const heads = new PageHeads();
  const version = (number, isHead) => ({ version: number, parent: 0, created: 0, runs: [], head: isHead });
  const connection = { request: async () => ({ versions: [version(1, false), version(2, true)], more: false }) };
  const tree = new CellTree('a', connection, async () => 'more', heads);
  await tree.load(10);
  assert.equal(tree.head, 2, 'as long as it does not know');
  heads.set('a', 1);
  tree.headMoved();
  assert.deepEqual([tree.head, tree.versions.map(one => one.head)], [1, [true, false]]);
  heads.set('a', 0); // a text that the history has not
  await tree.load(10);
  assert.deepEqual([tree.head, tree.versions.map(one => one.head)], [0, [false, false]]);
});

/** A page with these texts, saved at 0, and a kernel with these versions of each cell, the last one its head. */
const comparing = (texts, versions) => {
  const context = {
    model: { cells: Object.keys(texts).map(id => ({ id, sharedModel: { getSource: () => texts[id] } })) },
    contentsModel: { last_modified: '1970-01-01T00:00:00Z' }
  };
  const asked = [];
  let isLost = false;
  const headOf = item => {
    const cell = item.cell ?? item;
    const all = versions[cell];
    const version = item.text === undefined ? all?.length : all?.lastIndexOf(item.text) + 1;
    return all ? [head(cell, { head: all.length, hash: hashText(all.at(-1)), version })] : [];
  };
  const connection = {
    request: async (what, { cells } = {}) => {
      asked.push([what, cells?.length]);
      if (isLost) {
        throw new Error('lost');
      }
      const now = cells?.slice(0, 2) ?? []; // the kernel has little time
      return what === 'cells'
        ? { cells: Object.keys(versions).map(cell => info(cell, { head: versions[cell].length })) }
        : { heads: now.flatMap(headOf), later: cells.slice(2) };
    }
  };
  const heads = new PageHeads();
  const comparison = new Comparison(context, connection, heads);
  return { comparison, heads, asked, texts, lose: lost => (isLost = lost) };
};

test('a page that is opened tells its texts from the heads', async () => {
  const page = comparing({ a: '1', b: '2', c: 'x', d: 'new' }, { a: ['1', '1 + 1'], b: ['2'], c: ['3'] });
  page.comparison.opened();
  await page.comparison.open();
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map(cell => page.heads.of(cell)),
    [1, 1, 0, undefined]
  );
  assert.deepEqual(told(page.comparison.beyond.newer), ['edited a v2 @200', 'edited c v1 @200']);
  page.comparison.settle(page.comparison.beyond.newer.slice(0, 1));
  assert.equal(page.comparison.beyond.newer.length, 1);
  page.comparison.settle(page.comparison.beyond.newer);
  assert.equal(page.comparison.beyond, undefined);
});

test('what is typed before the kernel answers hides nothing', async () => {
  const page = comparing({ a: '1' }, { a: ['1', '1 + 1'] });
  page.comparison.opened();
  page.texts.a = '1 2';
  await page.comparison.open();
  assert.deepEqual(told(page.comparison.beyond.newer), ['edited a v2 @200']);
});

test('a question that was lost is asked again, and later ones only renew', async () => {
  const versions = { a: ['1', '1 + 1'] };
  const page = comparing({ a: '1' }, versions);
  page.comparison.opened();
  page.lose(true);
  await page.comparison.open();
  assert.equal(page.comparison.beyond, undefined);
  page.lose(false);
  await page.comparison.open();
  assert.equal(page.comparison.beyond.newer.length, 1);
  page.comparison.settle(page.comparison.beyond.newer);
  versions.a.push('1 + 3');
  page.texts.a = '1 + 3'; // told, and the answer did not come
  await page.comparison.open();
  assert.equal(page.heads.of('a'), 3);
  assert.equal(page.comparison.beyond, undefined);
});
